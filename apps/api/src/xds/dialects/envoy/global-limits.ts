// Global rate limits for Envoy: a filter for each way to ask the service that counts. The limits of a route say by a stage which
// of the filters asks for them; a limit's descriptor is the one that our own proxy sends, so that both share its bucket.
import type { MessageInitShape } from '@bufbuild/protobuf';
import { durationFromMs } from '@bufbuild/protobuf/wkt';
import type { GlobalLimit, MeshConfig, RateLimitRule } from '@malha/traffic';
import { LIMIT_DOMAIN, RATE_ENTRY, rateText } from '@malha/traffic/rate-limit/descriptor';
import { ApiVersion } from '@malha/xds/generated/envoy/config/core/v3/config_source_pb';
import type { RateLimitSchema } from '@malha/xds/generated/envoy/config/route/v3/route_components_pb';
import { RateLimitSchema as RateLimitFilterSchema } from '@malha/xds/generated/envoy/extensions/filters/http/ratelimit/v3/rate_limit_pb';
import type { HttpFilterSchema } from '@malha/xds/generated/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb';
import { actionsOf } from './limit-actions.ts';
import { typed } from './types.ts';

/** Ways to ask, in the order of their stages. */
export type Counters = readonly GlobalLimit[];

/** Envoy knows the stages 0 to 10, and 0 is that of local limits: what comes after them is asked as the last of these. */
const COUNTERS_MAX = 10;

/** Of the rules of a route table's routes, or of inbound ports. */
export function countersOf(rules: readonly RateLimitRule[]): Counters {
  const byKey = new Map<string, GlobalLimit>();
  for (const { global } of rules)
    if (global !== undefined && !byKey.has(keyOf(global))) byKey.set(keyOf(global), global);
  return [...byKey]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, global]) => global)
    .slice(0, COUNTERS_MAX);
}

/** Those of all routes of the proxy: its listeners for callers have one list of filters. */
export function routeCounters({ routeTables }: MeshConfig): Counters {
  const routes = routeTables.flatMap(({ virtualHosts }) => virtualHosts.flatMap((host) => host.routes));
  return countersOf(routes.flatMap(({ action }) => (action.type === 'forward' ? (action.rateLimits ?? []) : [])));
}

export function globalLimitFilters(counters: Counters): MessageInitShape<typeof HttpFilterSchema>[] {
  return counters.map((counter, index) => ({
    name: `malha.rate-limit.global.${index + 1}`,
    configType: typed(RateLimitFilterSchema, {
      domain: LIMIT_DOMAIN,
      stage: index + 1,
      timeout: durationFromMs(counter.timeoutMs),
      failureModeDeny: !counter.failsOpen,
      rateLimitedAsResourceExhausted: true,
      disableXEnvoyRatelimitedHeader: true,
      rateLimitService: {
        transportApiVersion: ApiVersion.V3,
        grpcService: {
          targetSpecifier: { case: 'envoyGrpc', value: { clusterName: counter.cluster, authority: 'malha-ratelimit' } },
        },
      },
    }),
  }));
}

/** What is asked for the requests of a route. */
export function globalLimitActions(
  rules: readonly RateLimitRule[] | undefined,
  counters: Counters,
): MessageInitShape<typeof RateLimitSchema>[] {
  return (rules ?? []).flatMap((rule) => {
    if (rule.global === undefined) return [];
    const key = keyOf(rule.global);
    const index = counters.findIndex((counter) => keyOf(counter) === key);
    const stage = index < 0 ? counters.length : index + 1;
    const rate = { descriptorKey: RATE_ENTRY, descriptorValue: rateText(rule) };
    return [
      { stage, actions: [...actionsOf(rule), { actionSpecifier: { case: 'genericKey', value: rate } as const }] },
    ];
  });
}

function keyOf({ cluster, timeoutMs, failsOpen }: GlobalLimit): string {
  return `${cluster} ${failsOpen ? 'open' : 'closed'} ${timeoutMs}`;
}
