import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { apportion, boundsOf, setShare, sharesOf, wholePercents } from './weights.ts';

const sumOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);
const open = (count: number) => Array.from({ length: count }, () => false);

describe('shares', () => {
  it('shows relative weights as percent without changing them', () => {
    expect(sharesOf([3, 1])).toEqual([75, 25]);
    expect(sharesOf([0, 0])).toEqual([0, 0]);
  });

  it('rounds to whole percents that sum to 100', () => {
    expect(wholePercents([1, 1, 1])).toEqual([34, 33, 33]);
    expect(wholePercents([0, 0])).toEqual([100, 0]);
    expect(wholePercents([7])).toEqual([100]);
  });

  it('apportions equally where there is nothing to go by', () => {
    expect(apportion(10, [0, 0, 0])).toEqual([4, 3, 3]);
  });
});

describe('setShare', () => {
  it('takes from the others in proportion', () => {
    expect(setShare({ from: [60, 30, 10], locked: open(3), index: 0, value: 20 })).toEqual([20, 60, 20]);
  });

  it('never moves a locked one: v2 and v3 share what v1 leaves', () => {
    const locked = [true, false, false];
    expect(setShare({ from: [60, 30, 10], locked, index: 1, value: 35 })).toEqual([60, 35, 5]);
    expect(setShare({ from: [60, 30, 10], locked, index: 1, value: 90 })).toEqual([60, 40, 0]);
    expect(setShare({ from: [60, 30, 10], locked, index: 0, value: 10 })).toEqual([60, 30, 10]);
  });

  it('moves nothing when every other is locked', () => {
    expect(setShare({ from: [60, 40], locked: [false, true], index: 0, value: 80 })).toEqual([60, 40]);
    expect(boundsOf({ from: [60, 40], locked: [false, true], index: 0 })).toEqual({ min: 60, max: 60 });
  });

  it('brings the old proportions back when a drag to 100 returns', () => {
    const from = [60, 30, 10];
    expect(setShare({ from, locked: open(3), index: 0, value: 100 })).toEqual([100, 0, 0]);
    expect(setShare({ from, locked: open(3), index: 0, value: 60 })).toEqual([60, 30, 10]);
  });

  it('keeps the sum at 100, every percent within 0..100 and locked ones still, whatever is asked', () => {
    const rows = fc.array(fc.record({ weight: fc.nat(1_000_000), isLocked: fc.boolean() }), {
      minLength: 1,
      maxLength: 16,
    });
    fc.assert(
      fc.property(rows, fc.nat(15), fc.integer({ min: -50, max: 150 }), (row, at, value) => {
        const from = row.map(({ weight }) => weight);
        const locked = row.map(({ isLocked }) => isLocked);
        const index = at % from.length;
        const before = wholePercents(from);
        const after = setShare({ from, locked, index, value });
        expect(sumOf(after)).toBe(100);
        for (const percent of after) expect(percent).toBeGreaterThanOrEqual(0);
        locked.forEach((isLocked, other) => {
          if (isLocked) expect(after[other]).toBe(before[other]);
        });
        const { min, max } = boundsOf({ from, locked, index });
        expect(after[index]).toBe(Math.min(max, Math.max(min, value)));
      }),
    );
  });
});
