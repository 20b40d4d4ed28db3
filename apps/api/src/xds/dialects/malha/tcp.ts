// Listeners of declared upstreams in the dialect `malha`: a filter chain with Envoy's TCP proxy for each route.
import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { anyPack } from '@bufbuild/protobuf/wkt';
import type { TcpBackend, TcpListener, TcpRoute } from '@malha/traffic';
import { LISTENER_TYPE } from '@malha/xds';
import { TCP_METADATA, tcpListenerName } from '@malha/xds/extension-names';
import { TrafficDirection } from '@malha/xds/generated/envoy/config/core/v3/base_pb';
import type {
  FilterChainSchema,
  FilterSchema,
} from '@malha/xds/generated/envoy/config/listener/v3/listener_components_pb';
import { ListenerSchema } from '@malha/xds/generated/envoy/config/listener/v3/listener_pb';
import { TcpProxySchema } from '@malha/xds/generated/envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy_pb';
import { TcpListenerSchema } from '@malha/xds/generated/malha/extensions/v1/extensions_pb';
import type { ResourcePlan } from '../dialect.ts';
import { socketAddress } from '../shared/addresses.ts';
import { PROTOCOLS } from '../shared/protocols.ts';
import { fault } from './faults.ts';

/** The proxy listens on its workload's own address, which it knows by itself. */
const ANY_ADDRESS = '0.0.0.0';

export function tcpPlan(listener: TcpListener): ResourcePlan {
  const name = tcpListenerName(listener.port);
  return { typeUrl: LISTENER_TYPE, name, source: listener, bytes: () => encodeTcp(name, listener) };
}

function encodeTcp(name: string, listener: TcpListener): Uint8Array {
  const { port, protocol, service, servicePort, routes, httpRouteTable, faults = [] } = listener;
  const called = create(TcpListenerSchema, {
    service: { ...service },
    port: servicePort,
    protocol: PROTOCOLS[protocol],
    faults: faults.map(fault),
    ...(httpRouteTable !== undefined && { httpRouteTable }),
  });
  const message = create(ListenerSchema, {
    name,
    address: socketAddress(ANY_ADDRESS, port),
    trafficDirection: TrafficDirection.OUTBOUND,
    metadata: { typedFilterMetadata: { [TCP_METADATA]: anyPack(TcpListenerSchema, called) } },
    filterChains: routes.map(filterChain),
  });
  return toBinary(ListenerSchema, message);
}

function filterChain({ name, serverNames, clusters }: TcpRoute): MessageInitShape<typeof FilterChainSchema> {
  return { name, filterChainMatch: { serverNames: [...serverNames] }, filters: [tcpProxyFilter(name, clusters)] };
}

export function tcpProxyFilter(
  statPrefix: string,
  clusters: readonly TcpBackend[],
): MessageInitShape<typeof FilterSchema> {
  const proxy = create(TcpProxySchema, {
    statPrefix,
    clusterSpecifier: {
      case: 'weightedClusters',
      value: { clusters: clusters.map(({ cluster, weight }) => ({ name: cluster, weight })) },
    },
  });
  return {
    name: 'envoy.filters.network.tcp_proxy',
    configType: { case: 'typedConfig', value: anyPack(TcpProxySchema, proxy) },
  };
}
