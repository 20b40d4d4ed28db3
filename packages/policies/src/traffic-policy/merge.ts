// Merges traffic policies field by field: of the levels that set a field, the most specific wins.
import { durationMs, type TrafficDefaults, type TrafficPolicySpec, trafficDefaults } from '@malha/model';

/** Every field with its value; the defaults where no policy sets it. */
export type EffectiveTraffic = TrafficDefaults;

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
    loadBalancer: pick((s) => s.loadBalancer?.type) ?? base.loadBalancer,
    retryAttempts: pick((s) => s.retries?.attempts) ?? base.retryAttempts,
    retryOn: pick((s) => s.retries?.on) ?? base.retryOn,
    retryStatusCodes: pick((s) => s.retries?.statusCodes) ?? base.retryStatusCodes,
    retryBackoffBaseMs: ms((s) => s.retries?.backoff?.base) ?? base.retryBackoffBaseMs,
    retryBackoffMaxMs: ms((s) => s.retries?.backoff?.max) ?? base.retryBackoffMaxMs,
    retryBudgetPercent: pick((s) => s.retries?.budget?.percent) ?? base.retryBudgetPercent,
    retryBudgetMinConcurrent: pick((s) => s.retries?.budget?.minConcurrent) ?? base.retryBudgetMinConcurrent,
    retryBodyBytesMax: base.retryBodyBytesMax,
    outlierConsecutive5xx: pick((s) => s.outlierDetection?.consecutive5xx) ?? base.outlierConsecutive5xx,
    outlierIntervalMs: ms((s) => s.outlierDetection?.interval) ?? base.outlierIntervalMs,
    outlierBaseEjectionMs: ms((s) => s.outlierDetection?.baseEjection) ?? base.outlierBaseEjectionMs,
    outlierMaxEjectionPercent: pick((s) => s.outlierDetection?.maxEjectionPercent) ?? base.outlierMaxEjectionPercent,
  };
}
