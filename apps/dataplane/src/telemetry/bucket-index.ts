// bucketOf() of packages/traffic for the hot path: reads the bucket out of the bits of the number (exponent, first two of the mantissa).
import { BUCKET_BOUNDS_MS, BUCKET_COUNT } from '@malha/traffic/histogram';

const LAST = BUCKET_BOUNDS_MS.length - 1;
const FIRST_BOUND_MS = BUCKET_BOUNDS_MS[0] ?? 0;
const LAST_BOUND_MS = BUCKET_BOUNDS_MS[LAST] ?? 0;
const EXPONENT_BIAS = 1023;

const value = new Float64Array(1);
const words = new Uint32Array(value.buffer);
/** Index of the word with sign and exponent. */
const HIGH = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 1 : 0;
const LOW = 1 - HIGH;

export function bucketIndex(ms: number): number {
  if (!(ms > FIRST_BOUND_MS)) return 0;
  if (ms > LAST_BOUND_MS) return BUCKET_COUNT - 1;
  // The first bound is a power of two, so the division is exact.
  value[0] = ms / FIRST_BOUND_MS;
  const high = words[HIGH] ?? 0;
  const doubling = (high >>> 20) - EXPONENT_BIAS;
  const step = (high >>> 18) & 3;
  // Bounds are inclusive: only what lies beyond the step's lower bound belongs to the next bucket.
  const isBeyond = (high & 0x3_ffff) !== 0 || words[LOW] !== 0;
  const index = doubling * 4 + step + (isBeyond ? 1 : 0);
  return Math.min(index, LAST);
}
