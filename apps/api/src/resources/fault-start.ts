// When faults begin: the control plane writes it once, so that every proxy, also one that starts later, ends them together.
import { isDeepStrictEqual } from 'node:util';
import { type FaultInjectionResource, keyOf, timestampMs } from '@malha/model';
import type { Change, ResourceState } from './types.ts';

/** A fault that is applied again as it is goes on; one that says no beginning, or one in the future, begins now. */
export function withFaultStarts(changes: readonly Change[], state: ResourceState, nowMs: number): readonly Change[] {
  if (!changes.some((change) => change.op === 'put' && change.resource.kind === 'FaultInjection')) return changes;
  return changes.map((change) => {
    if (change.op === 'delete' || change.resource.kind !== 'FaultInjection') return change;
    const stored = state.byKey.get(keyOf(change.resource))?.resource;
    const startedAt = startOf(change.resource, stored?.kind === 'FaultInjection' ? stored : undefined, nowMs);
    return { op: 'put', resource: withStart(change.resource, startedAt) };
  });
}

function startOf(fault: FaultInjectionResource, stored: FaultInjectionResource | undefined, nowMs: number): string {
  const now = new Date(nowMs).toISOString();
  const { startedAt } = fault.spec;
  if (startedAt !== undefined) return timestampMs(startedAt) > nowMs ? now : startedAt;
  const former = stored?.spec.startedAt;
  return former !== undefined && isDeepStrictEqual(withStart(fault, former), stored) ? former : now;
}

function withStart(fault: FaultInjectionResource, startedAt: string): FaultInjectionResource {
  return { ...fault, spec: { ...fault.spec, startedAt } };
}
