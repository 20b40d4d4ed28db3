// Listener of a declared upstream -> TcpListener of the engine.
import type { ClusterName, TcpBackend, TcpListener, TcpRoute } from '@malha/traffic';
import { TCP_METADATA } from '@malha/xds/extension-names';
import {
  type FilterChain,
  FilterChainMatchSchema,
  FilterChainSchema,
  FilterSchema,
} from '@malha/xds/generated/envoy/config/listener/v3/listener_components_pb';
import {
  ListenerSchema,
  type Listener as WireListener,
} from '@malha/xds/generated/envoy/config/listener/v3/listener_pb';
import {
  TcpProxy_WeightedCluster_ClusterWeightSchema,
  TcpProxySchema,
} from '@malha/xds/generated/envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy_pb';
import { ClusterInfoSchema } from '@malha/xds/generated/malha/extensions/v1/extensions_pb';
import { protocol } from './enums.ts';
import { listeningPort } from './listening-port.ts';
import { onlyMetadata } from './metadata.ts';
import { onlyFields, ResourceError, required, unpack } from './strict.ts';

const checkListener = onlyFields(ListenerSchema, ['name', 'address', 'trafficDirection', 'metadata', 'filterChains']);
const checkChain = onlyFields(FilterChainSchema, ['name', 'filterChainMatch', 'filters']);
const checkMatch = onlyFields(FilterChainMatchSchema, ['serverNames']);
const checkFilter = onlyFields(FilterSchema, ['name', 'typedConfig']);
const checkProxy = onlyFields(TcpProxySchema, ['statPrefix', 'weightedClusters']);
const checkWeight = onlyFields(TcpProxy_WeightedCluster_ClusterWeightSchema, ['name', 'weight']);
const checkCalled = onlyFields(ClusterInfoSchema, ['service', 'port', 'protocol']);

export function tcpListener(from: WireListener): TcpListener {
  checkListener(from, '');
  const metadata = onlyMetadata(from.metadata, TCP_METADATA, 'metadata');
  const called = unpack(ClusterInfoSchema, metadata, `metadata.typed_filter_metadata[${TCP_METADATA}]`);
  checkCalled(called, 'metadata');
  const service = required(called.service, 'metadata.service');
  const spoken = protocol(called.protocol, 'metadata.protocol');
  if (spoken !== 'tcp' && spoken !== 'tls') throw new ResourceError('metadata.protocol', 'neither TCP nor TLS');
  return {
    port: listeningPort(from),
    protocol: spoken,
    service: { namespace: service.namespace, name: service.name },
    servicePort: called.port,
    routes: from.filterChains.map((chain, index) => tcpRoute(chain, `filter_chains[${index}]`)),
  };
}

function tcpRoute(chain: FilterChain, path: string): TcpRoute {
  checkChain(chain, path);
  const match = required(chain.filterChainMatch, `${path}.filter_chain_match`);
  checkMatch(match, `${path}.filter_chain_match`);
  const [filter, ...more] = chain.filters;
  const at = `${path}.filters[0]`;
  if (filter === undefined || more.length > 0) throw new ResourceError(`${path}.filters`, 'not exactly one filter');
  checkFilter(filter, at);
  const proxy = unpack(
    TcpProxySchema,
    filter.configType.case === 'typedConfig' ? filter.configType.value : undefined,
    `${at}(${filter.name})`,
  );
  checkProxy(proxy, at);
  if (proxy.clusterSpecifier.case !== 'weightedClusters') throw new ResourceError(`${at}.weighted_clusters`, 'missing');
  return {
    name: chain.name,
    serverNames: match.serverNames,
    clusters: proxy.clusterSpecifier.value.clusters.map((weighted, index): TcpBackend => {
      checkWeight(weighted, `${at}.weighted_clusters.clusters[${index}]`);
      return { cluster: weighted.name as ClusterName, weight: weighted.weight };
    }),
  };
}
