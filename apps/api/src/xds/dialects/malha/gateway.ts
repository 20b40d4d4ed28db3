// Listeners of a gateway in the dialect `malha`: a filter chain for each server, certificates by name.
import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { anyPack } from '@bufbuild/protobuf/wkt';
import type { GatewayListener, GatewayServer } from '@malha/traffic';
import { LISTENER_TYPE } from '@malha/xds';
import { gatewayListenerName } from '@malha/xds/extension-names';
import { TrafficDirection } from '@malha/xds/generated/envoy/config/core/v3/base_pb';
import type { FilterChainSchema } from '@malha/xds/generated/envoy/config/listener/v3/listener_components_pb';
import { ListenerSchema } from '@malha/xds/generated/envoy/config/listener/v3/listener_pb';
import { HttpConnectionManagerSchema } from '@malha/xds/generated/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb';
import { DownstreamTlsContextSchema } from '@malha/xds/generated/envoy/extensions/transport_sockets/tls/v3/tls_pb';
import type { ResourcePlan } from '../dialect.ts';
import { socketAddress } from '../shared/addresses.ts';

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
    filterChains: listener.servers.map((server) => filterChain(server, listener)),
  });
  return toBinary(ListenerSchema, message);
}

function filterChain(server: GatewayServer, listener: GatewayListener): MessageInitShape<typeof FilterChainSchema> {
  return {
    name: server.name,
    filterChainMatch: { serverNames: [server.hostname] },
    ...(listener.protocol === 'HTTPS' && {
      transportSocket: {
        name: 'envoy.transport_sockets.tls',
        configType: { case: 'typedConfig' as const, value: tlsContext(server) },
      },
    }),
    filters: [
      {
        name: 'envoy.filters.network.http_connection_manager',
        configType: { case: 'typedConfig', value: manager(server, listener) },
      },
    ],
  };
}

function tlsContext({ certificates }: GatewayServer) {
  const tlsCertificateSdsSecretConfigs = certificates.map((name) => ({ name }));
  const context = create(DownstreamTlsContextSchema, { commonTlsContext: { tlsCertificateSdsSecretConfigs } });
  return anyPack(DownstreamTlsContextSchema, context);
}

function manager({ name }: GatewayServer, { routeTable, tracing }: GatewayListener) {
  const configSource = { configSourceSpecifier: { case: 'ads' as const, value: {} } };
  return anyPack(
    HttpConnectionManagerSchema,
    create(HttpConnectionManagerSchema, {
      statPrefix: name,
      routeSpecifier: { case: 'rds', value: { routeConfigName: routeTable, configSource } },
      tracing: { randomSampling: { value: tracing.samplePercent } },
    }),
  );
}
