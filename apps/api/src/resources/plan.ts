// What a change set would do to a state: pure, so that preview and apply cannot differ.
import { isDeepStrictEqual } from 'node:util';
import { keyOf, type Resource, type ResourceKey } from '@malha/model';
import { ChangeSetInvalid, ResourceNotFound } from './errors.ts';
import type { Change, ChangeOp, ChangeSet, ResourceState, StoredResource } from './types.ts';

/** One transaction stays short, and its diff readable. */
const CHANGES_MAX = 5_000;

export interface PlannedObject {
  readonly key: ResourceKey;
  readonly op: ChangeOp | 'same';
  readonly before: StoredResource | undefined;
  readonly after: Resource | undefined;
}

export type Bases = Pick<ChangeSet, 'baseRevision' | 'baseRevisions'>;

/** Deleting what is gone already is an error here; with a base revision it is a conflict, found before. */
export function planChanges(state: ResourceState, changes: readonly Change[]): PlannedObject[] {
  if (changes.length === 0) throw new ChangeSetInvalid('The change set is empty.');
  if (changes.length > CHANGES_MAX) throw new ChangeSetInvalid(`A change set has at most ${CHANGES_MAX} changes.`);
  const seen = new Set<ResourceKey>();
  const plan = changes.map((change) => {
    const key = keyOfChange(change);
    if (seen.has(key)) throw new ChangeSetInvalid(`${key} is in the change set twice.`);
    seen.add(key);
    return planOne(key, state.byKey.get(key), change);
  });
  // The order of creation decides between routes, so every replica must come to the same one.
  return plan.sort((a, b) => compareKeys(a.key, b.key));
}

export function compareKeys(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

export function keyOfChange(change: Change): ResourceKey {
  return change.op === 'put' ? keyOf(change.resource) : change.key;
}

function planOne(key: ResourceKey, before: StoredResource | undefined, change: Change): PlannedObject {
  if (change.op === 'delete') {
    if (!before) throw new ResourceNotFound(key);
    return { key, op: 'delete', before, after: undefined };
  }
  const after = change.resource;
  if (!before) return { key, op: 'create', before, after };
  return { key, op: isDeepStrictEqual(before.resource, after) ? 'same' : 'update', before, after };
}

/** Keys whose current revision is not the one that the author saw. Without bases nothing is checked. */
export function findStaleKeys(state: ResourceState, changes: readonly Change[], bases: Bases): ResourceKey[] {
  return changes
    .filter((change) => {
      const key = keyOfChange(change);
      const current = state.byKey.get(key);
      // Both wrote the same: nothing is lost.
      if (current && change.op === 'put' && isDeepStrictEqual(current.resource, change.resource)) return false;
      return isStale(current?.revision ?? 0, baseOf(key, bases), bases.baseRevisions !== undefined);
    })
    .map(keyOfChange);
}

export function baseOf(key: ResourceKey, bases: Bases): number | undefined {
  if (bases.baseRevisions) return Object.hasOwn(bases.baseRevisions, key) ? bases.baseRevisions[key] : 0;
  return bases.baseRevision;
}

function isStale(current: number, base: number | undefined, isPerObject: boolean): boolean {
  if (base === undefined) return false;
  return isPerObject ? current !== base : current > base;
}

/** The state after the plan, as if it were revision `revision`; also used to analyse before anything is stored. */
export function applyPlan(
  state: ResourceState,
  plan: readonly PlannedObject[],
  stamp: { readonly revision: number; readonly updatedAtMs: number; readonly updatedBy: string },
): ResourceState {
  const byKey = new Map(state.byKey);
  for (const { key, op, after } of plan) {
    if (op === 'same') continue;
    // A key that is set again keeps its place in the Map, as it keeps its age.
    const createdRevision = byKey.get(key)?.createdRevision ?? stamp.revision;
    if (after) byKey.set(key, { key, resource: after, createdRevision, ...stamp });
    else byKey.delete(key);
  }
  return { revision: stamp.revision, byKey };
}
