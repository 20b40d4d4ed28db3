// Listeners of a gateway for Envoy as an edge: it believes nothing that clients claim. On a host without certificates what
// shows one is left out.
import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import type {
  Cluster,
  GatewayListener,
  GatewayServer,
  GatewayTcpRoute,
  HttpGatewayListener,
  TcpGatewayListener,
} from '@malha/traffic';
import { isHttpListener } from '@malha/traffic/gateway';
import { LISTENER_TYPE } from '@malha/xds';
import { gatewayListenerName } from '@malha/xds/extension-names';
import {
  HeaderValueOption_HeaderAppendAction,
  TrafficDirection,
} from '@malha/xds/generated/envoy/config/core/v3/base_pb';
import type {
  FilterChainSchema,
  FilterSchema,
} from '@malha/xds/generated/envoy/config/listener/v3/listener_components_pb';
import { ListenerSchema } from '@malha/xds/generated/envoy/config/listener/v3/listener_pb';
import type { RouteConfigurationSchema } from '@malha/xds/generated/envoy/config/route/v3/route_pb';
import { HttpConnectionManagerSchema } from '@malha/xds/generated/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb';
import type { DialectContext, ResourcePlan } from '../dialect.ts';
import { socketAddress } from '../shared/addresses.ts';
import { callerFilters } from './caller-filters.ts';
import { canServe, certificateSocket } from './certificates.ts';
import { tableNameOf } from './gateway-tables.ts';
import type { Counters } from './global-limits.ts';
import { commonManager } from './manager.ts';
import { serverNameMatch, tcpProxyFilter, tlsInspector } from './tcp.ts';
import { ADS, typed } from './types.ts';

type FilterChain = MessageInitShape<typeof FilterChainSchema>;
type Clusters = ReadonlyMap<string, Cluster>;

/** Of the whole proxy: what listeners of a gateway say beside their own configuration. */
interface Parts {
  readonly clusters: Clusters;
  readonly counters: Counters;
}

export function gatewayPlan(listener: GatewayListener, parts: Parts, context: DialectContext): ResourcePlan[] {
  if (!canServe(listener, context)) return [];
  const name = gatewayListenerName(listener.port);
  const bytes = () => encodeGateway(listener, parts, context);
  const used = isHttpListener(listener) ? parts.counters : clustersOf(listener, parts.clusters);
  return [{ typeUrl: LISTENER_TYPE, name, source: [listener, context, ...used], bytes }];
}

/** Those whose settings the listener itself carries. */
function clustersOf(listener: TcpGatewayListener, clusters: Clusters): Cluster[] {
  return listener.routes.flatMap((route) => route.clusters.flatMap(({ cluster }) => clusters.get(cluster) ?? []));
}

function encodeGateway(
  listener: GatewayListener,
  { clusters, counters }: Parts,
  { address }: DialectContext,
): Uint8Array {
  const name = gatewayListenerName(listener.port);
  const message = create(ListenerSchema, {
    name,
    address: socketAddress(address, listener.port),
    trafficDirection: TrafficDirection.INBOUND,
    listenerFilters: listener.protocol === 'TLS' || listener.protocol === 'HTTPS' ? [tlsInspector()] : [],
    filterChains: isHttpListener(listener)
      ? httpChains(name, listener, counters)
      : listener.routes.map((route) => tcpChain(route, listener.protocol === 'TLS', clusters)),
  });
  return toBinary(ListenerSchema, message);
}

/** Of plaintext one, where the Host alone tells servers apart. */
function httpChains(statPrefix: string, listener: HttpGatewayListener, counters: Counters): FilterChain[] {
  const { protocol, servers, routeTable } = listener;
  const manager = (table: string) => managerFilter(statPrefix, listener, { routeTable: table, counters });
  if (protocol === 'HTTP') return [{ filters: [manager(routeTable)] }];
  return servers.map((server: GatewayServer) => ({
    name: server.name,
    filterChainMatch: serverNameMatch([server.hostname]),
    transportSocket: certificateSocket(server.certificates, ['h2', 'http/1.1']),
    filters: [manager(tableNameOf(listener, server))],
  }));
}

function managerFilter(
  statPrefix: string,
  { trustedHops }: HttpGatewayListener,
  { routeTable, counters }: { readonly routeTable: string; readonly counters: Counters },
): MessageInitShape<typeof FilterSchema> {
  const manager = typed(HttpConnectionManagerSchema, {
    ...commonManager(statPrefix),
    routeSpecifier: { case: 'rds', value: { routeConfigName: routeTable, configSource: ADS } },
    // Scheme, request id and Envoy's own headers are ours; nobody's address makes him one of us.
    useRemoteAddress: true,
    xffNumTrustedHops: trustedHops,
    internalAddressConfig: {},
    httpFilters: callerFilters(counters),
  });
  return { name: 'envoy.filters.network.http_connection_manager', configType: manager };
}

function tcpChain(route: GatewayTcpRoute, isTls: boolean, clusters: Clusters): FilterChain {
  return {
    name: `${route.listener}|${route.name}`,
    ...(isTls && { filterChainMatch: serverNameMatch(route.serverNames) }),
    ...(route.certificates !== undefined && { transportSocket: certificateSocket(route.certificates, []) }),
    filters: [tcpProxyFilter(route, clusters)],
  };
}

/** Before the changes of any route: the address of the client, and none of what it says in our name. */
export const EDGE_TABLE = {
  ignorePortInHostMatching: true,
  mostSpecificHeaderMutationsWins: true,
  requestHeadersToRemove: [
    'forwarded',
    'x-forwarded-host',
    'x-forwarded-port',
    'x-real-ip',
    'x-malha-peer',
    'x-malha-priority',
  ],
  requestHeadersToAdd: [
    {
      header: { key: 'x-forwarded-for', value: '%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%' },
      appendAction: HeaderValueOption_HeaderAppendAction.OVERWRITE_IF_EXISTS_OR_ADD,
    },
  ],
} satisfies MessageInitShape<typeof RouteConfigurationSchema>;
