// Rate limits of the dialect `malha` -> rules of the engine.
import type {
  BucketShape,
  ClusterName,
  ConnectionLimitRule,
  LimitKey,
  RateLimitRule,
  RequestCondition,
} from '@malha/traffic';
import {
  LimitKey_Type,
  type BucketShape as WireBucket,
  type RequestCondition as WireCondition,
  type ConnectionLimit as WireConnectionLimit,
  type LimitKey as WireKey,
  type RateLimit as WireLimit,
} from '@malha/xds/generated/malha/extensions/v1/extensions_pb';
import { ResourceError, required } from './strict.ts';

export function rateLimit(from: WireLimit, path: string): RateLimitRule {
  const { global } = from;
  return {
    id: from.id,
    condition: requestCondition(required(from.condition, `${path}.condition`)),
    keys: from.keys.map((key, index) => limitKey(key, `${path}.keys[${index}]`)),
    announces: from.announces,
    ...bucketShape(from.bucket, `${path}.bucket`),
    ...(global !== undefined && {
      global: { cluster: global.cluster as ClusterName, timeoutMs: global.timeoutMs, failsOpen: global.failsOpen },
    }),
  };
}

export function connectionLimit(from: WireConnectionLimit, path: string): ConnectionLimitRule {
  return { id: from.id, ...bucketShape(from.bucket, `${path}.bucket`) };
}

export function requestCondition({ principals, methods, paths, headers }: WireCondition): RequestCondition {
  return { principals, methods, paths, headers: headers.map(({ name, values }) => ({ name, values })) };
}

/** A bucket without tokens, or whose tokens never come, would let nothing through, ever. */
function bucketShape(from: WireBucket | undefined, path: string): BucketShape {
  const { requests, intervalMs, burst } = required(from, path);
  for (const [name, value] of Object.entries({ requests, interval_ms: intervalMs, burst }))
    if (value === 0) throw new ResourceError(`${path}.${name}`, 'must be greater than 0');
  return { requests, intervalMs, burst };
}

function limitKey({ type, header }: WireKey, path: string): LimitKey {
  switch (type) {
    case LimitKey_Type.IDENTITY:
      return { type: 'identity' };
    case LimitKey_Type.ADDRESS:
      return { type: 'address' };
    case LimitKey_Type.PATH:
      return { type: 'path' };
    case LimitKey_Type.HEADER:
      return { type: 'header', name: header };
    default:
      throw new ResourceError(path, `no key of limits has the type ${type}`);
  }
}
