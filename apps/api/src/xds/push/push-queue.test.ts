import { beforeEach, expect, test } from 'vitest';
import { PushQueue } from './push-queue.ts';

let now: number;
let pushes: number[];
let pending: { atMs: number; run: () => void }[];
let queue: PushQueue;

const advance = (ms: number) => {
  const end = now + ms;
  for (;;) {
    const next = pending.filter(({ atMs }) => atMs <= end).sort((a, b) => a.atMs - b.atMs)[0];
    if (next === undefined) break;
    pending = pending.filter((each) => each !== next);
    now = next.atMs;
    next.run();
  }
  now = end;
};

beforeEach(() => {
  now = 0;
  pushes = [];
  pending = [];
  queue = new PushQueue({
    push: () => pushes.push(now),
    monotonic: () => now,
    timers: {
      after(ms, run) {
        const entry = { atMs: now + ms, run };
        pending.push(entry);
        return () => {
          pending = pending.filter((each) => each !== entry);
        };
      },
    },
  });
});

test('the first change goes at once', () => {
  queue.changed();
  expect(pushes).toEqual([0]);
});

test('changes that follow within 50 ms of each other are one push', () => {
  queue.changed();
  for (let index = 0; index < 4; index += 1) {
    advance(20);
    queue.changed();
  }
  advance(1000);
  expect(pushes).toEqual([0, 130]);
});

test('a steady stream of changes is pushed every 500 ms', () => {
  for (let index = 0; index < 200; index += 1) {
    queue.changed();
    advance(10);
  }
  advance(1000);
  const gaps = pushes.slice(1).map((atMs, index) => atMs - (pushes[index] ?? 0));
  expect(pushes.length).toBeGreaterThan(3);
  expect(Math.max(...gaps)).toBeLessThanOrEqual(560);
});

test('after a quiet time the next change goes at once again', () => {
  queue.changed();
  advance(51);
  queue.changed();
  expect(pushes).toEqual([0, 51]);
});

test('nothing is pushed after the end', () => {
  queue.changed();
  queue.changed();
  queue.close();
  advance(1000);
  expect(pushes).toEqual([0]);
});
