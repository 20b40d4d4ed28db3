// What a draft would do, before anything is stored: findings as one types, and the diff of every object.
import { type Finding, parseResources, type ResourceKey, toYaml } from '@malha/model';
import { type Analyze, findingsOf, refusingErrors, resourcesOf } from './analysis.ts';
import { ResourcesInvalid } from './errors.ts';
import { withFaultStarts } from './fault-start.ts';
import { applyPlan, type PlannedObject, planChanges } from './plan.ts';
import type { Change, ResourceState } from './types.ts';

export interface DiffEntry {
  readonly key: ResourceKey;
  readonly op: PlannedObject['op'];
  readonly before: string | null;
  readonly after: string | null;
}

export interface Preview {
  readonly diff: readonly DiffEntry[];
  readonly findings: readonly Finding[];
}

/** YAML (every document a `put`), or changes, or both. */
export interface Draft {
  readonly yaml?: string | undefined;
  readonly changes?: readonly Change[] | undefined;
}

/** Throws ResourcesInvalid when the text cannot be read. */
export function changesOf(draft: Draft): Change[] {
  const parsed = draft.yaml === undefined ? undefined : parseResources(draft.yaml);
  if (parsed && parsed.errors.length > 0) throw new ResourcesInvalid(parsed.errors);
  const puts = parsed?.resources.map((resource): Change => ({ op: 'put', resource })) ?? [];
  return [...puts, ...(draft.changes ?? [])];
}

/** What an apply at `nowMs` would do. */
export function previewDraft(
  draft: Draft,
  { state, analyze, nowMs }: { readonly state: ResourceState; readonly analyze: Analyze; readonly nowMs: number },
): Preview {
  const plan = planChanges(state, withFaultStarts(changesOf(draft), state, nowMs));
  const after = applyPlan(state, plan, DRAFT_STAMP);
  const all = analyze(resourcesOf(after));
  const errors = refusingErrors(analyze, state, plan, all);
  const notes = findingsOf(plan, all).filter(({ severity }) => severity !== 'error');
  return { diff: plan.map(diffOf), findings: [...errors, ...notes] };
}

/** Never throws for what is wrong with the text: it is being typed. Findings have the line of their object. */
export function validateYaml(yaml: string, state: ResourceState, analyze: Analyze) {
  const { documents, errors } = parseResources(yaml);
  const resources = documents.map(({ resource }) => resource);
  const keys = planChangesSafely(state, resources);
  const findings = keys.length === 0 ? [] : analyze(resourcesOf(applyPlan(state, keys, DRAFT_STAMP)));
  const lines = new Map(keys.map(({ key }, index) => [key, documents[index]?.line]));
  const located = findings.flatMap((finding) => {
    if (finding.object === undefined || !lines.has(finding.object)) return [];
    const line = finding.line ?? lines.get(finding.object);
    return line === undefined ? [finding] : [{ ...finding, line }];
  });
  return {
    findings: [...errors, ...located],
    resources: keys.map(({ key, after }) => ({ key, kind: after?.kind ?? '' })),
  };
}

export function diffOf({ key, op, before, after }: PlannedObject): DiffEntry {
  return { key, op, before: before ? toYaml(before.resource) : null, after: after ? toYaml(after) : null };
}

const DRAFT_STAMP = { revision: Number.MAX_SAFE_INTEGER, updatedAtMs: 0, updatedBy: '' };

/** In the order of the documents. */
function planChangesSafely(state: ResourceState, resources: ReturnType<typeof parseResources>['resources']) {
  return resources.flatMap((resource) => planChanges(state, [{ op: 'put', resource }]));
}
