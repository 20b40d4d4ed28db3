import { describe, expect, it } from 'vitest';
import type { Series } from '#trpc/contract.ts';
import { barsOf, changeBeside, parseAt, sliceAt, stepOf } from './replay.ts';

const START = 1_764_000_000_000;
const series: Series = {
  ...{ startMs: START, stepMs: 5_000, requestsPerSecond: [1, 2, 3, 4], errorRate: [0, 0.5, 0, 0] },
  ...{ p50Ms: [], p95Ms: [], p99Ms: [] },
};

describe('replay', () => {
  it('has a bar for each step, with its time', () => {
    expect(barsOf(series)[1]).toEqual({ startMs: START + 5_000, requestsPerSecond: 2, errorRate: 0.5 });
  });

  it('looks at no less than ten seconds, ending where the thumb stands', () => {
    expect(sliceAt(START, 5_000)).toEqual({ fromMs: START - 10_000, toMs: START });
    expect(sliceAt(START, 60_000)).toEqual({ fromMs: START - 60_000, toMs: START });
  });

  it('stands at the end while it is live, and within the bounds of what is shown', () => {
    expect(stepOf(null, series)).toBe(4);
    expect(stepOf(START + 10_000, series)).toBe(2);
    expect(stepOf(START - 99_000, series)).toBe(1);
    expect(stepOf(START + 99_000, series)).toBe(4);
  });

  it('takes only times from the URL', () => {
    expect(parseAt(String(START))).toBe(START);
    for (const text of ['', 'live', '12', '-1764000000000']) expect(parseAt(text)).toBeNull();
  });

  it('finds the change before and after', () => {
    const changes = [{ atMs: 30 }, { atMs: 10 }, { atMs: 20 }];
    expect([changeBeside(changes, 20, -1), changeBeside(changes, 20, 1), changeBeside(changes, 30, 1)]).toEqual([
      10,
      30,
      undefined,
    ]);
  });
});
