// Experiments as operators see them: what was tried on whom, how far it is, what came of it.
import { durationMs, type FaultStatement, namespaceOf, toYaml } from '@malha/model';
import { effectsOf } from '../faults/faults.ts';
import { beforeRange, dueAt, rangeOf, settledAt } from './phases.ts';
import type { ExperimentReport } from './report.ts';
import type { ExperimentRecord } from './repository.ts';

export type ExperimentStanding = 'running' | 'measuring' | 'finished';

export interface ExperimentView {
  readonly id: string;
  readonly fault: string;
  readonly namespace: string;
  readonly name: string;
  readonly target: { readonly kind: string; readonly name: string; readonly rule: string | null };
  readonly effects: readonly string[];
  readonly hypothesis: readonly string[];
  /** `measuring`: the fault has ended, what comes after it is still measured. */
  readonly standing: ExperimentStanding;
  readonly startedAtMs: number;
  readonly startedBy: string;
  readonly dueAtMs: number;
  readonly end: { readonly atMs: number; readonly by: string; readonly reason: string } | null;
  /** When a verdict can be given at the earliest; null: there is one. */
  readonly verdictAtMs: number | null;
  readonly verdict: 'held' | 'violated' | 'inconclusive' | null;
  readonly reason: string;
}

export interface ExperimentDetail extends ExperimentView {
  readonly report: ExperimentReport;
  /** From the beginning of what was measured before to the end of what is measured after. */
  readonly range: { readonly fromMs: number; readonly toMs: number };
  readonly yaml: string;
}

export function viewOf(record: ExperimentRecord): ExperimentView {
  const { id, fault, startedAtMs, startedBy, resource, end, judged, report } = record;
  const { targetRef, experiment } = resource.spec;
  const dueAtMs = dueAt(resource);
  return {
    ...{ id, fault, namespace: namespaceOf(resource), name: resource.metadata.name },
    target: { kind: targetRef.kind, name: targetRef.name ?? '', rule: targetRef.sectionName ?? null },
    effects: effectsOf(resource),
    hypothesis: (experiment?.hypothesis ?? []).map(statementWords),
    standing: judged !== undefined ? 'finished' : end === undefined ? 'running' : 'measuring',
    ...{ startedAtMs, startedBy, dueAtMs },
    end: end ?? null,
    verdictAtMs:
      judged === undefined ? settledAt(rangeOf('after', resource, end?.atMs ?? dueAtMs).toMs, report.unseen) : null,
    verdict: judged?.verdict ?? null,
    reason: judged?.reason ?? '',
  };
}

export function detailOf(record: ExperimentRecord, nowMs: number): ExperimentDetail {
  const { resource, report, end } = record;
  const { toMs } = rangeOf('after', resource, end?.atMs ?? dueAt(resource));
  return {
    ...viewOf(record),
    report,
    range: { fromMs: beforeRange(resource).fromMs, toMs: Math.min(toMs, nowMs) },
    yaml: toYaml(resource),
  };
}

/** `Callers: at least 99 % succeed, p99 at most 300 ms` */
function statementWords({ of, minSuccessPercent, maxP99 }: FaultStatement): string {
  const bounds = [
    ...(minSuccessPercent === undefined ? [] : [`at least ${minSuccessPercent} % succeed`]),
    ...(maxP99 === undefined ? [] : [`p99 at most ${durationMs(maxP99)} ms`]),
  ];
  return `${of === 'Service' ? 'Service' : 'Each caller'}: ${bounds.join(', ')}`;
}
