// Every default of the mesh, with its unit. Stored resources never hold them: they are applied when compiling.
import type { Isolation } from './schema/namespace.ts';
import type { AppProtocol } from './schema/service.ts';
import type { LoadBalancerType, RetryOn } from './schema/traffic-policy.ts';

export interface TrafficDefaults {
  readonly connectTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly maxConnections: number;
  readonly maxPending: number;
  readonly maxRequests: number;
  /** 0 = no limit. */
  readonly requestTimeoutMs: number;
  readonly streamIdleTimeoutMs: number;
  /** 0 = no limit. Of every request, also of streams that last by design. */
  readonly maxDurationMs: number;
  readonly loadBalancer: LoadBalancerType;
  /** 0 = an endpoint that joins gets its whole share at once. */
  readonly slowStartMs: number;
  /** Percent of available endpoints below which all are used; 0 = only when none is available. */
  readonly panicPercent: number;
  readonly localityMode: 'Off' | 'Failover' | 'Weighted';
  /** Attempts after the first. */
  readonly retryAttempts: number;
  readonly retryOn: readonly RetryOn[];
  readonly retryStatusCodes: readonly number[];
  readonly retryBackoffBaseMs: number;
  readonly retryBackoffMaxMs: number;
  readonly retryBudgetPercent: number;
  readonly retryBudgetMinConcurrent: number;
  readonly retryBodyBytesMax: number;
  /** 0 = off, as for the next two. */
  readonly outlierConsecutive5xx: number;
  readonly outlierConsecutiveGatewayErrors: number;
  readonly outlierConsecutiveLocalErrors: number;
  readonly outlierIntervalMs: number;
  readonly outlierBaseEjectionMs: number;
  readonly outlierMaxEjectionMs: number;
  readonly outlierMaxEjectionPercent: number;
}

export const trafficDefaults: TrafficDefaults = {
  connectTimeoutMs: 5000,
  idleTimeoutMs: 3_600_000,
  maxConnections: 1024,
  maxPending: 1024,
  maxRequests: 1024,
  requestTimeoutMs: 15_000,
  streamIdleTimeoutMs: 300_000,
  maxDurationMs: 0,
  loadBalancer: 'LeastRequest',
  slowStartMs: 0,
  panicPercent: 0,
  localityMode: 'Off',
  retryAttempts: 2,
  // `gateway-error` and `reset` are tried again only for idempotent methods; the engine sees to that.
  retryOn: ['connect-failure', 'refused-stream', 'reset', 'gateway-error'],
  retryStatusCodes: [],
  retryBackoffBaseMs: 25,
  retryBackoffMaxMs: 250,
  retryBudgetPercent: 20,
  retryBudgetMinConcurrent: 3,
  retryBodyBytesMax: 65_536,
  outlierConsecutive5xx: 5,
  outlierConsecutiveGatewayErrors: 0,
  outlierConsecutiveLocalErrors: 5,
  outlierIntervalMs: 10_000,
  outlierBaseEjectionMs: 30_000,
  outlierMaxEjectionMs: 300_000,
  outlierMaxEjectionPercent: 10,
};

/** Of the rules of outlier detection that look at all endpoints, once a policy asks for them. */
export const outlierRuleDefaults = {
  successRate: { minEndpoints: 5, minRequests: 100, stdevFactor: 1.9 },
  failurePercentage: { threshold: 85, minEndpoints: 5, minRequests: 50 },
} as const;

/** Of active health checks, once a policy names a kind of probe. */
export const healthCheckDefaults = {
  intervalMs: 5_000,
  timeoutMs: 1_000,
  jitterPercent: 10,
  unhealthyThreshold: 3,
  healthyThreshold: 2,
} as const;

/** Of a circuit breaker by success rate, once a policy asks for one. */
export const circuitBreakerDefaults = {
  successRatePercent: 80,
  windowMs: 10_000,
  minRequests: 5,
  openMs: 5_000,
  openMaxMs: 60_000,
  halfOpenRequests: 3,
} as const;

/** Of adaptive concurrency, once a policy asks for it. */
export const overloadDefaults = {
  minConcurrency: 1,
  maxConcurrency: 1000,
  maxQueue: 100,
  queueTimeoutMs: 100,
} as const;

/** Of hedging, once a policy asks for it. */
export const hedgingDefaults = { maxAttempts: 2, percent: 100 } as const;

/** Of a fallback, once a policy asks for one; the bounds are those of the last good answers of one route. */
export const fallbackDefaults = {
  on: ['gateway-error', 'unavailable', 'timeout'],
  maxAgeMs: 600_000,
  maxEntries: 1000,
  maxBytes: 8 * 1024 * 1024,
} as const;

export const defaults = {
  traffic: trafficDefaults,
  trustDomain: 'mesh.local',
  namespaceIsolation: 'open' satisfies Isolation,
  mtlsMode: 'STRICT',
  authorizationMode: 'Enforce',
  appProtocol: 'http' satisfies AppProtocol,
  rateLimit: {
    intervalMs: 1000,
    globalService: 'ratelimit',
    globalTimeoutMs: 100,
    failsOpen: true,
  },
  faultStop: {
    windowMs: 30_000,
    minRequests: 20,
  },
  faultExperiment: {
    beforeMs: 60_000,
    afterMs: 60_000,
    minRequests: 50,
  },
  workloadWeight: 1,
  inboundPort: 15_006,
  outboundPort: 15_001,
  tracingSamplePercent: 1,
  certificateHours: 24,
  /** Gateway API. */
  httpRoute: {
    parentGroup: 'gateway.networking.k8s.io',
    parentKind: 'Gateway',
    backendGroup: '',
    backendKind: 'Service',
    backendWeight: 1,
    pathType: 'PathPrefix',
    pathValue: '/',
    valueType: 'Exact',
    redirectStatus: 302,
    fractionDenominator: 100,
    corsMaxAgeSeconds: 5,
  },
} as const;
