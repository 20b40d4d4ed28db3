// When faults begin and end: the control plane writes it once, so that every proxy, also one that starts later, ends them
// together, and so that a fault that is over is not begun by applying the same file again.
import { isDeepStrictEqual } from 'node:util';
import { type FaultInjectionResource, keyOf, timestampMs } from '@malha/model';
import type { Change, ResourceState } from './types.ts';

/** A fault that is applied again as it is goes on; one that says no beginning, or one in the future, begins now. */
export function withFaultStarts(changes: readonly Change[], state: ResourceState, nowMs: number): readonly Change[] {
  if (!changes.some((change) => change.op === 'put' && change.resource.kind === 'FaultInjection')) return changes;
  return changes.map((change) => {
    if (change.op === 'delete' || change.resource.kind !== 'FaultInjection') return change;
    const stored = state.byKey.get(keyOf(change.resource))?.resource;
    const fault = asStored(change.resource, stored?.kind === 'FaultInjection' ? stored : undefined, nowMs);
    return { op: 'put', resource: fault };
  });
}

/** Faults among the changes that begin with them. */
export function faultsThatBegin(
  changes: readonly Change[],
  state: ResourceState,
  nowMs: number,
): readonly FaultInjectionResource[] {
  return withFaultStarts(changes, state, nowMs).flatMap((change) => {
    if (change.op === 'delete' || change.resource.kind !== 'FaultInjection') return [];
    const { spec } = change.resource;
    const stored = state.byKey.get(keyOf(change.resource))?.resource;
    const before = stored?.kind === 'FaultInjection' ? stored.spec : undefined;
    const isOn = before !== undefined && before.ended === undefined && before.startedAt === spec.startedAt;
    return spec.ended !== undefined || isOn ? [] : [change.resource];
  });
}

function asStored(
  fault: FaultInjectionResource,
  stored: FaultInjectionResource | undefined,
  nowMs: number,
): FaultInjectionResource {
  const now = new Date(nowMs).toISOString();
  const { startedAt, ended, ...rest } = fault.spec;
  if (startedAt !== undefined) {
    if (timestampMs(startedAt) <= nowMs) return fault;
    return { ...fault, spec: { ...rest, startedAt: now } };
  }
  if (stored !== undefined) {
    const { startedAt: former, ended: formerEnd } = stored.spec;
    const same = {
      ...fault,
      spec: { ...rest, startedAt: former, ...(formerEnd !== undefined && { ended: formerEnd }) },
    };
    if (former !== undefined && isDeepStrictEqual(same, stored)) return stored;
  }
  return { ...fault, spec: { ...rest, startedAt: now } };
}
