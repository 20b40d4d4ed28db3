// Route tables of the dialect `malha`: RouteConfiguration, with what Envoy has no field for in route-extensions.ts.
import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { durationFromMs } from '@bufbuild/protobuf/wkt';
import type { ForwardAction, RetryPolicy, Route, RouteTable, VirtualHost, WeightedCluster } from '@malha/traffic';
import { ROUTE_TYPE } from '@malha/xds';
import {
  type RetryPolicySchema,
  type RouteActionSchema,
  type RouteSchema,
  VirtualHostSchema,
  type WeightedCluster_ClusterWeightSchema,
} from '@malha/xds/generated/envoy/config/route/v3/route_components_pb';
import { RouteConfigurationSchema } from '@malha/xds/generated/envoy/config/route/v3/route_pb';
import { RecentMap } from '../../snapshot/recent-map.ts';
import { field } from '../../snapshot/wire.ts';
import type { ResourcePlan } from '../dialect.ts';
import { directResponse, mirrorPolicies, redirectAction } from '../shared/actions.ts';
import { requestHeaders, responseHeaders } from '../shared/headers.ts';
import { routeMatch } from '../shared/matches.ts';
import { retryOn } from '../shared/retries.ts';
import { backendExtension } from './backend-extension.ts';
import { resilienceExtensions } from './fallback.ts';
import { rewriteFields } from './rewrites.ts';
import { routeExtensions } from './route-extensions.ts';

export function routeTablePlan(table: RouteTable): ResourcePlan {
  const { name, ignoresPort, virtualHosts } = table;
  const source = ignoresPort === true ? table : virtualHosts;
  return { typeUrl: ROUTE_TYPE, name, source, bytes: () => encodeRouteTable(table) };
}

const VIRTUAL_HOSTS_FIELD = 2;

/** Virtual hosts are shared by many scopes: each is encoded once, and a table is their concatenation. */
const encodedHosts = new WeakMap<VirtualHost, Buffer>();
/** Most are the same in the next world too, as objects of their own. */
const encodedContents = new RecentMap<Buffer>(8_192);

function encodeRouteTable(table: RouteTable): Uint8Array {
  const { name, ignoresPort = false } = table;
  const message = create(RouteConfigurationSchema, { name, ignorePortInHostMatching: ignoresPort });
  const fields = toBinary(RouteConfigurationSchema, message);
  return Buffer.concat([fields, ...table.virtualHosts.map(encodeVirtualHost)]);
}

function encodeVirtualHost(host: VirtualHost): Buffer {
  const known = encodedHosts.get(host);
  if (known !== undefined) return known;
  const content = JSON.stringify(host);
  const encoded = encodedContents.get(content) ?? encodedContents.set(content, makeVirtualHost(host));
  encodedHosts.set(host, encoded);
  return encoded;
}

function makeVirtualHost({ name, domains, routes }: VirtualHost): Buffer {
  const message = create(VirtualHostSchema, { name, domains: [...domains], routes: routes.map(route) });
  return field(VIRTUAL_HOSTS_FIELD, toBinary(VirtualHostSchema, message));
}

function route(from: Route): MessageInitShape<typeof RouteSchema> {
  const base = {
    name: from.name,
    match: routeMatch(from.match),
    typedPerFilterConfig: {
      ...routeExtensions(from),
      ...(from.action.type === 'forward' && resilienceExtensions(from.action)),
    },
    ...responseHeaders(from.action.responseHeaders),
  };
  switch (from.action.type) {
    case 'redirect':
      return { ...base, action: { case: 'redirect', value: redirectAction(from.action, from.name) } };
    case 'direct':
      return { ...base, action: { case: 'directResponse', value: directResponse(from.action) } };
    case 'forward':
      return {
        ...base,
        ...requestHeaders(from.action.requestHeaders),
        action: { case: 'route', value: forward(from.action) },
      };
  }
}

function forward(action: ForwardAction): MessageInitShape<typeof RouteActionSchema> {
  return {
    clusterSpecifier: { case: 'weightedClusters', value: { clusters: action.clusters.map(clusterWeight) } },
    timeout: durationFromMs(action.requestTimeoutMs),
    idleTimeout: durationFromMs(action.streamIdleTimeoutMs),
    ...(action.maxDurationMs !== undefined && {
      maxStreamDuration: { maxStreamDuration: durationFromMs(action.maxDurationMs) },
    }),
    retryPolicy: retryPolicy(action.retry, action.backendRequestTimeoutMs),
    requestMirrorPolicies: mirrorPolicies(action.mirrors),
    ...rewriteFields(action.rewrite),
  };
}

function clusterWeight(weighted: WeightedCluster): MessageInitShape<typeof WeightedCluster_ClusterWeightSchema> {
  return {
    name: weighted.cluster,
    weight: weighted.weight,
    ...requestHeaders(weighted.requestHeaders),
    ...responseHeaders(weighted.responseHeaders),
    typedPerFilterConfig: backendExtension(weighted),
  };
}

function retryPolicy(retry: RetryPolicy, perTryTimeoutMs: number): MessageInitShape<typeof RetryPolicySchema> {
  return {
    retryOn: retryOn(retry.on),
    numRetries: retry.attempts,
    perTryTimeout: durationFromMs(perTryTimeoutMs),
    retriableStatusCodes: [...retry.statusCodes],
    retryBackOff: {
      baseInterval: durationFromMs(retry.backoffBaseMs),
      maxInterval: durationFromMs(retry.backoffMaxMs),
    },
  };
}
