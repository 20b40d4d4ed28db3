import { describe, expect, it } from 'vitest';
import { areaPath, endPoint, linePath, topOf } from './path.ts';

describe('paths', () => {
  it('breaks the line where nothing was measured', () => {
    expect(linePath([0, 5, null, 10], 10)).toBe('M0 100L33.33 50M100 0');
  });

  it('closes the area at the ground', () => {
    expect(areaPath([10, 0], 10)).toBe('M0 0L100 100L100 100L0 100Z');
  });

  it('never divides by zero for a series of zeros', () => {
    expect(topOf([[0, 0]])).toBe(1);
    expect(linePath([0, 0], topOf([[0, 0]]))).toBe('M0 100L100 100');
  });

  it('keeps a scale at least as high as asked', () => {
    expect(topOf([[0.001]], 0.01)).toBeCloseTo(0.0112);
  });

  it('ends at the last value that was measured', () => {
    expect(endPoint([1, 2, null], 2)).toEqual({ x: 50, y: 0 });
    expect(endPoint([null], 1)).toBeNull();
  });
});
