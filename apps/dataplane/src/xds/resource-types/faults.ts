// Faults of the dialect `malha` -> rules of the engine.
import type { FaultRule, FaultStopRule } from '@malha/traffic';
import type {
  Fault_Bandwidth as WireBandwidth,
  Fault as WireFault,
  Fault_Stop as WireStop,
} from '@malha/xds/generated/malha/extensions/v1/extensions_pb';
import { requestCondition } from './rate-limits.ts';
import { ResourceError, required } from './strict.ts';

export function fault(from: WireFault, path: string): FaultRule {
  const { id, delay, abort, reset, bandwidth, stop, lastsMs, startedAtMs } = from;
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
    ...(bandwidth !== undefined && { bandwidth: bandwidthOf(bandwidth, `${path}.bandwidth`) }),
    ...(stop !== undefined && { stop: stopOf(stop, `${path}.stop`) }),
    lastsMs,
    ...(startedAtMs !== undefined && { startedAtMs: Number(startedAtMs) }),
  };
}

/** At a rate of 0 nothing would ever arrive. */
function bandwidthOf(from: WireBandwidth, path: string): NonNullable<FaultRule['bandwidth']> {
  const { perMillion, responseBytesPerSecond, requestBytesPerSecond } = from;
  for (const [name, rate] of [
    ['response_bytes_per_second', responseBytesPerSecond],
    ['request_bytes_per_second', requestBytesPerSecond],
  ] as const)
    if (rate === 0) throw new ResourceError(`${path}.${name}`, 'must be greater than 0');
  return {
    perMillion,
    ...(responseBytesPerSecond !== undefined && { responseBytesPerSecond }),
    ...(requestBytesPerSecond !== undefined && { requestBytesPerSecond }),
  };
}

function stopOf(
  { errorPerMillion, windowMs, minRequests, ofService, ofCallers }: WireStop,
  path: string,
): FaultStopRule {
  if (windowMs === 0) throw new ResourceError(`${path}.window_ms`, 'must be greater than 0');
  return { errorPerMillion, windowMs, minRequests, ofService, ofCallers };
}
