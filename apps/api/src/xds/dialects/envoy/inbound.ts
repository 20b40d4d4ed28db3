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
import { bytesFilters, plaintextFilters, portFilters } from './inbound-filters.ts';
import { typed } from './types.ts';

const HTTP_ALPN = ['h2', 'http/1.1'];

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
    filterChains: [...encrypted.flatMap((port) => tlsChains(port, context)), ...plaintextChain(plaintext, ports)],
  });
  return toBinary(ListenerSchema, message);
}

/** A port that takes bytes too has them from callers without ALPN. */
function tlsChains(port: InboundPort, context: DialectContext): FilterChain[] {
  const name = `mtls|${port.port}`;
  if (!port.takesBytes)
    return [tlsChain({ name, filters: portFilters(port), applicationProtocols: [] }, port, context)];
  return [
    tlsChain({ name, filters: portFilters(port), applicationProtocols: HTTP_ALPN }, port, context),
    tlsChain({ name: `${name}|bytes`, filters: bytesFilters(port), applicationProtocols: [] }, port, context),
  ];
}

interface ChainParts extends Required<Pick<FilterChain, 'name' | 'filters'>> {
  readonly applicationProtocols: string[];
}

function tlsChain(
  { name, filters, applicationProtocols }: ChainParts,
  port: InboundPort,
  context: DialectContext,
): FilterChain {
  return {
    name,
    filterChainMatch: { transportProtocol: 'tls', serverNames: [...port.serverNames], applicationProtocols },
    filters,
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
          alpnProtocols: port.protocol === 'tcp' || port.protocol === 'tls' ? [] : HTTP_ALPN,
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
