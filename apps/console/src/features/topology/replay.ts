// The window of a replay: the past is looked at in slices of the timeline's own steps. Pure.
import type { Series } from '#trpc/contract.ts';

export interface Bar {
  readonly startMs: number;
  readonly requestsPerSecond: number;
  /** 0..1 */
  readonly errorRate: number;
}

/** A slice shorter than this would show more chance than traffic. */
const SLICE_LEAST_MS = 10_000;

export function barsOf({ startMs, stepMs, requestsPerSecond, errorRate }: Series): readonly Bar[] {
  return requestsPerSecond.map((rate, index) => ({
    startMs: startMs + index * stepMs,
    requestsPerSecond: rate,
    errorRate: errorRate[index] ?? 0,
  }));
}

/** What the graph shows when the thumb stands at `atMs`, the end of a step. */
export function sliceAt(atMs: number, stepMs: number): { readonly fromMs: number; readonly toMs: number } {
  return { fromMs: atMs - Math.max(SLICE_LEAST_MS, stepMs), toMs: atMs };
}

/** `at` of the URL; null = live, or whatever is no time. */
export function parseAt(text: string): number | null {
  return /^\d{12,14}$/.test(text) ? Number(text) : null;
}

/** The place of the thumb, in steps from the beginning; the last one is the newest. */
export function stepOf(atMs: number | null, { startMs, stepMs, requestsPerSecond }: Series): number {
  const last = requestsPerSecond.length;
  if (atMs === null) return last;
  return Math.min(last, Math.max(1, Math.round((atMs - startMs) / stepMs)));
}

/** The next change before (-1) or after (1) the thumb; undefined where there is none in sight. */
export function changeBeside(
  changes: readonly { readonly atMs: number }[],
  atMs: number,
  direction: -1 | 1,
): number | undefined {
  const times = changes.map((change) => change.atMs).sort((a, b) => a - b);
  return direction === 1 ? times.find((time) => time > atMs) : times.findLast((time) => time < atMs);
}
