import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Breaker } from './breaker.ts';
import type { BreakerConfig } from './config.ts';

const CONFIG: BreakerConfig = {
  successRate: 0.8,
  windowMs: 10_000,
  minRequests: 5,
  openMs: 1_000,
  openMaxMs: 3_000,
  halfOpenRequests: 2,
};
const START_MS = 1_000_000;

class Bench {
  nowMs = START_MS;
  readonly breaker: Breaker;

  constructor(config: Partial<BreakerConfig> = {}) {
    this.breaker = new Breaker({ ...CONFIG, ...config });
  }

  /** `+` a success, `-` a failure; what `ended` said of each that was let through, `x` for those that were not. */
  play(requests: string): string {
    return [...requests]
      .map((request) => {
        if (!this.breaker.allow(this.nowMs)) return 'x';
        return this.breaker.ended(request === '+', this.nowMs) ? 'o' : '.';
      })
      .join('');
  }

  opened(): this {
    this.play('-----');
    return this;
  }
}

describe('a closed breaker', () => {
  it('opens when less than the rate succeeds, of requests enough', () => {
    expect(new Bench().play('----')).toBe('....');
    expect(new Bench().play('-----+')).toBe('....ox');
    expect(new Bench().play('++++-')).toBe('.....');
    expect(new Bench().play('+++--')).toBe('....o');
  });

  it('forgets what is older than its window', () => {
    const bench = new Bench();
    bench.play('----');
    bench.nowMs += 10_000;
    expect(bench.play('-+---')).toBe('....o');
    const slow = new Bench();
    for (let i = 0; i < 50; i++) {
      expect(slow.play('-')).toBe('.');
      slow.nowMs += 3_000;
    }
  });

  it('opens at once where one failure is enough', () => {
    expect(new Bench({ minRequests: 1, successRate: 1 }).play('+-')).toBe('.o');
  });
});

describe('an open breaker', () => {
  it('lets nothing through until its time is over, and then so many to decide', () => {
    const bench = new Bench().opened();
    expect(bench.breaker.state).toEqual({ type: 'open', untilMs: START_MS + 1_000 });
    bench.nowMs += 999;
    expect(bench.breaker.allow(bench.nowMs)).toBe(false);
    bench.nowMs += 1;
    expect([1, 2, 3].map(() => bench.breaker.allow(bench.nowMs))).toEqual([true, true, false]);
    expect(bench.breaker.state).toEqual({ type: 'half-open', admitted: 2, passed: 0 });
  });

  it('does not listen to requests that began before', () => {
    const bench = new Bench().opened();
    expect(bench.breaker.ended(false, bench.nowMs)).toBe(false);
    expect(bench.breaker.state).toEqual({ type: 'open', untilMs: START_MS + 1_000 });
  });
});

describe('a half-open breaker', () => {
  const halfOpen = () => {
    const bench = new Bench().opened();
    bench.nowMs += 1_000;
    return bench;
  };

  it('closes when all that decide succeed, and has forgotten the failures', () => {
    const bench = halfOpen();
    expect(bench.play('++')).toBe('..');
    expect(bench.breaker.state).toEqual({ type: 'closed' });
    expect(bench.play('----')).toBe('....');
  });

  it('opens again by one failure, each time for longer, up to a bound', () => {
    const bench = halfOpen();
    const openings = [];
    for (let i = 0; i < 3; i++) {
      bench.play('-');
      const { state } = bench.breaker;
      openings.push(state.type === 'open' ? state.untilMs - bench.nowMs : 0);
      bench.nowMs += 10_000;
    }
    expect(openings).toEqual([2_000, 3_000, 3_000]);
    bench.play('++');
    expect(bench.breaker.state.type).toBe('closed');
    bench.opened();
    expect(bench.breaker.state).toEqual({ type: 'open', untilMs: bench.nowMs + 1_000 });
  });

  it('lets another through for one whose client went', () => {
    const bench = halfOpen();
    expect([1, 2, 3].map(() => bench.breaker.allow(bench.nowMs))).toEqual([true, true, false]);
    bench.breaker.abandoned();
    expect(bench.breaker.allow(bench.nowMs)).toBe(true);
  });
});

it('always lets something through again', () => {
  const step = fc.record({ ok: fc.boolean(), waitMs: fc.nat(5_000), isAbandoned: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const bench = new Bench();
      for (const { ok, waitMs, isAbandoned } of steps) {
        bench.nowMs += waitMs;
        if (!bench.breaker.allow(bench.nowMs)) continue;
        if (isAbandoned) bench.breaker.abandoned();
        else bench.breaker.ended(ok, bench.nowMs);
      }
      bench.nowMs += 3_000;
      return bench.breaker.allow(bench.nowMs);
    }),
  );
});
