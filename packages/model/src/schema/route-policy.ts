// RoutePolicy: what a route or one of its rules needs beyond the Gateway API's fields.
import { z } from 'zod';
import { MALHA_API_VERSION, namespacedMetadata, sectionTargetRef } from './metadata.ts';
import { requestPriority } from './overload.ts';
import { fallback, hedging } from './route-resilience.ts';
import { dnsLabel, dnsSubdomain, headerName, labels } from './scalars.ts';

const caller = z.strictObject({
  namespace: dnsLabel.optional(),
  serviceAccount: dnsSubdomain.optional(),
  labels: labels.optional(),
});

/** Device classes that a caller's User-Agent is sorted into. */
export const deviceClass = z.enum(['mobile', 'tablet', 'desktop', 'bot']);

const cohort = z
  .strictObject({
    cookie: z.string().min(1).max(256).optional(),
    header: headerName.optional(),
    claim: z.string().min(1).max(256).optional(),
    source: z.literal('identity').optional(),
  })
  .refine((key) => Object.values(key).filter((value) => value !== undefined).length === 1, {
    message: 'must have exactly one of cookie, header, claim and source',
  });

export const routePolicySchema = z.strictObject({
  apiVersion: z.literal(MALHA_API_VERSION),
  kind: z.literal('RoutePolicy'),
  metadata: namespacedMetadata,
  spec: z.strictObject({
    targetRef: sectionTargetRef(['HTTPRoute', 'GRPCRoute']),
    /** All parts must hold, else the next rule is tried. */
    match: z
      .strictObject({
        callers: z.array(caller).min(1).max(64).optional(),
        percent: z.number().min(0).max(100).optional(),
        devices: z.array(deviceClass).min(1).optional(),
        countries: z
          .array(z.string().regex(/^[A-Z]{2}$/, 'must be an ISO 3166-1 code of two capital letters'))
          .min(1)
          .max(250)
          .optional(),
      })
      .optional(),
    cohort: cohort.optional(),
    hedging: hedging.optional(),
    fallback: fallback.optional(),
    /** What is shed first when the destination has more than it can work on. */
    priority: requestPriority.optional(),
  }),
});
export type RoutePolicyResource = z.infer<typeof routePolicySchema>;
export type RoutePolicySpec = Omit<RoutePolicyResource['spec'], 'targetRef'>;
