import { BUCKET_BOUNDS_MS, bucketOf } from '@malha/traffic/histogram';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bucketIndex } from './bucket-index.ts';

test('agrees with bucketOf on, just below and just above every bound', () => {
  for (const bound of BUCKET_BOUNDS_MS) {
    for (const ms of [bound, bound * (1 - Number.EPSILON), bound * (1 + Number.EPSILON)]) {
      expect(bucketIndex(ms)).toBe(bucketOf(ms));
    }
  }
  for (const ms of [0, -1, Number.NaN, 5e-324, Number.POSITIVE_INFINITY]) expect(bucketIndex(ms)).toBe(bucketOf(ms));
});

test('property: agrees with bucketOf everywhere', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 150_000 }), (ms) => {
      expect(bucketIndex(ms)).toBe(bucketOf(ms));
    }),
    { numRuns: 2000 },
  );
});
