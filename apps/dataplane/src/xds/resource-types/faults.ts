// Faults of the dialect `malha` -> rules of the engine.
import type { FaultRule } from '@malha/traffic';
import type { Fault as WireFault } from '@malha/xds/generated/malha/extensions/v1/extensions_pb';
import { requestCondition } from './rate-limits.ts';
import { ResourceError, required } from './strict.ts';

export function fault(from: WireFault, path: string): FaultRule {
  const { id, delay, abort, reset, lastsMs, startedAtMs } = from;
  // A fault that never ends is nobody's wish.
  if (lastsMs === 0) throw new ResourceError(`${path}.lasts_ms`, 'must be greater than 0');
  return {
    id,
    condition: requestCondition(required(from.condition, `${path}.condition`)),
    ...(delay !== undefined && { delay: { perMillion: delay.perMillion, durationMs: delay.durationMs } }),
    ...(abort !== undefined && {
      abort: {
        perMillion: abort.perMillion,
        ...(abort.status !== undefined && { status: abort.status }),
        ...(abort.grpcStatus !== undefined && { grpcStatus: abort.grpcStatus }),
      },
    }),
    ...(reset !== undefined && { reset: { perMillion: reset.perMillion } }),
    lastsMs,
    ...(startedAtMs !== undefined && { startedAtMs: Number(startedAtMs) }),
  };
}
