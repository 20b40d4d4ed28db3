// The asked time as buckets of the store: which table, from where to where, in which steps.
import type { Clock } from '@malha/traffic/clock';
import { z } from 'zod';

/** How long seconds are kept; older time is answered from minutes. */
export const SECONDS_KEPT_S = 900;
export const MINUTES_KEPT_S = 7 * 24 * 3600;
/** A second is complete when every proxy has reported once after its end, and the report is stored. */
const SETTLING_S = 2;
const MINUTE_S = 60;
const POINTS_WANTED = 60;
const STEPS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800];

export const timeRangeSchema = z.union([
  z
    .strictObject({ fromMs: z.number().min(0), toMs: z.number().min(0) })
    .refine(({ fromMs, toMs }) => toMs > fromMs, 'toMs must be after fromMs')
    .refine(({ fromMs, toMs }) => toMs - fromMs <= MINUTES_KEPT_S * 1000, 'a range spans at most seven days'),
  z.strictObject({ liveSeconds: z.int().min(5).max(MINUTES_KEPT_S) }),
]);
export type TimeRange = z.infer<typeof timeRangeSchema>;

/** Unix seconds; `toS` is exclusive. */
export interface Window {
  readonly fromS: number;
  readonly toS: number;
  readonly stepS: number;
  /** Seconds alone, or minutes with the seconds that are not summed up yet. */
  readonly source: 'second' | 'minute';
}

export function windowOf(range: TimeRange, clock: Clock): Window {
  const settledS = Math.floor(clock.now() / 1000) - SETTLING_S;
  if ('liveSeconds' in range) return align(settledS - range.liveSeconds, settledS, clock);
  const fromS = Math.floor(range.fromMs / 1000);
  return align(fromS, Math.max(fromS + 1, Math.min(settledS, Math.ceil(range.toMs / 1000))), clock);
}

export function durationOf({ fromS, toS }: Window): number {
  return toS - fromS;
}

export function stepsOf({ fromS, toS, stepS }: Window): number {
  return Math.max(1, Math.ceil((toS - fromS) / stepS));
}

/** Steps that begin on multiples of the step, so that a live chart does not jitter. */
function align(fromS: number, toS: number, clock: Clock): Window {
  const oldestSecond = Math.floor(clock.now() / 1000) - SECONDS_KEPT_S + MINUTE_S;
  const source = fromS >= oldestSecond ? 'second' : 'minute';
  const wanted = (toS - fromS) / POINTS_WANTED;
  const smallest = source === 'second' ? 1 : MINUTE_S;
  const stepS = STEPS_S.find((step) => step >= wanted && step >= smallest) ?? 10_800;
  if (source === 'second') return { fromS, toS, stepS, source };
  return { fromS: Math.floor(fromS / MINUTE_S) * MINUTE_S, toS, stepS, source };
}
