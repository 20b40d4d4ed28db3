import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatGrpcTimeout, parseGrpcTimeout } from './grpc-timeout.ts';

describe('parseGrpcTimeout', () => {
  it.each([
    ['1H', 3_600_000],
    ['2M', 120_000],
    ['3S', 3_000],
    ['250m', 250],
    ['1500u', 1.5],
    ['2000000n', 2],
    ['0m', 0],
    ['99999999S', 99_999_999_000],
  ])('%s is %d ms', (text, ms) => {
    expect(parseGrpcTimeout(text)).toBeCloseTo(ms, 9);
  });

  it.each([
    '',
    '1',
    'S',
    '1s',
    '1 S',
    ' 1S',
    '1S ',
    '-1S',
    '+1S',
    '1.5S',
    '123456789m',
    '1SS',
    '1S, 1S',
    '１S',
    '1S\n',
  ])('%j is none', (text) => {
    expect(parseGrpcTimeout(text)).toBeUndefined();
  });
});

describe('formatGrpcTimeout', () => {
  it('is never longer than what is left, and loses less than its unit', () => {
    fc.assert(
      fc.property(fc.double({ min: 1, max: 24 * 3_600_000, noNaN: true }), (ms) => {
        const told = parseGrpcTimeout(formatGrpcTimeout(ms));
        expect(told).toBeLessThanOrEqual(ms);
        expect(told).toBeGreaterThan(ms - 1);
      }),
    );
  });

  it('has eight digits at most, and tells of the least that is left', () => {
    expect(formatGrpcTimeout(99_999_999)).toBe('99999999m');
    expect(formatGrpcTimeout(100_000_000)).toBe('100000S');
    expect(formatGrpcTimeout(1e15)).toBe('99999999S');
    expect(formatGrpcTimeout(0.5)).toBe('1u');
    expect(formatGrpcTimeout(-3)).toBe('1u');
  });
});
