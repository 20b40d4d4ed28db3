// Rate limits that each Envoy counts for itself: a request gets a descriptor for each limit that it falls under. Buckets belong
// to the virtual host, so that the routes of one rule share them.
import type { MessageInitShape } from '@bufbuild/protobuf';
import { type Any, durationFromMs } from '@bufbuild/protobuf/wkt';
import type { BucketShape, ConnectionLimitRule, RateLimitRule } from '@malha/traffic';
import { keyEntryName, LIMIT_ENTRY, MATCH_ENTRY } from '@malha/traffic/rate-limit/descriptor';
import { HeaderValueOption_HeaderAppendAction } from '@malha/xds/generated/envoy/config/core/v3/base_pb';
import type { FilterSchema } from '@malha/xds/generated/envoy/config/listener/v3/listener_components_pb';
import type { RateLimitSchema } from '@malha/xds/generated/envoy/config/route/v3/route_components_pb';
import {
  type LocalRateLimitDescriptorSchema,
  XRateLimitHeadersRFCVersion,
} from '@malha/xds/generated/envoy/extensions/common/ratelimit/v3/ratelimit_pb';
import { LocalRateLimitSchema } from '@malha/xds/generated/envoy/extensions/filters/http/local_ratelimit/v3/local_rate_limit_pb';
import type { HttpFilterSchema } from '@malha/xds/generated/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb';
import { LocalRateLimitSchema as NetworkRateLimitSchema } from '@malha/xds/generated/envoy/extensions/filters/network/local_ratelimit/v3/local_rate_limit_pb';
import type { TokenBucketSchema } from '@malha/xds/generated/envoy/type/v3/token_bucket_pb';
import { actionsOf } from './limit-actions.ts';
import { pack, typed } from './types.ts';

type Descriptor = MessageInitShape<typeof LocalRateLimitDescriptorSchema>;

/** Name of the filter, and key of its settings for a virtual host. */
export const LOCAL_LIMIT_FILTER = 'malha.rate-limit.local';

/** Envoy's least; smaller intervals are given as so many times the requests in so many times the interval. */
const INTERVAL_MIN_MS = 50;
/** Keys of one virtual host that have a bucket; the one that was used the longest ago goes. */
const KEYS_MAX = 16_384;
/** Of the bucket of requests that no descriptor matches. */
const UNLIMITED = 4_294_967_295;
const MS_PER_SECOND = 1000;
const ALL = { defaultValue: { numerator: 100 } };

/** Does nothing where a virtual host has no limits. */
export function localLimitFilter(): MessageInitShape<typeof HttpFilterSchema> {
  return { name: LOCAL_LIMIT_FILTER, configType: typed(LocalRateLimitSchema, { statPrefix: 'rate_limit' }) };
}

/** Descriptors of the requests of a route. */
export function rateLimitActions(
  rules: readonly RateLimitRule[] | undefined,
): MessageInitShape<typeof RateLimitSchema>[] {
  return (rules ?? []).filter(isLocal).map((rule) => ({ actions: actionsOf(rule) }));
}

/** Buckets of the limits of one virtual host, by the filter's name; nothing when there are none. */
export function localLimits(all: readonly RateLimitRule[]): Record<string, Any> {
  const rules = [...new Map(all.filter(isLocal).map((rule) => [rule.id, rule])).values()];
  if (rules.length === 0) return {};
  const waitMs = Math.max(...rules.map(({ requests, intervalMs }) => intervalMs / requests));
  return {
    [LOCAL_LIMIT_FILTER]: pack(LocalRateLimitSchema, {
      statPrefix: 'rate_limit',
      tokenBucket: bucket({ requests: UNLIMITED, intervalMs: INTERVAL_MIN_MS, burst: UNLIMITED }),
      alwaysConsumeDefaultTokenBucket: false,
      filterEnabled: ALL,
      filterEnforced: ALL,
      descriptors: rules.map(descriptor),
      maxDynamicDescriptors: KEYS_MAX,
      rateLimitedAsResourceExhausted: true,
      // Envoy does not say it by itself; by then the bucket that refused has a token.
      responseHeadersToAdd: [
        {
          header: { key: 'retry-after', value: String(Math.max(1, Math.ceil(waitMs / MS_PER_SECOND))) },
          appendAction: HeaderValueOption_HeaderAppendAction.OVERWRITE_IF_EXISTS_OR_ADD,
        },
      ],
      ...(rules.some(({ announces }) => announces) && {
        enableXRatelimitHeaders: XRateLimitHeadersRFCVersion.DRAFT_VERSION_03,
      }),
    }),
  };
}

/** Network filters of a port of bytes, one for each limit. */
export function connectionLimitFilters(
  rules: readonly ConnectionLimitRule[] | undefined,
): MessageInitShape<typeof FilterSchema>[] {
  return (rules ?? []).map((rule) => ({
    name: `malha.rate-limit.${rule.id}`,
    configType: typed(NetworkRateLimitSchema, { statPrefix: 'connection_limit', tokenBucket: bucket(rule) }),
  }));
}

function isLocal({ global }: RateLimitRule): boolean {
  return global === undefined;
}

/** An entry without a value stands for any: each has a bucket of its own. */
function descriptor(rule: RateLimitRule): Descriptor {
  return {
    entries: [
      { key: LIMIT_ENTRY, value: rule.id },
      MATCH_ENTRY,
      ...rule.keys.map((key, index) => ({ key: keyEntryName(key, index), value: '' })),
    ],
    tokenBucket: bucket(rule),
  };
}

function bucket({ requests, intervalMs, burst }: BucketShape): MessageInitShape<typeof TokenBucketSchema> {
  const times = Math.ceil(INTERVAL_MIN_MS / intervalMs);
  return {
    maxTokens: burst,
    tokensPerFill: Math.min(UNLIMITED, requests * times),
    fillInterval: durationFromMs(intervalMs * times),
  };
}
