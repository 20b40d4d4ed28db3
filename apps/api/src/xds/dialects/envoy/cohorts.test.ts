// Ranges of sticky splits: they fill the whole, and one of two that grows takes keys and gives none away.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rangesOf } from './cohorts.ts';

const weight = fc.integer({ min: 1, max: 1_000_000 });

describe('ranges of a sticky split', () => {
  it('fill the whole, in proportion', () => {
    fc.assert(
      fc.property(fc.array(weight, { minLength: 1, maxLength: 16 }), (weights) => {
        const ranges = rangesOf(weights);
        const total = weights.reduce((sum, each) => sum + each, 0);
        expect(ranges.reduce((sum, each) => sum + each, 0)).toBe(1_000_000);
        for (const [index, range] of ranges.entries())
          expect(Math.abs(range - (1_000_000 * (weights[index] ?? 0)) / total)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('of two backends one that grows keeps its keys, wherever it stands', () => {
    fc.assert(
      fc.property(weight, weight, weight, (former, growth, other) => {
        const before = rangesOf([former, other])[0] ?? 0;
        const after = rangesOf([former + growth, other])[0] ?? 0;
        expect(after).toBeGreaterThanOrEqual(before);
      }),
    );
  });
});
