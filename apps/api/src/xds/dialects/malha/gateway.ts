// Listeners of a gateway in the dialect `malha`: a filter chain for each server or route, certificates by name.
import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { anyPack } from '@bufbuild/protobuf/wkt';
import type { GatewayListener, GatewayServer, GatewayTcpRoute, HttpGatewayListener } from '@malha/traffic';
import { isHttpListener } from '@malha/traffic/gateway';
import { LISTENER_TYPE } from '@malha/xds';
import { gatewayListenerName } from '@malha/xds/extension-names';
import { TrafficDirection } from '@malha/xds/generated/envoy/config/core/v3/base_pb';
import type { FilterChainSchema } from '@malha/xds/generated/envoy/config/listener/v3/listener_components_pb';
import { ListenerSchema } from '@malha/xds/generated/envoy/config/listener/v3/listener_pb';
import { HttpConnectionManagerSchema } from '@malha/xds/generated/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb';
import { DownstreamTlsContextSchema } from '@malha/xds/generated/envoy/extensions/transport_sockets/tls/v3/tls_pb';
import type { ResourcePlan } from '../dialect.ts';
import { socketAddress } from '../shared/addresses.ts';
import { tcpProxyFilter } from './tcp.ts';

/** The proxy knows by itself on which address clients find it. */
const ANY_ADDRESS = '0.0.0.0';

export function gatewayPlan(listener: GatewayListener): ResourcePlan {
  const name = gatewayListenerName(listener.port);
  return { typeUrl: LISTENER_TYPE, name, source: listener, bytes: () => encodeGateway(name, listener) };
}

function encodeGateway(name: string, listener: GatewayListener): Uint8Array {
  const message = create(ListenerSchema, {
    name,
    address: socketAddress(ANY_ADDRESS, listener.port),
    trafficDirection: TrafficDirection.INBOUND,
    filterChains: isHttpListener(listener)
      ? listener.servers.map((server) => httpChain(server, listener))
      : listener.routes.map((route) => tcpChain(route, listener.protocol)),
  });
  return toBinary(ListenerSchema, message);
}

function httpChain(server: GatewayServer, listener: HttpGatewayListener): MessageInitShape<typeof FilterChainSchema> {
  return {
    name: server.name,
    filterChainMatch: { serverNames: [server.hostname] },
    ...(listener.protocol === 'HTTPS' && { transportSocket: tlsSocket(server.certificates) }),
    filters: [
      {
        name: 'envoy.filters.network.http_connection_manager',
        configType: { case: 'typedConfig', value: manager(server, listener) },
      },
    ],
  };
}

function tcpChain(route: GatewayTcpRoute, protocol: 'TLS' | 'TCP'): MessageInitShape<typeof FilterChainSchema> {
  const { name, listener, serverNames, clusters, certificates } = route;
  return {
    name,
    filterChainMatch: { serverNames: [...serverNames], ...(protocol === 'TLS' && { transportProtocol: 'tls' }) },
    ...(certificates !== undefined && { transportSocket: tlsSocket(certificates) }),
    filters: [tcpProxyFilter(listener, clusters)],
  };
}

function tlsSocket(certificates: readonly string[]) {
  const tlsCertificateSdsSecretConfigs = certificates.map((name) => ({ name }));
  const context = create(DownstreamTlsContextSchema, { commonTlsContext: { tlsCertificateSdsSecretConfigs } });
  return {
    name: 'envoy.transport_sockets.tls',
    configType: { case: 'typedConfig' as const, value: anyPack(DownstreamTlsContextSchema, context) },
  };
}

function manager({ name }: GatewayServer, { routeTable, trustedHops, tracing }: HttpGatewayListener) {
  const configSource = { configSourceSpecifier: { case: 'ads' as const, value: {} } };
  return anyPack(
    HttpConnectionManagerSchema,
    create(HttpConnectionManagerSchema, {
      statPrefix: name,
      routeSpecifier: { case: 'rds', value: { routeConfigName: routeTable, configSource } },
      xffNumTrustedHops: trustedHops,
      tracing: { randomSampling: { value: tracing.samplePercent } },
    }),
  );
}
