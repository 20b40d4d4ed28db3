// Latency histogram: one log-linear layout that the data plane fills and the control plane reads.

/** Four buckets in each doubling: a quantile is off by at most a quarter of a doubling before interpolation. */
const BUCKETS_PER_DOUBLING = 4;
const FIRST_BOUND_MS = 0.25;
const LAST_BOUND_MS = 120_000;

/** Upper bounds (inclusive) of the buckets in milliseconds; one more bucket takes what is above the last. */
export const BUCKET_BOUNDS_MS: readonly number[] = makeBounds();

/** Buckets of a histogram, the last one without an upper bound. */
export const BUCKET_COUNT = BUCKET_BOUNDS_MS.length + 1;

/** One double and its bits, as two words in the order of this machine. */
const float = new Float64Array(1);
const words = new Uint32Array(float.buffer);
/** Index of the word with sign and exponent. */
const HIGH = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 1 : 0;
const LOW = 1 - HIGH;
const EXPONENT_BIAS = 1023;

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

/**
 * Index of the bucket that a duration belongs to. On the path of every request, so it reads the bucket out of the bits of
 * the number: the exponent is the doubling, the first two bits of the mantissa the step within it.
 */
export function bucketOf(ms: number): number {
  if (!(ms > FIRST_BOUND_MS)) return 0;
  if (ms > LAST_BOUND_MS) return BUCKET_COUNT - 1;
  // The first bound is a power of two, so the division is exact.
  float[0] = ms / FIRST_BOUND_MS;
  const high = words[HIGH] ?? 0;
  const doubling = (high >>> 20) - EXPONENT_BIAS;
  const step = (high >>> 18) & (BUCKETS_PER_DOUBLING - 1);
  // Bounds are inclusive: only what lies beyond the step's lower bound belongs to the next bucket.
  const isBeyond = (high & 0x3_ffff) !== 0 || words[LOW] !== 0;
  const index = doubling * BUCKETS_PER_DOUBLING + step + (isBeyond ? 1 : 0);
  return Math.min(index, BUCKET_BOUNDS_MS.length - 1);
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
