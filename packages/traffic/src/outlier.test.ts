import { describe, expect, it } from 'vitest';
import { BalancedEndpoint } from './balanced-endpoint.ts';
import type { OutlierDetectionConfig } from './config.ts';
import { OutlierDetector } from './outlier.ts';
import { makeEndpoint } from './testing.ts';

const CONFIG: OutlierDetectionConfig = {
  consecutive5xx: 3,
  consecutiveGatewayErrors: 0,
  consecutiveLocalErrors: 2,
  intervalMs: 10_000,
  baseEjectionMs: 1_000,
  maxEjectionMs: 2_500,
  maxEjectionPercent: 50,
};

function make(count: number, config: Partial<OutlierDetectionConfig> = {}) {
  const detector = new OutlierDetector({ ...CONFIG, ...config }, () => 0);
  const all = Array.from({ length: count }, (_, index) => new BalancedEndpoint(makeEndpoint(`w${index}`)));
  const answer = (item: BalancedEndpoint, ...statuses: readonly number[]) =>
    statuses.map((status) => detector.responded(item, status));
  return { detector, all, answer, first: all[0] ?? new BalancedEndpoint(makeEndpoint('none')) };
}

describe('errors in a row', () => {
  it('are counted from the last success on', () => {
    const { answer, first } = make(2);
    expect(answer(first, 500, 500, 200, 500, 404, 503, 501)).toEqual(new Array(7).fill(undefined));
    expect(answer(first, 500)).toEqual(['consecutive-5xx']);
  });

  it('of a gateway are broken by another error', () => {
    const { answer, first } = make(2, { consecutive5xx: 0, consecutiveGatewayErrors: 2 });
    expect(answer(first, 503, 500, 502, 504)).toEqual([undefined, undefined, undefined, 'consecutive-gateway-errors']);
  });

  it('without an answer are counted by themselves', () => {
    const { detector, answer, first } = make(2);
    expect(detector.failed(first)).toBeUndefined();
    answer(first, 500);
    expect(detector.failed(first)).toBeUndefined();
    expect(detector.failed(first)).toBe('consecutive-local-errors');
  });

  it('are not counted where the rule is off', () => {
    const { detector, answer, first } = make(2, { consecutive5xx: 0, consecutiveLocalErrors: 0 });
    for (let i = 0; i < 100; i++)
      expect([...answer(first, 503), detector.failed(first)]).toEqual([undefined, undefined]);
  });
});

describe('an ejection', () => {
  it('lasts longer each time, up to a bound, and shorter again after healthy intervals', () => {
    const { detector, all, first } = make(2);
    const eject = () => detector.eject(first, 'consecutive-5xx', all, 0);
    expect([eject(), eject(), eject()]).toEqual([1_000, 2_000, 2_500]);
    first.health.comeBack();
    for (let i = 0; i < 3; i++) detector.sweep(all);
    expect(eject()).toBe(1_000);
  });

  it('has jitter', () => {
    const detector = new OutlierDetector(CONFIG, () => 0.5);
    const all = ['a', 'b'].map((name) => new BalancedEndpoint(makeEndpoint(name)));
    const [first] = all;
    expect(first && detector.eject(first, 'consecutive-5xx', all, 0)).toBe(1_050);
  });

  it('takes no more endpoints than the bound, but one where there are others, and never the only one', () => {
    const ejected = (count: number, maxEjectionPercent: number) => {
      const { detector, all } = make(count, { maxEjectionPercent });
      return all.filter((item) => detector.eject(item, 'consecutive-5xx', all, 0) !== undefined).length;
    };
    expect([ejected(10, 30), ejected(10, 35), ejected(3, 10), ejected(2, 100), ejected(1, 100), ejected(5, 0)]).toEqual(
      [3, 3, 1, 2, 0, 0],
    );
  });

  it('is followed by a probation: one failure ejects again, one success ends it', () => {
    const { detector, all, answer, first } = make(2);
    const again = () => {
      detector.eject(first, 'consecutive-5xx', all, 0);
      first.health.comeBack();
    };
    again();
    expect(answer(first, 500)).toEqual(['consecutive-5xx']);
    again();
    expect(answer(first, 200, 500, 500)).toEqual([undefined, undefined, undefined]);
    again();
    expect(detector.failed(first)).toBe('consecutive-local-errors');
  });
});

describe('at the end of an interval', () => {
  const play = (
    all: readonly BalancedEndpoint[],
    failures: readonly number[],
    answer: (item: BalancedEndpoint, ...s: number[]) => unknown,
  ) =>
    all.forEach((item, index) => {
      for (let i = 0; i < 100; i++) answer(item, i < (failures[index] ?? 0) ? 500 : 200);
    });
  const names = (found: readonly { readonly item: BalancedEndpoint; readonly reason: string }[]) =>
    found.map(({ item, reason }) => `${item.endpoint.workload} ${reason}`);
  const off = { consecutive5xx: 0 };

  it('who succeeds much less than the others is found', () => {
    const { detector, all, answer } = make(6, {
      ...off,
      successRate: { minEndpoints: 5, minRequests: 100, stdevFactor: 1.9 },
    });
    play(all, [0, 1, 60, 2, 0, 1], answer);
    expect(names(detector.sweep(all))).toEqual(['w2 success-rate']);
    expect(detector.sweep(all)).toEqual([]);
  });

  it('too few endpoints or requests say nothing', () => {
    const few = make(4, { ...off, successRate: { minEndpoints: 5, minRequests: 100, stdevFactor: 0 } });
    play(few.all, [0, 100, 0, 0], few.answer);
    expect(few.detector.sweep(few.all)).toEqual([]);
    const quiet = make(6, { ...off, successRate: { minEndpoints: 5, minRequests: 101, stdevFactor: 0 } });
    play(quiet.all, [0, 100, 0, 0, 0, 0], quiet.answer);
    expect(quiet.detector.sweep(quiet.all)).toEqual([]);
  });

  it('who fails more than so many percent is found, as many as they are', () => {
    const { detector, all, answer } = make(3, {
      ...off,
      failurePercentage: { minEndpoints: 2, minRequests: 50, threshold: 50 },
    });
    play(all, [49, 50, 100], answer);
    expect(names(detector.sweep(all))).toEqual(['w1 failure-percentage', 'w2 failure-percentage']);
  });
});

describe('a connect failure', () => {
  it('ejects at once, for twice as long each time, and no more after a connection', () => {
    const {
      first: { health },
    } = make(2);
    expect([health.connectFailed(0), health.connectFailed(1_000), health.connectFailed(2_000)]).toEqual([
      500, 2_000, 4_000,
    ]);
    expect(health.connected()).toBe(true);
    expect(health).toMatchObject({ isEjected: false, isProbing: false });
    expect(health.connectFailed(10_000)).toBe(10_500);
  });

  it('does not shorten an ejection for bad answers, nor does a connection end it', () => {
    const { detector, all, first } = make(2);
    detector.eject(first, 'consecutive-5xx', all, 0);
    expect(first.health.connectFailed(0)).toBe(1_000);
    expect(first.health.connected()).toBe(false);
    expect(first.health.reason).toBe('consecutive-5xx');
  });
});
