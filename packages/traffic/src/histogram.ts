// Latency histogram: one log-linear layout that the data plane fills and the control plane reads.

/** Four buckets in each doubling: a quantile is off by at most a quarter of a doubling before interpolation. */
const BUCKETS_PER_DOUBLING = 4;
const FIRST_BOUND_MS = 0.25;
const LAST_BOUND_MS = 120_000;

/** Upper bounds (inclusive) of the buckets in milliseconds; one more bucket takes what is above the last. */
export const BUCKET_BOUNDS_MS: readonly number[] = makeBounds();

/** Buckets of a histogram, the last one without an upper bound. */
export const BUCKET_COUNT = BUCKET_BOUNDS_MS.length + 1;

function makeBounds(): number[] {
  const bounds: number[] = [];
  for (let base = FIRST_BOUND_MS; ; base *= 2) {
    for (let step = 0; step < BUCKETS_PER_DOUBLING; step++) {
      const bound = base + (base / BUCKETS_PER_DOUBLING) * step;
      if (bound >= LAST_BOUND_MS) return [...bounds, LAST_BOUND_MS];
      bounds.push(bound);
    }
  }
}

/** Index of the bucket that a duration belongs to. */
export function bucketOf(ms: number): number {
  if (!(ms > FIRST_BOUND_MS)) return 0;
  if (ms > LAST_BOUND_MS) return BUCKET_COUNT - 1;
  // The doubling by log2, then the step within it; the loop repairs rounding at the bounds.
  const doubling = Math.floor(Math.log2(ms / FIRST_BOUND_MS));
  const base = FIRST_BOUND_MS * 2 ** doubling;
  let index = Math.min(
    doubling * BUCKETS_PER_DOUBLING + Math.ceil(((ms - base) * BUCKETS_PER_DOUBLING) / base),
    BUCKET_BOUNDS_MS.length - 1,
  );
  while (index > 0 && ms <= (BUCKET_BOUNDS_MS[index - 1] ?? 0)) index--;
  while (index < BUCKET_BOUNDS_MS.length && ms > (BUCKET_BOUNDS_MS[index] ?? 0)) index++;
  return index;
}

/** The q-quantile (0..1) in milliseconds, interpolated within its bucket; null when nothing was counted. */
export function quantile(counts: ArrayLike<number>, q: number): number | null {
  let total = 0;
  for (let index = 0; index < counts.length; index++) total += counts[index] ?? 0;
  if (total === 0) return null;
  const rank = Math.min(Math.max(q, 0), 1) * total;
  let below = 0;
  for (let index = 0; index < counts.length; index++) {
    const count = counts[index] ?? 0;
    if (count > 0 && below + count >= rank) return within(index, (rank - below) / count);
    below += count;
  }
  return LAST_BOUND_MS;
}

function within(index: number, fraction: number): number {
  const upper = BUCKET_BOUNDS_MS[index];
  if (upper === undefined) return LAST_BOUND_MS; // the open bucket: at least this much
  const lower = index === 0 ? 0 : (BUCKET_BOUNDS_MS[index - 1] ?? 0);
  return lower + (upper - lower) * Math.min(Math.max(fraction, 0), 1);
}
