// Limits and load balancers as Envoy's cluster fields.
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { ClusterLimits, LoadBalancerConfig } from '@malha/traffic';
import type { CircuitBreakers_ThresholdsSchema } from '@malha/xds/generated/envoy/config/cluster/v3/circuit_breaker_pb';
import { Cluster_LbPolicy } from '@malha/xds/generated/envoy/config/cluster/v3/cluster_pb';

export const LB_POLICIES = {
  RoundRobin: Cluster_LbPolicy.ROUND_ROBIN,
  LeastRequest: Cluster_LbPolicy.LEAST_REQUEST,
  Random: Cluster_LbPolicy.RANDOM,
} as const satisfies Record<LoadBalancerConfig['type'], Cluster_LbPolicy>;

export function thresholds(limits: ClusterLimits) {
  return {
    maxConnections: limits.maxConnections,
    maxPendingRequests: limits.maxPending,
    maxRequests: limits.maxRequests,
  } satisfies MessageInitShape<typeof CircuitBreakers_ThresholdsSchema>;
}
