import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BucketTable, type KeyHash, mix } from './bucket-table.ts';
import { takeToken } from './token-bucket.ts';

const SHAPE = { requests: 10, intervalMs: 1000, burst: 5 };

function hashOf(table: BucketTable, ...parts: string[]): KeyHash {
  const hash = { high: 0, low: 0 };
  table.begin(hash);
  for (const part of parts) mix(hash, part);
  return hash;
}

test('a burst passes at once, then one request for each token that comes', () => {
  let fullAtMs = 0;
  const taken: number[] = [];
  for (let nowMs = 1000; nowMs < 3000; nowMs += 1) {
    const answer = takeToken(fullAtMs, nowMs, SHAPE);
    if (answer.isTaken) taken.push(nowMs);
    fullAtMs = answer.fullAtMs;
  }
  expect(taken.slice(0, 5)).toEqual([1000, 1001, 1002, 1003, 1004]);
  expect(taken.slice(5, 8)).toEqual([1100, 1200, 1300]);
});

test('over any time no more than the burst and what the rate gives passes, whatever the arrivals', () => {
  const arrivals = fc.array(fc.double({ min: 0, max: 400, noNaN: true }), { minLength: 1, maxLength: 200 });
  const shapes = fc.record({
    requests: fc.integer({ min: 1, max: 1000 }),
    intervalMs: fc.integer({ min: 1, max: 60_000 }),
    burst: fc.integer({ min: 1, max: 50 }),
  });
  fc.assert(
    fc.property(arrivals, shapes, (gaps, shape) => {
      let nowMs = 1_000_000;
      let fullAtMs = 0;
      let passed = 0;
      for (const gap of gaps) {
        nowMs += gap;
        const answer = takeToken(fullAtMs, nowMs, shape);
        fullAtMs = answer.fullAtMs;
        if (answer.isTaken) passed += 1;
        else expect(takeToken(fullAtMs, nowMs + answer.waitMs, shape).isTaken).toBe(true);
      }
      const elapsedMs = nowMs - 1_000_000;
      expect(passed).toBeLessThanOrEqual(shape.burst + (elapsedMs * shape.requests) / shape.intervalMs + 0.001);
    }),
  );
});

test('what is left counts down to 0, and the wait is that of the next token', () => {
  const table = BucketTable.create(() => 0.5);
  const hash = hashOf(table, 'a');
  expect([1, 2, 3, 4, 5].map(() => table.take(hash, 1000, SHAPE).remaining)).toEqual([4, 3, 2, 1, 0]);
  expect(table.take(hash, 1000, SHAPE)).toMatchObject({ isTaken: false, waitMs: 100 });
  expect(table.take(hash, 1040, SHAPE)).toMatchObject({ isTaken: false, waitMs: 60 });
  expect(table.take(hash, 1100, SHAPE).isTaken).toBe(true);
});

test('keys have buckets of their own, also when parts could be read together', () => {
  const table = BucketTable.create(() => 0.5);
  const one = { requests: 1, intervalMs: 1000, burst: 1 };
  expect(table.take(hashOf(table, 'ab', 'c'), 1000, one).isTaken).toBe(true);
  expect(table.take(hashOf(table, 'a', 'bc'), 1000, one).isTaken).toBe(true);
  expect(table.take(hashOf(table, 'abc'), 1000, one).isTaken).toBe(true);
  expect(table.take(hashOf(table, 'ab', 'c'), 1000, one).isTaken).toBe(false);
});

test('ten thousand keys fall together no more often than chance lets them', () => {
  const table = BucketTable.create(() => 0.25);
  const seen = new Set<string>();
  for (let index = 0; index < 10_000; index += 1) {
    const { high, low } = hashOf(table, 'limit', `10.0.${index >> 8}.${index & 255}`);
    seen.add(`${high} ${low}`);
  }
  expect(seen.size).toBe(10_000);
});

test('a token that is given back can be taken again', () => {
  const table = BucketTable.create(() => 0.5);
  const hash = hashOf(table, 'a');
  for (let count = 0; count < 5; count += 1) table.take(hash, 1000, SHAPE);
  table.giveBack(hash, SHAPE);
  expect(table.take(hash, 1000, SHAPE).isTaken).toBe(true);
  expect(table.take(hash, 1000, SHAPE).isTaken).toBe(false);
});

test('memory does not grow with keys; full buckets go first, and others only with a count', () => {
  const table = BucketTable.create(() => 0.5, 64);
  const bytes = table.memory.byteLength;
  const kept = hashOf(table, 'kept');
  for (let count = 0; count < 5; count += 1) table.take(kept, 1000, SHAPE);
  // Each is full again when the next one comes: they replace each other, not the one that is in use.
  for (let index = 0; index < 5000; index += 1)
    table.take(hashOf(table, `k${index}`), 1000, { ...SHAPE, requests: 1e9 });
  expect(table.take(kept, 1000, SHAPE).isTaken).toBe(false);
  for (let index = 0; index < 5000; index += 1) table.take(hashOf(table, `k${index}`), 1000, SHAPE);
  expect(table.evicted).toBeGreaterThan(4000);
  expect(table.memory.byteLength).toBe(bytes);
});

test('tables over one memory are one', () => {
  const table = BucketTable.create(() => 0.5);
  const other = BucketTable.share(table.memory);
  for (let count = 0; count < 3; count += 1) expect(table.take(hashOf(table, 'a'), 1000, SHAPE).isTaken).toBe(true);
  for (let count = 0; count < 2; count += 1) expect(other.take(hashOf(other, 'a'), 1000, SHAPE).isTaken).toBe(true);
  expect(table.take(hashOf(table, 'a'), 1000, SHAPE).isTaken).toBe(false);
});
