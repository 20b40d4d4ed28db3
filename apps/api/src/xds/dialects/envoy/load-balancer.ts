// How a cluster picks, in Envoy's terms: the policy and its options on the cluster, the hash key on the routes to it.
import type { MessageInitShape } from '@bufbuild/protobuf';
import { durationFromMs } from '@bufbuild/protobuf/wkt';
import type { Cluster, ForwardAction, HashKey, LoadBalancerConfig, LoadBalancerType } from '@malha/traffic';
import {
  type Cluster_SlowStartConfigSchema,
  type ClusterSchema,
  Cluster_LbPolicy as Policy,
} from '@malha/xds/generated/envoy/config/cluster/v3/cluster_pb';
import type { RouteAction_HashPolicySchema } from '@malha/xds/generated/envoy/config/route/v3/route_components_pb';
import { cohortKeyOf } from './cohorts.ts';

type ClusterInit = MessageInitShape<typeof ClusterSchema>;
type HashPolicy = MessageInitShape<typeof RouteAction_HashPolicySchema>;

/** Envoy knows neither connections nor latencies; requests in flight come nearest to both. */
const POLICIES = {
  RoundRobin: Policy.ROUND_ROBIN,
  LeastRequest: Policy.LEAST_REQUEST,
  LeastConnection: Policy.LEAST_REQUEST,
  PeakEwma: Policy.LEAST_REQUEST,
  Random: Policy.RANDOM,
  RingHash: Policy.RING_HASH,
  Maglev: Policy.MAGLEV,
} as const satisfies Record<LoadBalancerType, Policy>;

const SLOW_START_PERCENT_MIN = 10;

/**
 * Endpoints that the control plane holds for unhealthy are not sent at all: only ejected ones are left to panic about, and
 * when all are, a guess is better than a sure failure.
 */
const PANIC_PERCENT_MIN = 1;

export function loadBalancerFields(
  config: LoadBalancerConfig,
): Pick<ClusterInit, 'lbPolicy' | 'lbConfig' | 'commonLbConfig'> {
  const value = Math.max(PANIC_PERCENT_MIN, config.panicPercent ?? 0);
  return {
    lbPolicy: POLICIES[config.type],
    commonLbConfig: { healthyPanicThreshold: { value } },
    ...optionsOf(config),
  };
}

function optionsOf({ type, slowStartMs = 0, tableSize }: LoadBalancerConfig): Pick<ClusterInit, 'lbConfig'> {
  if (type === 'Maglev' && tableSize !== undefined)
    return { lbConfig: { case: 'maglevLbConfig', value: { tableSize: BigInt(tableSize) } } };
  if (slowStartMs === 0) return {};
  const slowStartConfig: MessageInitShape<typeof Cluster_SlowStartConfigSchema> = {
    slowStartWindow: durationFromMs(slowStartMs),
    minWeightPercent: { value: SLOW_START_PERCENT_MIN },
  };
  if (type === 'RoundRobin') return { lbConfig: { case: 'roundRobinLbConfig', value: { slowStartConfig } } };
  if (POLICIES[type] === Policy.LEAST_REQUEST)
    return { lbConfig: { case: 'leastRequestLbConfig', value: { slowStartConfig } } };
  return {};
}

/** The key of a sticky split, then those of the first cluster that hashes; Envoy knows one list of keys for a route. */
export function hashPolicies(action: ForwardAction, clusters: ReadonlyMap<string, Cluster>): HashPolicy[] {
  const cohort = cohortKeyOf(action);
  const ofClusters = action.clusters.map(({ cluster }) => clusters.get(cluster)?.loadBalancer.hashKeys);
  const keys = [...(cohort === undefined ? [] : [cohort]), ...(ofClusters.find((each) => each !== undefined) ?? [])];
  // Terminal: the first key that a request has decides, and the others are not added to it.
  return keys.map((key) => ({ policySpecifier: specifier(key), terminal: true }));
}

function specifier(key: HashKey): NonNullable<HashPolicy['policySpecifier']> {
  switch (key.type) {
    case 'header':
      return { case: 'header', value: { headerName: key.name } };
    case 'cookie':
      return { case: 'cookie', value: { name: key.name } };
    case 'query':
      return { case: 'queryParameter', value: { name: key.name } };
    case 'source':
      return { case: 'connectionProperties', value: { sourceIp: true } };
  }
}
