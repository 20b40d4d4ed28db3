// From merged traffic policies to the settings of clusters: connections, balancing, ejection.
import type { Cluster, HashKey, HealthCheckConfig, LoadBalancerConfig, OutlierDetectionConfig } from '@malha/traffic';
import type { EffectiveHealthCheck, EffectiveTraffic } from './merge.ts';

export type ClusterSettings = Pick<
  Cluster,
  'connectTimeoutMs' | 'idleTimeoutMs' | 'limits' | 'loadBalancer' | 'outlierDetection' | 'healthCheck'
>;

export function clusterSettings(effective: EffectiveTraffic): ClusterSettings {
  const outlierDetection = outlierDetectionOf(effective);
  return {
    connectTimeoutMs: effective.connectTimeoutMs,
    idleTimeoutMs: effective.idleTimeoutMs,
    limits: {
      maxConnections: effective.maxConnections,
      maxPending: effective.maxPending,
      maxRequests: effective.maxRequests,
    },
    loadBalancer: loadBalancerOf(effective),
    ...(outlierDetection !== undefined && { outlierDetection }),
    ...(effective.healthCheck !== undefined && { healthCheck: healthCheckOf(effective.healthCheck) }),
  };
}

/** Undefined when localities make no difference. */
export function localityPolicyOf({ localityMode, localityWeights = [] }: EffectiveTraffic): LocalityPolicy | undefined {
  if (localityMode === 'Failover') return { mode: 'Failover' };
  return localityMode === 'Weighted' ? { mode: 'Weighted', weights: localityWeights } : undefined;
}

export type LocalityPolicy =
  | { readonly mode: 'Failover' }
  | { readonly mode: 'Weighted'; readonly weights: NonNullable<EffectiveTraffic['localityWeights']> };

function loadBalancerOf(effective: EffectiveTraffic): LoadBalancerConfig {
  const { loadBalancer, slowStartMs, panicPercent, tableSize } = effective;
  const panic = panicPercent > 0 ? { panicPercent } : {};
  if (loadBalancer === 'RingHash' || loadBalancer === 'Maglev' || loadBalancer === 'SourceIp') {
    const type = loadBalancer === 'RingHash' ? 'RingHash' : 'Maglev';
    const hashKeys: HashKey[] =
      loadBalancer === 'SourceIp' ? [{ type: 'source' }] : (effective.hashOn ?? []).map(hashKeyOf);
    return { type, hashKeys, ...(tableSize !== undefined && type === 'Maglev' && { tableSize }), ...panic };
  }
  return { type: loadBalancer, ...(slowStartMs > 0 && { slowStartMs }), ...panic };
}

function hashKeyOf({ header, cookie, query }: NonNullable<EffectiveTraffic['hashOn']>[number]): HashKey {
  if (header !== undefined) return { type: 'header', name: header.toLowerCase() };
  if (cookie !== undefined) return { type: 'cookie', name: cookie };
  return query === undefined ? { type: 'source' } : { type: 'query', name: query };
}

/** Undefined when no rule is on, so that nothing is counted either. */
function outlierDetectionOf(effective: EffectiveTraffic): OutlierDetectionConfig | undefined {
  const { outlierSuccessRate: successRate, outlierFailurePercentage: failurePercentage } = effective;
  const consecutive = {
    consecutive5xx: effective.outlierConsecutive5xx,
    consecutiveGatewayErrors: effective.outlierConsecutiveGatewayErrors,
    consecutiveLocalErrors: effective.outlierConsecutiveLocalErrors,
  };
  const isOff = Object.values(consecutive).every((limit) => limit === 0);
  if (effective.outlierMaxEjectionPercent === 0) return undefined;
  if (isOff && successRate === undefined && failurePercentage === undefined) return undefined;
  return {
    ...consecutive,
    intervalMs: effective.outlierIntervalMs,
    baseEjectionMs: effective.outlierBaseEjectionMs,
    maxEjectionMs: Math.max(effective.outlierMaxEjectionMs, effective.outlierBaseEjectionMs),
    maxEjectionPercent: effective.outlierMaxEjectionPercent,
    ...(successRate !== undefined && { successRate }),
    ...(failurePercentage !== undefined && { failurePercentage }),
  };
}

function healthCheckOf({ kind, ...timing }: EffectiveHealthCheck): HealthCheckConfig {
  const { http, grpc } = kind;
  if (http !== undefined) {
    const { path, host = '', expectedStatuses = [] } = http;
    return { ...timing, type: 'http', path, host, expectedStatuses };
  }
  return grpc === undefined ? { ...timing, type: 'tcp' } : { ...timing, type: 'grpc', service: grpc.service ?? '' };
}
