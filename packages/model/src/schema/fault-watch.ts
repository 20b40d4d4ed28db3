// What is watched while a fault is at work: the bound at which it is stopped, and the hypothesis of an experiment.
import { z } from 'zod';
import { durationMs, isDuration } from '../duration.ts';
import { duration } from './scalars.ts';

const WINDOW_MIN_MS = 5_000;
const WINDOW_MAX_MS = 600_000;
const PHASE_MIN_MS = 10_000;
/** Figures by the second are kept for 15 minutes. */
const PHASE_MAX_MS = 600_000;
const REQUESTS_MAX = 1_000_000;
const STATEMENTS_MAX = 4;

function between(minMs: number, maxMs: number, words: string) {
  return duration.refine(
    (text) => !isDuration(text) || (durationMs(text) >= minMs && durationMs(text) <= maxMs),
    `must be ${words}`,
  );
}

/** `Service`: the target itself. `Callers`: each service that calls it, by what it answers to its own callers. */
const watched = z.enum(['Service', 'Callers']);
export type FaultWatched = z.infer<typeof watched>;

export const faultStop = z.strictObject({
  /** Failed requests of the service, or of any one caller, in a window. */
  errorPercent: z.number().gt(0).max(100),
  window: between(WINDOW_MIN_MS, WINDOW_MAX_MS, 'between 5s and 10m').optional(),
  /** Fewer requests than this in a window say nothing. */
  minRequests: z.int().min(1).max(REQUESTS_MAX).optional(),
  of: z.array(watched).min(1).max(2).optional(),
});
export type FaultStop = z.infer<typeof faultStop>;

const statement = z
  .strictObject({
    of: watched,
    minSuccessPercent: z.number().gt(0).max(100).optional(),
    maxP99: between(1, 120_000, 'longer than 0 and at most 2m').optional(),
  })
  .refine(
    ({ minSuccessPercent, maxP99 }) => minSuccessPercent !== undefined || maxP99 !== undefined,
    'must have minSuccessPercent, maxP99, or both',
  );
export type FaultStatement = z.infer<typeof statement>;

export const faultExperiment = z.strictObject({
  /** All of them must hold. */
  hypothesis: z.array(statement).min(1).max(STATEMENTS_MAX),
  /** How long is measured before the fault begins, and after it ended. */
  before: between(PHASE_MIN_MS, PHASE_MAX_MS, 'between 10s and 10m').optional(),
  after: between(PHASE_MIN_MS, PHASE_MAX_MS, 'between 10s and 10m').optional(),
  /** Fewer requests than this in a phase decide nothing. */
  minRequests: z.int().min(1).max(REQUESTS_MAX).optional(),
});
export type FaultExperiment = z.infer<typeof faultExperiment>;
