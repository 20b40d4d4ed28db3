import { expect, test } from 'vitest';
import { EVERY_REQUEST } from '../request-condition.ts';
import { FaultClock, FaultInjector } from './fault-injector.ts';
import type { FaultRule } from './rule.ts';

const REQUEST = { principal: undefined, method: 'GET', path: '/a', header: () => undefined };
const RULE: FaultRule = {
  id: 'shop/fault',
  condition: EVERY_REQUEST,
  abort: { perMillion: 1_000_000, status: 503 },
  lastsMs: 1000,
};

function injector(rules: readonly FaultRule[], nowMs = 0): FaultInjector {
  return new FaultInjector(rules, new FaultClock(() => nowMs));
}

/** Mulberry32: the same numbers in every run. */
function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

test('of 40,000 requests a fault of 30 % meets 30 % within 1 %', () => {
  const random = seededRandom(7);
  const faults = injector([{ ...RULE, abort: { perMillion: 300_000, status: 503 } }]);
  let met = 0;
  for (let sent = 0; sent < 40_000; sent += 1) if (faults.draw(REQUEST, 0, random)?.abort !== undefined) met += 1;
  expect(Math.abs(met / 40_000 - 0.3)).toBeLessThan(0.01);
});

test('a fault that says when it began ends by that time, whenever a proxy got it', () => {
  const faults = injector([{ ...RULE, startedAtMs: 5000 }], 5900);
  expect(faults.draw(REQUEST, 5999, () => 0)).toBeDefined();
  expect(faults.draw(REQUEST, 6000, () => 0)).toBeUndefined();
});

test('a fault without a beginning counts from when it was first had, also after other changes', () => {
  let nowMs = 100;
  const clock = new FaultClock(() => nowMs);
  expect(new FaultInjector([RULE], clock).draw(REQUEST, 1099, () => 0)).toBeDefined();
  nowMs = 900;
  expect(new FaultInjector([RULE], clock).draw(REQUEST, 1100, () => 0)).toBeUndefined();
});

test('one that was taken away and comes back begins anew, and so does one that lasts longer now', () => {
  let nowMs = 0;
  const clock = new FaultClock(() => nowMs);
  expect(clock.endOf(RULE).atMs).toBe(1000);
  nowMs = 500;
  expect(clock.endOf({ ...RULE, lastsMs: 2000 }).atMs).toBe(2500);
  clock.keep(new Set());
  nowMs = 5000;
  expect(clock.endOf({ ...RULE, lastsMs: 2000 }).atMs).toBe(7000);
});

test('the first fault that is for a request decides, also by letting it be', () => {
  const never = { ...RULE, id: 'shop/never', abort: { perMillion: 0, status: 500 } };
  expect(injector([never, RULE]).draw(REQUEST, 0, () => 0.5)).toBeUndefined();
  const ofOthers = { ...never, condition: { ...EVERY_REQUEST, paths: ['/b'] } };
  expect(injector([ofOthers, RULE]).draw(REQUEST, 0, () => 0.5)?.rule.id).toBe('shop/fault');
});

test('delay, error and broken connection are drawn each for itself; a broken connection has no answer', () => {
  const all = { ...RULE, delay: { perMillion: 1_000_000, durationMs: 20 }, reset: { perMillion: 1_000_000 } };
  expect(injector([all]).draw(REQUEST, 0, () => 0.5)).toMatchObject({ delayMs: 20, isReset: true, abort: undefined });
  const numbers = [0.9, 0.1];
  const half = { ...RULE, delay: { perMillion: 500_000, durationMs: 20 }, abort: { perMillion: 500_000, status: 500 } };
  const drawn = injector([half]).draw(REQUEST, 0, () => numbers.shift() ?? 1);
  expect(drawn).toMatchObject({ delayMs: 0, abort: { status: 500 } });
});

test('a fault that was stopped stays so in every table, until it begins anew', () => {
  const clock = new FaultClock(() => 100);
  const faults = new FaultInjector([RULE], clock);
  expect(faults.draw(REQUEST, 100, () => 0)).toBeDefined();
  expect(clock.stop(RULE.id)).toBe(true);
  expect(clock.stop(RULE.id)).toBe(false);
  expect(faults.draw(REQUEST, 100, () => 0)).toBeUndefined();
  expect(new FaultInjector([RULE], clock).draw(REQUEST, 100, () => 0)).toBeUndefined();
  const anew = { ...RULE, startedAtMs: 100 };
  expect(new FaultInjector([anew], clock).draw(REQUEST, 100, () => 0)).toBeDefined();
});

test('what is answered by the fault has no bytes to slow down', () => {
  const slow = { ...RULE, bandwidth: { perMillion: 1_000_000, responseBytesPerSecond: 1024 } };
  expect(injector([slow]).draw(REQUEST, 0, () => 0)?.bandwidth).toBeUndefined();
  const { abort: _, ...alone } = slow;
  expect(injector([alone]).draw(REQUEST, 0, () => 0)).toMatchObject({ bandwidth: slow.bandwidth, delayMs: 0 });
});
