// Merges traffic policies field by field: of the levels that set a field, the most specific wins.
import {
  durationMs,
  healthCheckDefaults,
  outlierRuleDefaults,
  type TrafficDefaults,
  type TrafficPolicySpec,
  trafficDefaults,
} from '@malha/model';

type LoadBalancerSpec = NonNullable<TrafficPolicySpec['loadBalancer']>;

/** Every field with its value; the defaults where no policy sets it. */
export interface EffectiveTraffic extends TrafficDefaults {
  readonly hashOn?: NonNullable<LoadBalancerSpec['hashOn']> | undefined;
  readonly tableSize?: number | undefined;
  readonly localityWeights?: NonNullable<LoadBalancerSpec['locality']>['weights'] | undefined;
  /** Undefined: no level names a kind of probe. */
  readonly healthCheck?: EffectiveHealthCheck | undefined;
  readonly outlierSuccessRate?: OutlierRule<'successRate'> | undefined;
  readonly outlierFailurePercentage?: OutlierRule<'failurePercentage'> | undefined;
}

type HealthCheckSpec = NonNullable<TrafficPolicySpec['healthCheck']>;

export interface EffectiveHealthCheck extends Readonly<Record<keyof typeof healthCheckDefaults, number>> {
  readonly kind: Pick<HealthCheckSpec, 'http' | 'grpc' | 'tcp'>;
}

type OutlierRule<K extends keyof typeof outlierRuleDefaults> = Readonly<
  Record<keyof (typeof outlierRuleDefaults)[K], number>
>;

/** `specs` from the most specific level to the least; within a level the older first. */
export function mergeTraffic(specs: readonly TrafficPolicySpec[]): EffectiveTraffic {
  if (specs.length === 0) return trafficDefaults;
  const pick = <T>(read: (spec: TrafficPolicySpec) => T | undefined): T | undefined => {
    for (const spec of specs) {
      const value = read(spec);
      if (value !== undefined) return value;
    }
    return undefined;
  };
  const ms = (read: (spec: TrafficPolicySpec) => string | undefined): number | undefined => {
    const text = pick(read);
    return text === undefined ? undefined : durationMs(text);
  };
  const base = trafficDefaults;
  return {
    connectTimeoutMs: ms((s) => s.connection?.connectTimeout) ?? base.connectTimeoutMs,
    idleTimeoutMs: ms((s) => s.connection?.idleTimeout) ?? base.idleTimeoutMs,
    maxConnections: pick((s) => s.connection?.maxConnections) ?? base.maxConnections,
    maxPending: pick((s) => s.connection?.maxPending) ?? base.maxPending,
    maxRequests: pick((s) => s.connection?.maxRequests) ?? base.maxRequests,
    requestTimeoutMs: ms((s) => s.timeouts?.request) ?? base.requestTimeoutMs,
    streamIdleTimeoutMs: ms((s) => s.timeouts?.streamIdle) ?? base.streamIdleTimeoutMs,
    maxDurationMs: ms((s) => s.timeouts?.maxDuration) ?? base.maxDurationMs,
    loadBalancer: pick((s) => s.loadBalancer?.type) ?? base.loadBalancer,
    hashOn: pick((s) => s.loadBalancer?.hashOn),
    tableSize: pick((s) => s.loadBalancer?.tableSize),
    slowStartMs: ms((s) => s.loadBalancer?.slowStart) ?? base.slowStartMs,
    panicPercent: pick((s) => s.loadBalancer?.panicThreshold) ?? base.panicPercent,
    localityMode: pick((s) => s.loadBalancer?.locality?.mode) ?? base.localityMode,
    localityWeights: pick((s) => s.loadBalancer?.locality?.weights),
    retryAttempts: pick((s) => s.retries?.attempts) ?? base.retryAttempts,
    retryOn: pick((s) => s.retries?.on) ?? base.retryOn,
    retryStatusCodes: pick((s) => s.retries?.statusCodes) ?? base.retryStatusCodes,
    retryBackoffBaseMs: ms((s) => s.retries?.backoff?.base) ?? base.retryBackoffBaseMs,
    retryBackoffMaxMs: ms((s) => s.retries?.backoff?.max) ?? base.retryBackoffMaxMs,
    retryBudgetPercent: pick((s) => s.retries?.budget?.percent) ?? base.retryBudgetPercent,
    retryBudgetMinConcurrent: pick((s) => s.retries?.budget?.minConcurrent) ?? base.retryBudgetMinConcurrent,
    retryBodyBytesMax: base.retryBodyBytesMax,
    outlierConsecutive5xx: pick((s) => s.outlierDetection?.consecutive5xx) ?? base.outlierConsecutive5xx,
    outlierConsecutiveGatewayErrors:
      pick((s) => s.outlierDetection?.consecutiveGatewayErrors) ?? base.outlierConsecutiveGatewayErrors,
    outlierConsecutiveLocalErrors:
      pick((s) => s.outlierDetection?.consecutiveLocalErrors) ?? base.outlierConsecutiveLocalErrors,
    outlierIntervalMs: ms((s) => s.outlierDetection?.interval) ?? base.outlierIntervalMs,
    outlierBaseEjectionMs: ms((s) => s.outlierDetection?.baseEjection) ?? base.outlierBaseEjectionMs,
    healthCheck: healthCheckOf(pick, ms),
    outlierMaxEjectionMs: ms((s) => s.outlierDetection?.maxEjection) ?? base.outlierMaxEjectionMs,
    outlierSuccessRate: withRule(
      outlierRuleDefaults.successRate,
      pick((s) => s.outlierDetection?.successRate),
    ),
    outlierFailurePercentage: withRule(
      outlierRuleDefaults.failurePercentage,
      pick((s) => s.outlierDetection?.failurePercentage),
    ),
    outlierMaxEjectionPercent: pick((s) => s.outlierDetection?.maxEjectionPercent) ?? base.outlierMaxEjectionPercent,
  };
}

type Read<T> = (spec: TrafficPolicySpec) => T | undefined;

/** The kind of probe is taken whole from one level; times and thresholds field by field. */
function healthCheckOf(
  pick: <T>(read: Read<T>) => T | undefined,
  ms: (read: Read<string>) => number | undefined,
): EffectiveHealthCheck | undefined {
  const kind = pick(({ healthCheck: { http, grpc, tcp } = {} }) => {
    if (http !== undefined) return { http };
    if (grpc !== undefined) return { grpc };
    return tcp === undefined ? undefined : { tcp };
  });
  if (kind === undefined) return undefined;
  const base = healthCheckDefaults;
  return {
    kind,
    intervalMs: ms((s) => s.healthCheck?.interval) ?? base.intervalMs,
    timeoutMs: ms((s) => s.healthCheck?.timeout) ?? base.timeoutMs,
    jitterPercent: pick((s) => s.healthCheck?.jitterPercent) ?? base.jitterPercent,
    unhealthyThreshold: pick((s) => s.healthCheck?.unhealthyThreshold) ?? base.unhealthyThreshold,
    healthyThreshold: pick((s) => s.healthCheck?.healthyThreshold) ?? base.healthyThreshold,
  };
}

/** A rule that a policy names is on, with the defaults for what it leaves open. */
function withRule<T extends Readonly<Record<string, number>>>(
  rule: T,
  given: { readonly [K in keyof T]?: number | undefined } | undefined,
): { readonly [K in keyof T]: number } | undefined {
  if (given === undefined) return undefined;
  const set = Object.entries(given).filter(([, value]) => value !== undefined);
  return { ...rule, ...Object.fromEntries(set) };
}
