// Of a RoutePolicy: second attempts while the first is slow (hedging), and what is answered where a rule fails (fallback).
import { z } from 'zod';
import { durationMs } from '../duration.ts';
import { backendObjectReference } from './http-route-filter.ts';
import { MALHA_GROUP } from './metadata.ts';
import { dnsSubdomain, duration } from './scalars.ts';

/** As for the retries of the field: more would be a storm, whatever the budget. */
const ATTEMPTS_MAX = 5;
const ENTRIES_MAX = 100_000;
const BYTES_MAX = 256 * 1024 * 1024;
const DAY_MS = 86_400_000;

const positiveDuration = duration.refine((text) => durationMs(text) > 0, 'must be more than 0');

export const hedging = z.strictObject({
  /** How long an endpoint has before another one is asked as well. */
  delay: positiveDuration,
  /** The first included. */
  maxAttempts: z.int().min(2).max(ATTEMPTS_MAX).optional(),
  /** Share of the requests that are hedged. */
  percent: z.number().min(0).max(100).optional(),
});

export const fallbackCondition = z.enum(['5xx', 'gateway-error', 'unavailable', 'timeout']);
export type FallbackConditionSpec = z.infer<typeof fallbackCondition>;

const lastGood = z.strictObject({
  maxAge: positiveDuration.refine((text) => durationMs(text) <= DAY_MS, 'must be at most 24h').optional(),
  maxEntries: z.int().min(1).max(ENTRIES_MAX).optional(),
  maxBytes: z.int().min(1024).max(BYTES_MAX).optional(),
});

export const fallback = z
  .strictObject({
    on: z.array(fallbackCondition).min(1).max(fallbackCondition.options.length).optional(),
    backendRef: backendObjectReference.optional(),
    /** A DirectResponse in the namespace of the policy. */
    responseRef: z
      .strictObject({
        group: z.literal(MALHA_GROUP).optional(),
        kind: z.literal('DirectResponse').optional(),
        name: dnsSubdomain,
      })
      .optional(),
    lastGood: lastGood.optional(),
  })
  .refine(
    ({ backendRef, responseRef, lastGood: last }) =>
      [backendRef, responseRef, last].filter((each) => each !== undefined).length === 1,
    { message: 'must have exactly one of backendRef, responseRef and lastGood' },
  );
