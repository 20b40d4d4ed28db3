// Which requests a RateLimit or a FaultInjection is for, beyond its target.
import { z } from 'zod';
import { dnsLabel, dnsSubdomain, headerName } from './scalars.ts';

const VALUES_MAX = 64;

function noInnerStar(text: string): boolean {
  const star = text.indexOf('*');
  return star === -1 || ((star === 0 || star === text.length - 1) && text.indexOf('*', star + 1) === -1);
}

const pathPattern = z
  .string()
  .min(1)
  .max(2048)
  .refine((text) => text.startsWith('/') || text.startsWith('*'), 'must begin with "/" or "*"')
  .refine(noInnerStar, 'may have one "*", at its begin or end');

const valuePattern = z.string().min(1).max(4096).refine(noInnerStar, 'may have one "*", at its begin or end');

/** An identity: all service accounts of the namespace, or one of them. */
export const callerIdentity = z.strictObject({ namespace: dnsLabel, serviceAccount: dnsSubdomain.optional() });
export type CallerIdentity = z.infer<typeof callerIdentity>;

/** All given parts must hold; within a part any value suffices. */
export const requestMatch = z.strictObject({
  callers: z.array(callerIdentity).min(1).max(VALUES_MAX).optional(),
  methods: z
    .array(z.string().regex(/^[A-Z][A-Z_-]{0,31}$/, 'must be a method in capital letters'))
    .min(1)
    .max(VALUES_MAX)
    .optional(),
  /** Without the query: exact, `prefix*` or `*suffix`. */
  paths: z.array(pathPattern).min(1).max(VALUES_MAX).optional(),
  /** All must be there with one of their values; `*` = any. */
  headers: z
    .array(z.strictObject({ name: headerName, values: z.array(valuePattern).min(1).max(VALUES_MAX) }))
    .min(1)
    .max(16)
    .optional(),
});
export type RequestMatch = z.infer<typeof requestMatch>;
