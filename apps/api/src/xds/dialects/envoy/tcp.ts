// Listeners of declared upstreams for Envoy: TCP proxies, told apart by the server name where TLS is passed on.
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
import { TlsInspectorSchema } from '@malha/xds/generated/envoy/extensions/filters/listener/tls_inspector/v3/tls_inspector_pb';
import { TcpProxySchema } from '@malha/xds/generated/envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy_pb';
import type { DialectContext, ResourcePlan } from '../dialect.ts';
import { socketAddress } from '../shared/addresses.ts';
import { typed } from './types.ts';

/** As our proxy does while nothing has been sent. */
const CONNECT_ATTEMPTS_MAX = 3;
const ANY_NAME = '*';
/** Envoy refuses a route without a weight: one that chooses nobody closes the connection, as a missing cluster does. */
const NOBODY = { name: 'nobody', weight: 1 };

export function tcpPlan(
  listener: TcpListener,
  clusters: ReadonlyMap<string, Cluster>,
  context: DialectContext,
): ResourcePlan {
  const name = tcpListenerName(listener.port);
  const used = listener.routes.flatMap((route) => route.clusters.flatMap(({ cluster }) => clusters.get(cluster) ?? []));
  const bytes = () => encodeTcp(name, listener, clusters, context);
  return { typeUrl: LISTENER_TYPE, name, source: [listener, context, ...used], bytes };
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
