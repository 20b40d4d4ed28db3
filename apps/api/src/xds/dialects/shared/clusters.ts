// Limits as Envoy's cluster fields.
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { ClusterLimits } from '@malha/traffic';
import type { CircuitBreakers_ThresholdsSchema } from '@malha/xds/generated/envoy/config/cluster/v3/circuit_breaker_pb';

export function thresholds(limits: ClusterLimits) {
  return {
    maxConnections: limits.maxConnections,
    maxPendingRequests: limits.maxPending,
    maxRequests: limits.maxRequests,
  } satisfies MessageInitShape<typeof CircuitBreakers_ThresholdsSchema>;
}
