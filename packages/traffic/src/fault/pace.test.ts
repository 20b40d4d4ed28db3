import { expect, test } from 'vitest';
import { Pace } from './pace.ts';

test('bytes go at the rate, in slices, whatever the timer does', () => {
  const pace = new Pace(20_000, 0);
  expect(pace.take(5_000, 0)).toBe(0);
  expect(pace.nextMs(5_000, 0)).toBe(50);
  expect(pace.take(5_000, 50)).toBe(1_000);
  expect(pace.take(5_000, 80)).toBe(600);
  expect(pace.take(10, 180)).toBe(10);
  expect(pace.take(5_000, 180)).toBe(1_990);
});

test('at no time more bytes went than the rate lets', () => {
  const pace = new Pace(1_024, 0);
  let gone = 0;
  for (let nowMs = 0; nowMs <= 10_000; nowMs += 1 + ((nowMs * 7) % 90)) {
    gone += pace.take(1_000_000, nowMs);
    expect(gone).toBeLessThanOrEqual((nowMs * 1_024) / 1000);
  }
  expect(gone).toBeGreaterThan(9_000);
});

test('what is left to send takes its time', () => {
  const pace = new Pace(20_000, 0);
  expect(pace.leftMs(0)).toBe(0);
  expect(pace.leftMs(4_000)).toBe(200);
  pace.take(1_000, 60);
  expect(pace.leftMs(200)).toBe(0);
  expect(pace.leftMs(4_200)).toBe(200);
});

test('silence is not saved up beyond a few slices', () => {
  const pace = new Pace(20_000, 0);
  expect(pace.take(1_000_000, 60_000)).toBe(5_000);
});

test('the last bytes wait no longer than they need', () => {
  const pace = new Pace(20_000, 0);
  expect(pace.nextMs(100, 0)).toBe(5);
});
