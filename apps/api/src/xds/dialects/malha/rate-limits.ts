// Rate limits in the dialect `malha`.
import type { MessageInitShape } from '@bufbuild/protobuf';
import type {
  BucketShape,
  ConnectionLimitRule,
  GlobalLimit,
  LimitKey,
  RateLimitRule,
  RequestCondition,
} from '@malha/traffic';
import {
  type BucketShapeSchema,
  type ConnectionLimitSchema,
  type GlobalLimitSchema,
  LimitKey_Type,
  type LimitKeySchema,
  type RateLimitSchema,
  type RequestConditionSchema,
} from '@malha/xds/generated/malha/extensions/v1/extensions_pb';

const KEY_TYPES = {
  identity: LimitKey_Type.IDENTITY,
  address: LimitKey_Type.ADDRESS,
  path: LimitKey_Type.PATH,
  header: LimitKey_Type.HEADER,
} as const satisfies Record<LimitKey['type'], LimitKey_Type>;

export function rateLimit(rule: RateLimitRule): MessageInitShape<typeof RateLimitSchema> {
  return {
    id: rule.id,
    condition: requestCondition(rule.condition),
    keys: rule.keys.map(limitKey),
    announces: rule.announces,
    bucket: bucketShape(rule),
    ...(rule.global !== undefined && { global: globalLimit(rule.global) }),
  };
}

export function connectionLimit(rule: ConnectionLimitRule): MessageInitShape<typeof ConnectionLimitSchema> {
  return { id: rule.id, bucket: bucketShape(rule) };
}

export function requestCondition(from: RequestCondition): MessageInitShape<typeof RequestConditionSchema> {
  return {
    principals: [...from.principals],
    methods: [...from.methods],
    paths: [...from.paths],
    headers: from.headers.map(({ name, values }) => ({ name, values: [...values] })),
  };
}

function limitKey(key: LimitKey): MessageInitShape<typeof LimitKeySchema> {
  return { type: KEY_TYPES[key.type], ...(key.type === 'header' && { header: key.name }) };
}

function bucketShape({ requests, intervalMs, burst }: BucketShape): MessageInitShape<typeof BucketShapeSchema> {
  return { requests, intervalMs, burst };
}

function globalLimit({ cluster, timeoutMs, failsOpen }: GlobalLimit): MessageInitShape<typeof GlobalLimitSchema> {
  return { cluster, timeoutMs, failsOpen };
}
