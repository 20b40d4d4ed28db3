import { describe, expect, it } from 'vitest';
import { seededRandom } from '../testing.ts';
import type { OverloadConfig } from './config.ts';
import { GradientLimit } from './gradient-limit.ts';
import { type Simulation, simulate } from './simulated-service.ts';

const OVERLOAD: OverloadConfig = {
  id: 'shop/cart',
  minConcurrency: 1,
  maxConcurrency: 1000,
  maxQueue: 100,
  queueTimeoutMs: 100,
  probePaths: [],
};
const WORKERS = 4;
const SERVICE_MS = 20;
const CAPACITY = (WORKERS * 1000) / SERVICE_MS;

/** 40 s of it, of which the first third is for finding the limit; always with the same draws. */
function run(load: number, parts: Partial<Simulation> = {}) {
  const random = seededRandom(7);
  return simulate({
    ...{
      workers: WORKERS,
      requestsPerSecond: () => CAPACITY * load,
      deadlineMs: 1_000,
      forMs: 40_000,
      warmUpMs: 13_000,
    },
    ...{ overload: OVERLOAD, random, serviceMs: () => -Math.log(1 - random()) * SERVICE_MS },
    ...parts,
  });
}

const sum = (counts: Readonly<Record<string, number>>) => Object.values(counts).reduce((a, b) => a + b, 0);
const OF_CAPACITY = CAPACITY * 27;

describe('at twice the capacity', () => {
  it('a service does what it can, and who is served is served soon', () => {
    const { good, latenciesMs } = run(2);
    expect(sum(good)).toBeGreaterThan(0.9 * OF_CAPACITY);
    const sorted = [...latenciesMs].sort((a, b) => a - b);
    expect(sorted[Math.floor(sorted.length * 0.99)]).toBeLessThan(500);
  });

  it('without a limit it works for callers that are gone', () => {
    expect(sum(run(2, { overload: undefined }).good)).toBeLessThan(0.1 * OF_CAPACITY);
  });

  it('a service whose every request takes the same time is found out too', () => {
    expect(sum(run(2, { serviceMs: () => SERVICE_MS }).good)).toBeGreaterThan(0.9 * OF_CAPACITY);
  });

  it('critical requests are served, sheddable ones go first', () => {
    const priorities = ['critical', 'default', 'sheddable', 'default'] as const;
    const { good, shed, offered } = run(2, { priorityOf: (nth) => priorities[nth % 4] ?? 'default' });
    expect(good.critical).toBeGreaterThan(0.95 * (offered / 4));
    expect(good.default).toBeGreaterThan(good.sheddable);
    expect(shed.sheddable).toBeGreaterThan(0.8 * (offered / 4));
  });
});

it('below its capacity next to nothing is shed', () => {
  const { shed, offered } = run(0.7);
  expect(sum(shed)).toBeLessThan(0.01 * offered);
});

describe('the limit', () => {
  const START_MS = 1_000;
  /** Answers of one latency, one after the other, with so many in flight. */
  const answers = (limit: GradientLimit, times: number, latencyMs: number, inFlight: number, fromMs = START_MS) => {
    for (let nth = 0; nth < times; nth++)
      limit.ended('answered', fromMs + nth * 10 - latencyMs, fromMs + nth * 10, inFlight);
    return fromMs + times * 10;
  };

  it('does not move where its bounds are equal', () => {
    const limit = new GradientLimit({ minConcurrency: 7, maxConcurrency: 7 }, START_MS);
    answers(limit, 200, 500, 7);
    expect(limit.limit).toBe(7);
  });

  it('stays within new bounds at once', () => {
    const limit = new GradientLimit({ minConcurrency: 1, maxConcurrency: 100 }, START_MS);
    limit.rebound({ minConcurrency: 1, maxConcurrency: 3 });
    expect(limit.limit).toBe(3);
    limit.rebound({ minConcurrency: 9, maxConcurrency: 30 });
    expect(limit.limit).toBe(9);
  });

  it('is left alone while it holds nobody back', () => {
    const limit = new GradientLimit({ minConcurrency: 1, maxConcurrency: 100 }, START_MS);
    answers(limit, 500, 20, 3);
    expect(limit.limit).toBe(20);
    expect(limit.baselineMs).toBe(20);
  });

  it('is lowered for a measurement when it first holds somebody back, and up again after it', () => {
    const limit = new GradientLimit({ minConcurrency: 1, maxConcurrency: 100 }, START_MS);
    let nowMs = answers(limit, 20, 50, 20);
    expect(limit.limit).toBe(5);
    limit.ended('answered', nowMs - 50, nowMs, 6);
    for (let nth = 0; nth < 30; nth++) {
      limit.started(nowMs);
      limit.ended('answered', nowMs, nowMs + 10, 5);
      nowMs += 10;
    }
    expect(limit.baselineMs).toBe(10);
    expect(limit.limit).toBe(20);
  });

  it('is halved where callers give up, and says nothing of latency then', () => {
    const limit = new GradientLimit({ minConcurrency: 1, maxConcurrency: 100 }, START_MS);
    for (let nth = 0; nth < 20; nth++) limit.ended('abandoned', START_MS - 1_000, START_MS + nth * 10, 20);
    expect(limit.limit).toBe(10);
    expect(limit.baselineMs).toBe(0);
  });

  it('comes back when a measurement gets no answers', () => {
    const limit = new GradientLimit({ minConcurrency: 1, maxConcurrency: 100 }, START_MS);
    const nowMs = answers(limit, 20, 50, 20);
    expect(limit.limit).toBe(5);
    limit.ended('failed', nowMs, nowMs + 2_001, 20);
    expect(limit.limit).toBe(20);
  });
});
