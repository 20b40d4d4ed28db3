// RateLimit: how many requests or connections its target takes, for whom, counted by each proxy or for all of them.
import { z } from 'zod';
import { durationMs, isDuration } from '../duration.ts';
import { MALHA_API_VERSION, namespacedMetadata, sectionTargetRef } from './metadata.ts';
import { requestMatch } from './request-match.ts';
import { dnsLabel, duration, headerName, portNumber } from './scalars.ts';

const count = z.int().min(1).max(10_000_000);
const DAY_MS = 86_400_000;

const interval = duration.refine(
  (text) => !isDuration(text) || (durationMs(text) > 0 && durationMs(text) <= DAY_MS),
  'must be longer than 0 and at most 24h',
);

/** What gives a request a bucket of its own. */
const limitKey = z.discriminatedUnion('type', [
  /** The SPIFFE ID that the caller proved. */
  z.strictObject({ type: z.literal('Identity') }),
  z.strictObject({ type: z.literal('Address') }),
  /** Without the query. */
  z.strictObject({ type: z.literal('Path') }),
  z.strictObject({ type: z.literal('Header'), name: headerName }),
]);
export type LimitKeySpec = z.infer<typeof limitKey>;

const limit = z.strictObject({
  name: dnsLabel,
  match: requestMatch.optional(),
  by: z.array(limitKey).min(1).max(4).optional(),
  requests: count,
  interval: interval.optional(),
  /** Requests that may come at once after silence; as many as `requests` when not given. */
  burst: count.optional(),
  scope: z.enum(['Local', 'Global']).optional(),
});
export type RequestLimitSpec = z.infer<typeof limit>;

const connectionLimit = z.strictObject({ limit: count, interval: interval.optional(), burst: count.optional() });

/** The service that counts for limits of scope Global: `malha ratelimit`, or any other that speaks Envoy's contract. */
const globalService = z.strictObject({
  service: z.strictObject({ name: dnsLabel, namespace: dnsLabel.optional(), port: portNumber.optional() }).optional(),
  timeout: duration.optional(),
  onFailure: z.enum(['Allow', 'Deny']).optional(),
});

export const rateLimitSchema = z.strictObject({
  apiVersion: z.literal(MALHA_API_VERSION),
  kind: z.literal('RateLimit'),
  metadata: namespacedMetadata,
  spec: z
    .strictObject({
      targetRef: sectionTargetRef(['Mesh', 'Namespace', 'Service', 'Workload', 'HTTPRoute', 'GRPCRoute']),
      limits: z.array(limit).min(1).max(32).optional(),
      /** New connections to ports of bytes (appProtocol tcp and tls). */
      connections: connectionLimit.optional(),
      /** Whether requests that pass learn what is left (RateLimit headers), too. */
      quotaHeaders: z.enum(['OnLimit', 'Always']).optional(),
      global: globalService.optional(),
    })
    .superRefine((spec, context) => {
      if (spec.limits === undefined && spec.connections === undefined)
        context.addIssue({ code: 'custom', message: 'must have limits or connections' });
      const names = new Set<string>();
      for (const [index, { name }] of (spec.limits ?? []).entries()) {
        if (names.has(name))
          context.addIssue({ code: 'custom', path: ['limits', index, 'name'], message: 'stands twice' });
        names.add(name);
      }
    }),
});
export type RateLimitResource = z.infer<typeof rateLimitSchema>;
