import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { flagNames, flagWords, formatFlags, parseFlags, RequestFlags } from './flags.ts';
import { BUCKET_BOUNDS_MS, BUCKET_COUNT, bucketOf, quantile } from './histogram.ts';

describe('bucket layout', () => {
  it('rises from a quarter millisecond to two minutes', () => {
    expect(BUCKET_BOUNDS_MS[0]).toBe(0.25);
    expect(BUCKET_BOUNDS_MS.at(-1)).toBe(120_000);
    expect(BUCKET_BOUNDS_MS.length).toBeGreaterThan(60);
    expect(BUCKET_BOUNDS_MS.length).toBeLessThan(90);
    for (let i = 1; i < BUCKET_BOUNDS_MS.length; i++) {
      expect(BUCKET_BOUNDS_MS[i]).toBeGreaterThan(BUCKET_BOUNDS_MS[i - 1] ?? 0);
    }
  });

  it('puts each duration into the bucket whose bounds enclose it', () => {
    const check = (ms: number) => {
      const index = bucketOf(ms);
      const upper = BUCKET_BOUNDS_MS[index] ?? Number.POSITIVE_INFINITY;
      const lower = BUCKET_BOUNDS_MS[index - 1] ?? Number.NEGATIVE_INFINITY;
      return ms > lower && ms <= upper;
    };
    fc.assert(fc.property(fc.double({ min: 0, max: 200_000, noNaN: true }), check));
    for (const bound of BUCKET_BOUNDS_MS) {
      for (const ms of [bound, bound * (1 - Number.EPSILON), bound * (1 + Number.EPSILON)])
        expect(check(ms)).toBe(true);
    }
    for (const ms of [0, 5e-324]) expect(bucketOf(ms)).toBe(0);
    expect(bucketOf(Number.NaN)).toBe(0);
    expect(bucketOf(-1)).toBe(0);
    expect(bucketOf(Number.POSITIVE_INFINITY)).toBe(BUCKET_COUNT - 1);
  });
});

describe('quantile', () => {
  it('is near the true one', () => {
    const values = fc.array(fc.double({ min: 0.3, max: 100_000, noNaN: true }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(values, fc.double({ min: 0.01, max: 1, noNaN: true }), (list, q) => {
        const counts = new Uint32Array(BUCKET_COUNT);
        for (const value of list) counts[bucketOf(value)] = (counts[bucketOf(value)] ?? 0) + 1;
        const sorted = [...list].sort((a, b) => a - b);
        const exact = sorted[Math.max(0, Math.ceil(q * list.length - 1e-9) - 1)] ?? 0;
        const estimate = quantile(counts, q) ?? 0;
        return estimate <= exact * 1.26 && estimate >= exact / 1.26;
      }),
    );
  });

  it('is null without data', () => {
    expect(quantile(new Uint32Array(BUCKET_COUNT), 0.5)).toBeNull();
  });
});

describe('response flags', () => {
  it('have a bit and words each, and a text that reads back', () => {
    const bits = Object.values(RequestFlags);
    expect(new Set(bits).size).toBe(bits.length);
    expect(Object.keys(flagWords)).toEqual(Object.keys(RequestFlags));
    expect(formatFlags(RequestFlags.UF | RequestFlags.URX)).toBe('UF,URX');
    expect(formatFlags(0)).toBe('');
    expect(flagNames(RequestFlags.NR)).toEqual(['NR']);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: (1 << bits.length) - 1 }), (set) => parseFlags(formatFlags(set)) === set),
    );
    expect(parseFlags('XX,constructor')).toBe(0);
  });
});
