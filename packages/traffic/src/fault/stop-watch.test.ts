import { expect, test } from 'vitest';
import { StopWatch } from './stop-watch.ts';

const RULE = { errorPerMillion: 100_000, windowMs: 10_000, minRequests: 20, ofService: true, ofCallers: true };

test('the bound may be reached, and above it the watch says stop', () => {
  const watch = new StopWatch(RULE);
  for (let sent = 0; sent < 18; sent += 1) expect(watch.count(false, 5_000)).toBe(false);
  expect(watch.count(true, 5_000)).toBe(false);
  expect(watch.count(true, 5_000)).toBe(false);
  expect(watch.count(true, 5_000)).toBe(true);
});

test('a few requests say nothing, however they ended', () => {
  const watch = new StopWatch(RULE);
  for (let sent = 0; sent < 19; sent += 1) expect(watch.count(true, 0)).toBe(false);
  expect(watch.count(true, 0)).toBe(true);
});

test('what is older than the window is forgotten, also after a long silence', () => {
  const watch = new StopWatch(RULE);
  for (let sent = 0; sent < 19; sent += 1) watch.count(true, 1_000);
  expect(watch.count(true, 11_000)).toBe(false);
  for (let sent = 0; sent < 18; sent += 1) expect(watch.count(true, 11_500)).toBe(false);
  expect(watch.count(true, 11_500)).toBe(true);
  expect(watch.count(true, 900_000)).toBe(false);
});

test('a clock that steps back counts on', () => {
  const watch = new StopWatch(RULE);
  for (let sent = 0; sent < 19; sent += 1) watch.count(true, 5_000);
  expect(watch.count(true, 1_000)).toBe(true);
});
