import { expect, it } from 'vitest';
import { countdown } from './time.ts';

it.each([
  [952_000, '15:52'],
  [3_849_000, '1:04:09'],
  [59_001, '1:00'],
  [400, '0:01'],
  [0, '0:00'],
  [-5_000, '0:00'],
])('counts %d ms down as %s', (ms, words) => {
  expect(countdown(ms)).toBe(words);
});
