// TrafficPolicy: how calls to its target are carried (connections, timeouts, balancing, retries, ejection).
import { z } from 'zod';
import { durationMs } from '../duration.ts';
import { MALHA_API_VERSION, namespacedMetadata, sectionTargetRef } from './metadata.ts';
import { overload, requests } from './overload.ts';
import { duration, headerName, hostname } from './scalars.ts';

const count = z.int().min(1).max(1_000_000);

const positiveDuration = duration.refine((text) => durationMs(text) > 0, 'must be more than 0');

export const retryOn = z.enum([
  'connect-failure',
  'refused-stream',
  'reset',
  'gateway-error',
  '5xx',
  'retriable-status',
  // The status of a gRPC call that failed before any message of its response.
  'cancelled',
  'deadline-exceeded',
  'internal',
  'resource-exhausted',
  'unavailable',
]);
export type RetryOn = z.infer<typeof retryOn>;

export const loadBalancerType = z.enum([
  'RoundRobin',
  'LeastRequest',
  'LeastConnection',
  'Random',
  'RingHash',
  'Maglev',
  'SourceIp',
  'PeakEwma',
]);
export type LoadBalancerType = z.infer<typeof loadBalancerType>;

/** What a hashing balancer hashes; the first that a request has decides. */
const hashKey = z
  .strictObject({
    header: headerName.optional(),
    cookie: z.string().min(1).max(256).optional(),
    query: z.string().min(1).max(256).optional(),
    source: z.literal('ip').optional(),
  })
  .refine((key) => Object.values(key).filter((value) => value !== undefined).length === 1, {
    message: 'must have exactly one of header, cookie, query and source',
  });

/** Endpoints near the caller first (Failover), or a fixed part of the requests for each zone (Weighted). */
const locality = z
  .strictObject({
    mode: z.enum(['Off', 'Failover', 'Weighted']).optional(),
    weights: z
      .array(
        z.strictObject({
          region: z.string().max(253).optional(),
          zone: z.string().max(253).optional(),
          weight: z.int().min(1).max(1000),
        }),
      )
      .min(1)
      .max(64)
      .optional(),
  })
  .refine(({ mode, weights }) => mode !== 'Weighted' || weights !== undefined, {
    path: ['weights'],
    message: 'are required for mode Weighted',
  });

const loadBalancer = z
  .strictObject({
    type: loadBalancerType.optional(),
    hashOn: z.array(hashKey).min(1).max(8).optional(),
    tableSize: z.int().min(3).max(5_000_011).refine(isPrime, 'must be a prime number').optional(),
    slowStart: duration.optional(),
    panicThreshold: z.int().min(0).max(100).optional(),
    locality: locality.optional(),
  })
  .refine(({ type, hashOn }) => (type !== 'RingHash' && type !== 'Maglev') || hashOn !== undefined, {
    path: ['hashOn'],
    message: 'is required for RingHash and Maglev',
  });

const minimum = z.int().min(1).max(1_000_000);

const outlierDetection = z.strictObject({
  consecutive5xx: z.int().min(0).max(1000).optional(),
  consecutiveGatewayErrors: z.int().min(0).max(1000).optional(),
  consecutiveLocalErrors: z.int().min(0).max(1000).optional(),
  interval: positiveDuration.optional(),
  baseEjection: positiveDuration.optional(),
  maxEjection: positiveDuration.optional(),
  maxEjectionPercent: z.int().min(0).max(100).optional(),
  successRate: z
    .strictObject({
      minEndpoints: minimum.optional(),
      minRequests: minimum.optional(),
      stdevFactor: z.number().min(0).max(10).optional(),
    })
    .optional(),
  failurePercentage: z
    .strictObject({
      threshold: z.int().min(1).max(100).optional(),
      minEndpoints: minimum.optional(),
      minRequests: minimum.optional(),
    })
    .optional(),
});

const retries = z.strictObject({
  attempts: z.int().min(0).max(10).optional(),
  on: z.array(retryOn).max(retryOn.options.length).optional(),
  statusCodes: z.array(z.int().min(400).max(599)).max(64).optional(),
  backoff: z.strictObject({ base: duration.optional(), max: duration.optional() }).optional(),
  budget: z
    .strictObject({
      percent: z.number().min(0).max(100).optional(),
      minConcurrent: z.int().min(0).max(1_000_000).optional(),
    })
    .optional(),
});

/** By success rate; the limits of `connection` are the other kind of breaker. */
const circuitBreaker = z.strictObject({
  /** Percent. */
  successRate: z.number().min(1).max(100).optional(),
  window: positiveDuration.optional(),
  minRequests: minimum.optional(),
  open: positiveDuration.optional(),
  openMax: positiveDuration.optional(),
  halfOpenRequests: z.int().min(1).max(1000).optional(),
});

const threshold = z.int().min(1).max(100);

/** Exactly one of `http`, `grpc` and `tcp`. */
const healthCheck = z
  .strictObject({
    http: z
      .strictObject({
        path: z
          .string()
          .max(1024)
          .regex(/^\/[!-~]*$/, 'must begin with "/" and have no blanks'),
        host: hostname.optional(),
        expectedStatuses: z.array(z.int().min(100).max(599)).min(1).max(64).optional(),
      })
      .optional(),
    grpc: z.strictObject({ service: z.string().max(256).optional() }).optional(),
    tcp: z.strictObject({}).optional(),
    interval: positiveDuration.optional(),
    timeout: positiveDuration.optional(),
    jitterPercent: z.int().min(0).max(100).optional(),
    unhealthyThreshold: threshold.optional(),
    healthyThreshold: threshold.optional(),
  })
  .refine(({ http, grpc, tcp }) => [http, grpc, tcp].filter((kind) => kind !== undefined).length <= 1, {
    message: 'must have at most one of http, grpc and tcp',
  });

export const trafficPolicySchema = z.strictObject({
  apiVersion: z.literal(MALHA_API_VERSION),
  kind: z.literal('TrafficPolicy'),
  metadata: namespacedMetadata,
  spec: z.strictObject({
    targetRef: sectionTargetRef(['Service', 'ServiceVersion', 'HTTPRoute', 'GRPCRoute', 'Namespace', 'Mesh']),
    connection: z
      .strictObject({
        connectTimeout: duration.optional(),
        idleTimeout: duration.optional(),
        maxConnections: count.optional(),
        maxPending: count.optional(),
        maxRequests: count.optional(),
      })
      .optional(),
    timeouts: z
      .strictObject({
        request: duration.optional(),
        streamIdle: duration.optional(),
        maxDuration: duration.optional(),
      })
      .optional(),
    loadBalancer: loadBalancer.optional(),
    retries: retries.optional(),
    outlierDetection: outlierDetection.optional(),
    healthCheck: healthCheck.optional(),
    circuitBreaker: circuitBreaker.optional(),
    overload: overload.optional(),
    requests: requests.optional(),
  }),
});
export type TrafficPolicyResource = z.infer<typeof trafficPolicySchema>;
export type TrafficPolicySpec = Omit<TrafficPolicyResource['spec'], 'targetRef'>;

/** A table of a size that is not prime would leave places that some endpoints never reach. */
function isPrime(value: number): boolean {
  for (let divisor = 2; divisor * divisor <= value; divisor++) if (value % divisor === 0) return false;
  return value > 1;
}
