// Listeners of declared upstreams for Envoy: TCP proxies, told apart by the server name where TLS is passed on, and by what the
// client says first where nothing is declared.
import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { durationFromMs } from '@bufbuild/protobuf/wkt';
import type { Cluster, TcpListener, TcpRoute } from '@malha/traffic';
import { LISTENER_TYPE } from '@malha/xds';
import { tcpListenerName } from '@malha/xds/extension-names';
import { TrafficDirection } from '@malha/xds/generated/envoy/config/core/v3/base_pb';
import type {
  FilterChainMatchSchema,
  FilterSchema,
  ListenerFilterSchema,
} from '@malha/xds/generated/envoy/config/listener/v3/listener_components_pb';
import { ListenerSchema } from '@malha/xds/generated/envoy/config/listener/v3/listener_pb';
import { HttpInspectorSchema } from '@malha/xds/generated/envoy/extensions/filters/listener/http_inspector/v3/http_inspector_pb';
import { TlsInspectorSchema } from '@malha/xds/generated/envoy/extensions/filters/listener/tls_inspector/v3/tls_inspector_pb';
import { HttpConnectionManagerSchema } from '@malha/xds/generated/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb';
import { TcpProxySchema } from '@malha/xds/generated/envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy_pb';
import type { DialectContext, ResourcePlan } from '../dialect.ts';
import { socketAddress } from '../shared/addresses.ts';
import { callerFilters } from './caller-filters.ts';
import { bytesClusterName } from './clusters.ts';
import type { Counters } from './global-limits.ts';
import { commonManager } from './manager.ts';
import { ADS, typed } from './types.ts';

/** As our proxy does while nothing has been sent. */
const CONNECT_ATTEMPTS_MAX = 3;
/** How long a client that waits for its server's first word is taken for one that is about to speak. */
const FIRST_WORD_MS = 250;
/** As the inspector names what it sees. */
const HTTP_BY_INSPECTION = ['http/1.0', 'http/1.1', 'h2c'];
const ANY_NAME = '*';
/** Envoy refuses a route without a weight: one that chooses nobody closes the connection, as a missing cluster does. */
const NOBODY = { name: 'nobody', weight: 1 };

/** What listeners refer to. */
export interface TcpReferences {
  readonly clusters: ReadonlyMap<string, Cluster>;
  readonly counters: Counters;
}

export function tcpPlan(listener: TcpListener, references: TcpReferences, context: DialectContext): ResourcePlan {
  const { clusters, counters } = references;
  const name = tcpListenerName(listener.port);
  const used = listener.routes.flatMap((route) => route.clusters.flatMap(({ cluster }) => clusters.get(cluster) ?? []));
  const isDetected = listener.httpRouteTable !== undefined;
  const bytes = () =>
    isDetected ? encodeDetected(name, listener, references, context) : encodeTcp(name, listener, clusters, context);
  return { typeUrl: LISTENER_TYPE, name, source: [listener, context, ...used, ...(isDetected ? counters : [])], bytes };
}

function encodeTcp(
  name: string,
  listener: TcpListener,
  clusters: ReadonlyMap<string, Cluster>,
  { address }: DialectContext,
): Uint8Array {
  const isTls = listener.protocol === 'tls';
  const message = create(ListenerSchema, {
    name,
    address: socketAddress(address, listener.port),
    trafficDirection: TrafficDirection.OUTBOUND,
    listenerFilters: isTls ? [tlsInspector()] : [],
    filterChains: firstOfEachName(listener.routes).map((route) => ({
      name: route.name,
      ...(isTls && { filterChainMatch: serverNameMatch(route.serverNames) }),
      filters: [tcpProxyFilter(route, clusters)],
    })),
  });
  return toBinary(ListenerSchema, message);
}

/**
 * Envoy looks at the client's first bytes before it connects to anybody: where it is the server that speaks first, the
 * connection begins when the inspector gives up.
 */
function encodeDetected(
  name: string,
  { port, routes, httpRouteTable = '' }: TcpListener,
  { clusters, counters }: TcpReferences,
  { address }: DialectContext,
): Uint8Array {
  const [route] = routes;
  const manager = typed(HttpConnectionManagerSchema, {
    ...commonManager(name),
    routeSpecifier: { case: 'rds', value: { routeConfigName: httpRouteTable, configSource: ADS } },
    httpFilters: callerFilters(counters),
  });
  const message = create(ListenerSchema, {
    name,
    address: socketAddress(address, port),
    trafficDirection: TrafficDirection.OUTBOUND,
    listenerFilters: [{ name: 'envoy.filters.listener.http_inspector', configType: typed(HttpInspectorSchema, {}) }],
    listenerFiltersTimeout: durationFromMs(FIRST_WORD_MS),
    continueOnListenerFiltersTimeout: true,
    filterChains: [
      {
        name: 'http',
        filterChainMatch: { applicationProtocols: HTTP_BY_INSPECTION },
        filters: [{ name: 'envoy.filters.network.http_connection_manager', configType: manager }],
      },
      ...(route === undefined ? [] : [{ name: route.name, filters: [tcpProxyFilter(inBytes(route), clusters)] }]),
    ],
  });
  return toBinary(ListenerSchema, message);
}

function inBytes(route: TcpRoute): TcpRoute {
  return { ...route, clusters: route.clusters.map((each) => ({ ...each, cluster: bytesClusterName(each.cluster) })) };
}

/** Envoy refuses two chains for one name; the first route has it. */
function firstOfEachName(routes: readonly TcpRoute[]): TcpRoute[] {
  const seen = new Set<string>();
  return routes.flatMap((route) => {
    const serverNames = route.serverNames.filter((name) => !seen.has(name));
    for (const name of serverNames) seen.add(name);
    return serverNames.length === 0 ? [] : [{ ...route, serverNames }];
  });
}

export function tcpProxyFilter(
  route: TcpRoute,
  clusters: ReadonlyMap<string, Cluster>,
): MessageInitShape<typeof FilterSchema> {
  const weighted = route.clusters
    .filter(({ weight }) => weight > 0)
    .map(({ cluster, weight }) => ({ name: cluster as string, weight }));
  const idleTimeoutMs = route.clusters.flatMap(({ cluster }) => clusters.get(cluster)?.idleTimeoutMs ?? [])[0];
  const proxy = typed(TcpProxySchema, {
    statPrefix: route.name === '' ? NOBODY.name : route.name,
    maxConnectAttempts: CONNECT_ATTEMPTS_MAX,
    ...(idleTimeoutMs !== undefined && { idleTimeout: durationFromMs(idleTimeoutMs) }),
    clusterSpecifier: {
      case: 'weightedClusters',
      value: { clusters: weighted.length === 0 ? [NOBODY] : weighted },
    },
  });
  return { name: 'envoy.filters.network.tcp_proxy', configType: proxy };
}

export function tlsInspector(): MessageInitShape<typeof ListenerFilterSchema> {
  return { name: 'envoy.filters.listener.tls_inspector', configType: typed(TlsInspectorSchema, {}) };
}

/** A chain without names takes any. */
export function serverNameMatch(serverNames: readonly string[]): MessageInitShape<typeof FilterChainMatchSchema> {
  return { transportProtocol: 'tls', serverNames: serverNames.includes(ANY_NAME) ? [] : [...serverNames] };
}
