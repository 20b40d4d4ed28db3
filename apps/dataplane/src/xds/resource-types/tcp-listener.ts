// Listener of a declared upstream -> TcpListener of the engine.
import type { TcpListener, TcpRoute } from '@malha/traffic';
import { TCP_METADATA } from '@malha/xds/extension-names';
import {
  type FilterChain,
  FilterChainMatchSchema,
  FilterChainSchema,
} from '@malha/xds/generated/envoy/config/listener/v3/listener_components_pb';
import {
  ListenerSchema,
  type Listener as WireListener,
} from '@malha/xds/generated/envoy/config/listener/v3/listener_pb';
import { TcpListenerSchema } from '@malha/xds/generated/malha/extensions/v1/extensions_pb';
import { protocol } from './enums.ts';
import { fault } from './faults.ts';
import { listeningPort } from './listening-port.ts';
import { onlyMetadata } from './metadata.ts';
import { onlyFields, ResourceError, required, unpack } from './strict.ts';
import { tcpProxy } from './tcp-proxy.ts';

const checkListener = onlyFields(ListenerSchema, ['name', 'address', 'trafficDirection', 'metadata', 'filterChains']);
const checkChain = onlyFields(FilterChainSchema, ['name', 'filterChainMatch', 'filters']);
const checkMatch = onlyFields(FilterChainMatchSchema, ['serverNames']);
const checkCalled = onlyFields(TcpListenerSchema, ['service', 'port', 'protocol', 'faults', 'httpRouteTable']);

export function tcpListener(from: WireListener): TcpListener {
  checkListener(from, '');
  const metadata = onlyMetadata(from.metadata, TCP_METADATA, 'metadata');
  const called = unpack(TcpListenerSchema, metadata, `metadata.typed_filter_metadata[${TCP_METADATA}]`);
  checkCalled(called, 'metadata');
  const service = required(called.service, 'metadata.service');
  const spoken = protocol(called.protocol, 'metadata.protocol');
  if (spoken !== 'tcp' && spoken !== 'tls') throw new ResourceError('metadata.protocol', 'neither TCP nor TLS');
  const { httpRouteTable } = called;
  if (httpRouteTable !== '' && spoken === 'tls')
    throw new ResourceError('metadata.http_route_table', 'the protocol of the port is declared');
  return {
    port: listeningPort(from),
    protocol: spoken,
    service: { namespace: service.namespace, name: service.name },
    servicePort: called.port,
    routes: from.filterChains.map((chain, index) => tcpRoute(chain, `filter_chains[${index}]`)),
    ...(httpRouteTable !== '' && { httpRouteTable }),
    ...(called.faults.length > 0 && {
      faults: called.faults.map((each, index) => fault(each, `metadata.faults[${index}]`)),
    }),
  };
}

function tcpRoute(chain: FilterChain, path: string): TcpRoute {
  checkChain(chain, path);
  const match = required(chain.filterChainMatch, `${path}.filter_chain_match`);
  checkMatch(match, `${path}.filter_chain_match`);
  const { clusters } = tcpProxy(chain, path);
  return { name: chain.name, serverNames: match.serverNames, clusters };
}
