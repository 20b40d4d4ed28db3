// Cross-object findings of a state, and which of them refuse a change.
import type { Finding, Resource, ResourceKey } from '@malha/model';
import type { PlannedObject } from './plan.ts';
import type { ResourceState } from './types.ts';

/** packages/policies over resources and the workloads that are registered now. */
export type Analyze = (resources: readonly Resource[]) => readonly Finding[];

export function resourcesOf(state: ResourceState): Resource[] {
  return [...state.byKey.values()].map(({ resource }) => resource);
}

/**
 * Errors that refuse: all of the touched objects, and those of others that the change brings about. An object that was
 * broken before does not block changes elsewhere.
 */
export function refusingErrors(
  analyze: Analyze,
  before: ResourceState,
  plan: readonly PlannedObject[],
  findingsAfter: readonly Finding[],
): Finding[] {
  const errors = findingsAfter.filter(({ severity }) => severity === 'error');
  if (errors.length === 0) return [];
  const touched = touchedKeys(plan);
  const known = new Set(analyze(resourcesOf(before)).map(identityOf));
  return errors.filter((error) => (error.object && touched.has(error.object)) || !known.has(identityOf(error)));
}

/** Findings about the objects of the plan. */
export function findingsOf(plan: readonly PlannedObject[], findings: readonly Finding[]): Finding[] {
  const touched = touchedKeys(plan);
  return findings.filter(({ object }) => object !== undefined && touched.has(object));
}

function touchedKeys(plan: readonly PlannedObject[]): Set<ResourceKey> {
  return new Set(plan.filter(({ after }) => after !== undefined).map(({ key }) => key));
}

function identityOf({ code, object, path }: Finding): string {
  return `${code} ${object} ${path}`;
}
