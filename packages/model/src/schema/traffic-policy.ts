// TrafficPolicy: how calls to its target are carried (connections, timeouts, balancing, retries, ejection).
import { z } from 'zod';
import { MALHA_API_VERSION, namespacedMetadata, sectionTargetRef } from './metadata.ts';
import { duration } from './scalars.ts';

const count = z.int().min(1).max(1_000_000);

export const retryOn = z.enum([
  'connect-failure',
  'refused-stream',
  'reset',
  'gateway-error',
  '5xx',
  'retriable-status',
]);
export type RetryOn = z.infer<typeof retryOn>;

export const loadBalancerType = z.enum(['RoundRobin', 'LeastRequest', 'Random']);

const retries = z.strictObject({
  attempts: z.int().min(0).max(10).optional(),
  on: z.array(retryOn).max(6).optional(),
  statusCodes: z.array(z.int().min(400).max(599)).max(64).optional(),
  backoff: z.strictObject({ base: duration.optional(), max: duration.optional() }).optional(),
  budget: z
    .strictObject({
      percent: z.number().min(0).max(100).optional(),
      minConcurrent: z.int().min(0).max(1_000_000).optional(),
    })
    .optional(),
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
    timeouts: z.strictObject({ request: duration.optional(), streamIdle: duration.optional() }).optional(),
    loadBalancer: z.strictObject({ type: loadBalancerType }).optional(),
    retries: retries.optional(),
    outlierDetection: z
      .strictObject({
        consecutive5xx: z.int().min(0).max(1000).optional(),
        interval: duration.optional(),
        baseEjection: duration.optional(),
        maxEjectionPercent: z.int().min(0).max(100).optional(),
      })
      .optional(),
  }),
});
export type TrafficPolicyResource = z.infer<typeof trafficPolicySchema>;
export type TrafficPolicySpec = Omit<TrafficPolicyResource['spec'], 'targetRef'>;
