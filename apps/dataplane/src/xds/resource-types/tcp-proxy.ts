// The TCP proxy of a filter chain -> backends with their weights.
import type { ClusterName, TcpBackend } from '@malha/traffic';
import { type FilterChain, FilterSchema } from '@malha/xds/generated/envoy/config/listener/v3/listener_components_pb';
import {
  TcpProxy_WeightedCluster_ClusterWeightSchema,
  TcpProxySchema,
} from '@malha/xds/generated/envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy_pb';
import { onlyFields, ResourceError, unpack } from './strict.ts';

const checkFilter = onlyFields(FilterSchema, ['name', 'typedConfig']);
const checkProxy = onlyFields(TcpProxySchema, ['statPrefix', 'weightedClusters']);
const checkWeight = onlyFields(TcpProxy_WeightedCluster_ClusterWeightSchema, ['name', 'weight']);

export interface DecodedTcpProxy {
  readonly statPrefix: string;
  readonly clusters: readonly TcpBackend[];
}

/** `path`: of the chain. */
export function tcpProxy({ filters }: FilterChain, path: string): DecodedTcpProxy {
  const [filter, ...more] = filters;
  if (filter === undefined || more.length > 0) throw new ResourceError(`${path}.filters`, 'not exactly one filter');
  const at = `${path}.filters[0]`;
  checkFilter(filter, at);
  const { configType } = filter;
  const config = configType.case === 'typedConfig' ? configType.value : undefined;
  const proxy = unpack(TcpProxySchema, config, `${at}(${filter.name})`);
  checkProxy(proxy, at);
  const { clusterSpecifier, statPrefix } = proxy;
  if (clusterSpecifier.case !== 'weightedClusters') throw new ResourceError(`${at}.weighted_clusters`, 'missing');
  const clusters = clusterSpecifier.value.clusters.map((weighted, index): TcpBackend => {
    checkWeight(weighted, `${at}.weighted_clusters.clusters[${index}]`);
    return { cluster: weighted.name as ClusterName, weight: weighted.weight };
  });
  return { statPrefix, clusters };
}
