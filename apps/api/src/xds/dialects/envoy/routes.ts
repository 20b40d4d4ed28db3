// Route tables for Envoy. What its matching or its retries do otherwise than ours is put right here.
import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { durationFromMs } from '@bufbuild/protobuf/wkt';
import { DIRECT_RESPONSE_BODY_BYTES_MAX } from '@malha/model';
import {
  type Cluster,
  type ForwardAction,
  INVALID_BACKEND,
  type RateLimitRule,
  type Route,
  type RouteAction,
  type RouteTable,
  type ShareMatch,
  stickyDraw,
  type VirtualHost,
  type WeightedCluster,
} from '@malha/traffic';
import { ROUTE_TYPE } from '@malha/xds';
import {
  RouteAction_ClusterNotFoundResponseCode as NotFoundCode,
  type RouteActionSchema,
  type RouteMatchSchema,
  type RouteSchema,
  type WeightedCluster_ClusterWeightSchema,
  type WeightedClusterSchema,
} from '@malha/xds/generated/envoy/config/route/v3/route_components_pb';
import { RouteConfigurationSchema } from '@malha/xds/generated/envoy/config/route/v3/route_pb';
import { CorsPolicySchema } from '@malha/xds/generated/envoy/extensions/filters/http/cors/v3/cors_pb';
import { FractionalPercent_DenominatorType } from '@malha/xds/generated/envoy/type/v3/percent_pb';
import type { ResourcePlan } from '../dialect.ts';
import { directResponse, mirrorPolicies } from '../shared/actions.ts';
import { routeMatch } from '../shared/matches.ts';
import { byBackend, usedBackends } from './backend-routes.ts';
import { byCohort, cohortKeyOf, rangesOf } from './cohorts.ts';
import { corsPolicy } from './cors.ts';
import { deviceMatchers, type HeaderMatcher } from './devices.ts';
import { byFault, type FaultedRoute, faultConfig } from './faults.ts';
import { EDGE_TABLE } from './gateway.ts';
import { type Counters, globalLimitActions } from './global-limits.ts';
import { requestHeaders, responseHeaders, withHeadersInOrder } from './headers.ts';
import { hashPolicies } from './load-balancer.ts';
import { CORS_FILTER, callDuration } from './manager.ts';
import { localLimits, rateLimitActions } from './rate-limits.ts';
import { redirectMessage } from './redirects.ts';
import { byIdempotence, hedgePolicy, retryPolicy } from './retries.ts';
import { rewriteFields } from './rewrites.ts';
import { sessionOf } from './sessions.ts';
import { pack } from './types.ts';

type Clusters = ReadonlyMap<string, Cluster>;

/** Of the whole proxy: what routes say beside their own actions. */
interface Around {
  readonly clusters: Clusters;
  readonly counters: Counters;
}

export function routeTablePlan(table: RouteTable, clusters: Clusters, counters: Counters): ResourcePlan {
  const around = { clusters, counters };
  return {
    typeUrl: ROUTE_TYPE,
    name: table.name,
    source: [...(table.ignoresPort === true ? [table] : table.virtualHosts), ...clusters.values(), ...counters],
    bytes: () => encodeRouteTable(table, around),
  };
}

function encodeRouteTable({ name, ignoresPort, virtualHosts }: RouteTable, around: Around): Uint8Array {
  const message = create(RouteConfigurationSchema, {
    name,
    maxDirectResponseBodySizeBytes: DIRECT_RESPONSE_BODY_BYTES_MAX,
    // Only tables of gateways do.
    ...(ignoresPort === true && EDGE_TABLE),
    virtualHosts: withUniqueDomains(virtualHosts).map(({ name: hostName, domains, routes }) => ({
      name: hostName,
      domains: [...domains],
      typedPerFilterConfig: localLimits(routes.flatMap(({ action }) => limitsOf(action))),
      routes: routes
        .flatMap(decideShare)
        .filter(canMatch)
        .flatMap(byIdempotence)
        .map(withHeadersInOrder)
        .flatMap(byBackend)
        .flatMap(byFault)
        .flatMap((from) => byDevice(from, around)),
    })),
  });
  return toBinary(RouteConfigurationSchema, message);
}

function limitsOf(action: RouteAction): readonly RateLimitRule[] {
  return action.type === 'forward' ? (action.rateLimits ?? []) : [];
}

/** Envoy refuses a whole table in which a domain or the name of a virtual host stands twice; the first one counts. */
function withUniqueDomains(hosts: readonly VirtualHost[]): VirtualHost[] {
  const seen = new Set<string>();
  const unique: VirtualHost[] = [];
  for (const host of hosts) {
    const domains = [...new Set(host.domains)].filter((domain) => !seen.has(domain));
    for (const domain of domains) seen.add(domain);
    if (domains.length > 0) unique.push({ ...host, domains });
  }
  return unique;
}

/** A rule for some devices becomes one route for each thing that a User-Agent of them may say. */
function byDevice(faulted: FaultedRoute, around: Around): MessageInitShape<typeof RouteSchema>[] {
  return deviceMatchers(faulted.from.match.devices).map((device) => route(faulted, device, around));
}

function route(
  { from, headers, fault }: FaultedRoute,
  device: readonly HeaderMatcher[],
  around: Around,
): MessageInitShape<typeof RouteSchema> {
  const { name, action } = from;
  const match = routeMatch(withoutSlash(from).match, fractionOf(from.match.share), [...device, ...headers]);
  const base = { name, match, ...responseHeaders(action.responseHeaders) };
  if (action.type === 'redirect') {
    return { ...base, action: { case: 'redirect', value: redirectMessage(action, from.match.path, name) } };
  }
  if (action.type === 'direct') return { ...base, action: { case: 'directResponse', value: directResponse(action) } };
  // Envoy refuses weights whose sum is 0; the Gateway API answers 500 there.
  if (action.clusters.every(({ weight }) => weight === 0)) {
    return { ...base, action: { case: 'directResponse', value: { status: 500 } } };
  }
  return {
    ...base,
    ...requestHeaders(action.requestHeaders),
    typedPerFilterConfig: {
      ...(action.cors !== undefined && { [CORS_FILTER]: pack(CorsPolicySchema, corsPolicy(action.cors)) }),
      ...faultConfig(fault),
      ...sessionOf(action.session),
    },
    action: { case: 'route', value: forward(action, from, around) },
  };
}

/** `/a/` and `/a` are the same prefix; Envoy takes the second form only. */
function withoutSlash(from: Route): Route {
  const { path } = from.match;
  if (path.type !== 'prefix' || path.value === '/') return from;
  const value = path.value.replace(/\/+$/, '') || '/';
  return { ...from, match: { ...from.match, path: { type: 'prefix', value } } };
}

function forward(
  action: ForwardAction,
  from: Route,
  { clusters, counters }: Around,
): MessageInitShape<typeof RouteActionSchema> {
  const isInvalid = action.clusters.some(({ cluster }) => cluster === INVALID_BACKEND);
  const isGrpc = action.clusters.some(({ cluster }) => clusters.get(cluster)?.protocol === 'grpc');
  const retry = retryPolicy(action);
  return {
    clusterSpecifier: { case: 'weightedClusters', value: split(action) },
    clusterNotFoundResponseCode: isInvalid ? NotFoundCode.INTERNAL_SERVER_ERROR : NotFoundCode.SERVICE_UNAVAILABLE,
    timeout: durationFromMs(action.requestTimeoutMs),
    idleTimeout: durationFromMs(action.streamIdleTimeoutMs),
    ...(action.maxDurationMs !== undefined && {
      maxStreamDuration: { maxStreamDuration: durationFromMs(action.maxDurationMs) },
    }),
    ...(isGrpc && { maxStreamDuration: callDuration(action) }),
    ...(retry !== undefined && { retryPolicy: retry }),
    ...hedgePolicy(action),
    hashPolicy: hashPolicies(action, clusters),
    rateLimits: [...rateLimitActions(action.rateLimits), ...globalLimitActions(action.rateLimits, counters)],
    requestMirrorPolicies: mirrorPolicies(action.mirrors),
    ...rewriteFields(action.rewrite, withoutSlash(from).match.path),
    upgradeConfigs: [{ upgradeType: 'websocket' }],
  };
}

/** A share by what is the same for all of this workload's requests is decided here. */
function decideShare(from: Route): Route[] {
  const { share, ...match } = from.match;
  if (share?.cohort?.type !== 'fixed') return [from];
  return stickyDraw(share.cohort.value) * MILLION < share.perMillion ? [{ ...from, match }] : [];
}

const MILLION = 1_000_000;

/** Envoy cannot tell countries, and draws shares anew for each request: such a rule is left out, as if it did not match. */
function canMatch({ match: { countries, share } }: Route): boolean {
  return countries === undefined && share?.cohort === undefined;
}

function fractionOf(share: ShareMatch | undefined): MessageInitShape<typeof RouteMatchSchema>['runtimeFraction'] {
  if (share === undefined) return undefined;
  const denominator = FractionalPercent_DenominatorType.MILLION;
  return { defaultValue: { numerator: share.perMillion, denominator } };
}

function split(action: ForwardAction): MessageInitShape<typeof WeightedClusterSchema> {
  const used = usedBackends(action);
  if (cohortKeyOf(action) === undefined) return { clusters: used.map(clusterWeight) };
  const ranges = rangesOf(used.map(({ weight }) => weight));
  return {
    clusters: used.map((weighted, index) => clusterWeight({ ...weighted, weight: ranges[index] ?? 0 })),
    ...byCohort(action),
  };
}

function clusterWeight(weighted: WeightedCluster): MessageInitShape<typeof WeightedCluster_ClusterWeightSchema> {
  return {
    name: weighted.cluster,
    weight: weighted.weight,
    ...requestHeaders(weighted.requestHeaders),
    ...responseHeaders(weighted.responseHeaders),
  };
}
