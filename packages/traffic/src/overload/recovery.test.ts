// Whatever a service went through, its limit finds back to what it can do. In simulated time, with the same draws in each run.
import { describe, expect, it } from 'vitest';
import type { Random } from '../request-view.ts';
import { seededRandom } from '../testing.ts';
import type { OverloadConfig } from './config.ts';
import { simulate } from './simulated-service.ts';

const OVERLOAD: OverloadConfig = {
  id: 'shop/cart',
  minConcurrency: 1,
  maxConcurrency: 1000,
  maxQueue: 100,
  queueTimeoutMs: 100,
  probePaths: [],
};
/** After the last trouble, before its goodput counts; and for how long that is. */
const SETTLING_MS = 20_000;
const COUNTED_MS = 20_000;
const LOAD = 2;

/** For a while, requests take `factor` times as long, or until it is over, and so many come. */
interface Trouble {
  readonly forMs: number;
  readonly factor: number | 'until the end';
  readonly load?: number;
}

interface Service {
  readonly workers: number;
  readonly meanMs: number;
  readonly deadlineMs: number;
}

/** Of what the service can do, how much is of use at twice its capacity, once its troubles are over. */
function goodputAfter(troubles: readonly Trouble[], { workers, meanMs, deadlineMs }: Service, random: Random): number {
  const capacity = (workers * 1_000) / meanMs;
  const overMs = troubles.reduce((sum, { forMs }) => sum + forMs, 0);
  const troubleAt = (nowMs: number) => {
    let endMs = 0;
    for (const trouble of troubles) {
      endMs += trouble.forMs;
      if (nowMs < endMs) return { ...trouble, leftMs: endMs - nowMs };
    }
    return undefined;
  };
  const delayMs = (nowMs: number, usualMs: number) => {
    const { factor = 1, leftMs = 0 } = troubleAt(nowMs) ?? {};
    return factor === 'until the end' ? leftMs + usualMs : usualMs * factor;
  };
  const { good } = simulate({
    ...{ workers, deadlineMs, overload: OVERLOAD, random },
    serviceMs: (nowMs) => delayMs(nowMs, meanMs * (0.5 + random())),
    requestsPerSecond: (nowMs) => capacity * (troubleAt(nowMs)?.load ?? LOAD),
    warmUpMs: overMs + SETTLING_MS,
    forMs: overMs + SETTLING_MS + COUNTED_MS,
  });
  return (good.critical + good.default + good.sheddable) / ((capacity * COUNTED_MS) / 1_000);
}

describe('at twice its capacity a service does nine tenths of what it can', () => {
  const services: readonly Service[] = [
    { workers: 1, meanMs: 10, deadlineMs: 500 },
    { workers: 4, meanMs: 20, deadlineMs: 1_000 },
    { workers: 8, meanMs: 40, deadlineMs: 1_000 },
    { workers: 50, meanMs: 150, deadlineMs: 2_000 },
  ];
  const histories: Readonly<Record<string, readonly Trouble[]>> = {
    'from the start': [],
    'after a cold start, whose first answers all come too late': [{ forMs: 5_000, factor: 30 }],
    'after a time when answers were ten times quicker': [{ forMs: 5_000, factor: 0.1 }],
    'after a time when it was slow and measured so': [{ forMs: 20_000, factor: 8 }],
    'after a stall': [
      { forMs: 5_000, factor: 1, load: 0.7 },
      { forMs: 3_000, factor: 'until the end' },
    ],
    'after a time without load': [{ forMs: 10_000, factor: 1, load: 0.02 }],
    'after ten times its load': [{ forMs: 10_000, factor: 1, load: 10 }],
  };
  for (const [history, troubles] of Object.entries(histories))
    it.each(services)(`${history}: $workers at a time, $meanMs ms each`, (service) => {
      expect(goodputAfter(troubles, service, seededRandom(3))).toBeGreaterThan(0.9);
    });
});

it('no history of troubles leaves a limit that does not come back', () => {
  const random = seededRandom(11);
  const between = (least: number, most: number) => least * (most / least) ** random();
  const goodputs: number[] = [];
  while (goodputs.length < 40) {
    const service = { workers: Math.round(between(1, 50)), meanMs: between(5, 200), deadlineMs: 0 };
    const capacity = (service.workers * 1_000) / service.meanMs;
    // Fewer are too few to judge by, more only take longer to simulate.
    if (capacity < 40 || capacity > 400) continue;
    const troubles = Array.from({ length: Math.floor(random() * 4) }, () => ({
      ...{ forMs: between(500, 8_000), factor: between(0.1, 30), load: between(0.05, 8) },
    }));
    goodputs.push(goodputAfter(troubles, { ...service, deadlineMs: Math.max(500, service.meanMs * 15) }, random));
  }
  expect(Math.min(...goodputs)).toBeGreaterThan(0.8);
  expect(goodputs.reduce((sum, each) => sum + each, 0) / goodputs.length).toBeGreaterThan(0.95);
  // Forty simulations: seconds of computing, more beside other work.
}, 60_000);
