// Faults in the dialect `malha`.
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { FaultRule } from '@malha/traffic';
import type { FaultSchema } from '@malha/xds/generated/malha/extensions/v1/extensions_pb';
import { requestCondition } from './rate-limits.ts';

export function fault(rule: FaultRule): MessageInitShape<typeof FaultSchema> {
  const { id, condition, delay, abort, reset, bandwidth, stop, lastsMs, startedAtMs } = rule;
  return {
    id,
    condition: requestCondition(condition),
    ...(delay !== undefined && { delay }),
    ...(abort !== undefined && { abort }),
    ...(reset !== undefined && { reset }),
    ...(bandwidth !== undefined && { bandwidth }),
    ...(stop !== undefined && { stop }),
    lastsMs,
    ...(startedAtMs !== undefined && { startedAtMs: BigInt(startedAtMs) }),
  };
}
