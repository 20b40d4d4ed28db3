// Listener `inbound` for Envoy: for each port a filter chain for mutual TLS, found by SNI, and one for all plaintext.
import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import type { InboundListener, InboundPort } from '@malha/traffic';
import { LISTENER_TYPE } from '@malha/xds';
import { INBOUND_LISTENER } from '@malha/xds/extension-names';
import { TrafficDirection } from '@malha/xds/generated/envoy/config/core/v3/base_pb';
import type { FilterChainSchema } from '@malha/xds/generated/envoy/config/listener/v3/listener_components_pb';
import { ListenerSchema } from '@malha/xds/generated/envoy/config/listener/v3/listener_pb';
import { TlsInspectorSchema } from '@malha/xds/generated/envoy/extensions/filters/listener/tls_inspector/v3/tls_inspector_pb';
import { TlsParameters_TlsProtocol } from '@malha/xds/generated/envoy/extensions/transport_sockets/tls/v3/common_pb';
import { DownstreamTlsContextSchema } from '@malha/xds/generated/envoy/extensions/transport_sockets/tls/v3/tls_pb';
import type { DialectContext, ResourcePlan } from '../dialect.ts';
import { socketAddress } from '../shared/addresses.ts';
import { commonTlsContext } from '../shared/tls.ts';
import { plaintextFilters, portFilters } from './inbound-filters.ts';
import { typed } from './types.ts';

type FilterChain = MessageInitShape<typeof FilterChainSchema>;

export function inboundPlan(listener: InboundListener, context: DialectContext): ResourcePlan {
  return {
    typeUrl: LISTENER_TYPE,
    name: INBOUND_LISTENER,
    source: [listener, context],
    bytes: () => encodeInbound(listener, context),
  };
}

function encodeInbound({ ports }: InboundListener, context: DialectContext): Uint8Array {
  const encrypted = ports.filter(({ mode, serverNames }) => mode !== 'DISABLE' && serverNames.length > 0);
  const plaintext = ports.filter(({ mode }) => mode !== 'STRICT');
  const message = create(ListenerSchema, {
    name: INBOUND_LISTENER,
    address: socketAddress(context.address, context.inboundPort),
    trafficDirection: TrafficDirection.INBOUND,
    listenerFilters: [{ name: 'envoy.filters.listener.tls_inspector', configType: typed(TlsInspectorSchema, {}) }],
    filterChains: [...encrypted.map((port) => tlsChain(port, context)), ...plaintextChain(plaintext, ports)],
  });
  return toBinary(ListenerSchema, message);
}

function tlsChain(port: InboundPort, context: DialectContext): FilterChain {
  return {
    name: `mtls|${port.port}`,
    filterChainMatch: { transportProtocol: 'tls', serverNames: [...port.serverNames] },
    filters: portFilters(port),
    transportSocket: {
      name: 'envoy.transport_sockets.tls',
      configType: typed(DownstreamTlsContextSchema, {
        requireClientCertificate: true,
        commonTlsContext: {
          // Whoever is of the trust domain; what a member may do is for authorization to say.
          ...commonTlsContext(
            [{ matchPattern: { case: 'prefix', value: `spiffe://${context.trustDomain}/` } }],
            context.secretFiles,
          ),
          tlsParams: {
            tlsMinimumProtocolVersion: TlsParameters_TlsProtocol.TLSv1_3,
            tlsMaximumProtocolVersion: TlsParameters_TlsProtocol.TLSv1_3,
          },
          alpnProtocols: port.protocol === 'tcp' || port.protocol === 'tls' ? [] : ['h2', 'http/1.1'],
        },
      }),
    },
  };
}

/** Without such a port a plaintext connection finds no chain and is closed without a byte. */
function plaintextChain(ports: readonly InboundPort[], all: readonly InboundPort[]): FilterChain[] {
  const filters = plaintextFilters(ports, all);
  if (filters.length === 0) return [];
  return [{ name: 'plaintext', filterChainMatch: { transportProtocol: 'raw_buffer' }, filters }];
}
