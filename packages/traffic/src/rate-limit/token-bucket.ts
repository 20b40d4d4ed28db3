// A token bucket as one number (GCRA): the time at which it will be full again. One number can be shared and kept cheaply.

/** A bucket of `burst` tokens that gets `requests` of them in `intervalMs`, one after another. */
export interface BucketShape {
  readonly requests: number;
  readonly intervalMs: number;
  readonly burst: number;
}

export interface BucketAnswer {
  readonly isTaken: boolean;
  /** When the bucket will be full, after this call; in the time of the clock that was passed in. */
  readonly fullAtMs: number;
  /** Whole tokens that are left. */
  readonly remaining: number;
  /** Until a token is there; 0 when one was taken. */
  readonly waitMs: number;
}

/** Rounding of additions must not cost the last token of a burst. */
const ROUNDING = 1e-6;

/** Milliseconds in which one token comes. */
export function tokenMs({ requests, intervalMs }: BucketShape): number {
  return intervalMs / requests;
}

/** `fullAtMs` of a bucket that nobody used lies in the past. */
export function takeToken(fullAtMs: number, nowMs: number, shape: BucketShape): BucketAnswer {
  const oneMs = tokenMs(shape);
  const sizeMs = oneMs * shape.burst;
  const from = Math.max(fullAtMs, nowMs);
  const next = from + oneMs;
  const overMs = next - nowMs - sizeMs;
  if (overMs > oneMs * ROUNDING) return { isTaken: false, fullAtMs: from, remaining: 0, waitMs: overMs };
  const remaining = Math.floor((sizeMs - (next - nowMs)) / oneMs + ROUNDING);
  return { isTaken: true, fullAtMs: next, remaining: Math.max(0, remaining), waitMs: 0 };
}
