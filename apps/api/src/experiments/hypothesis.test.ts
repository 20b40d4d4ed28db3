import type { FaultExperiment } from '@malha/model';
import { describe, expect, test } from 'vitest';
import type { FaultFigures, PhaseFigures } from '../telemetry/query/fault-figures.ts';
import { checkPhase, judge, wordsOf } from './hypothesis.ts';

const REGULAR = { by: 'malha', reason: 'Its time was over.', isRegular: true, isStopped: false, unseen: undefined };
const EXPERIMENT: FaultExperiment = {
  hypothesis: [
    { of: 'Service', minSuccessPercent: 99 },
    { of: 'Callers', minSuccessPercent: 99.5, maxP99: '300ms' },
  ],
  minRequests: 100,
};

function figures(some: Partial<FaultFigures> = {}): FaultFigures {
  return { requests: 1000, failures: 0, faulted: 0, p99Ms: 20, ...some };
}

function phase(service: FaultFigures, ...callers: readonly [name: string, FaultFigures][]): PhaseFigures {
  return {
    service,
    callers: callers.map(([name, each]) => ({ service: { namespace: 'shop', name }, ...each })),
  };
}

const during = (measured: PhaseFigures) => checkPhase('during', EXPERIMENT, 'shop/reviews', measured);

describe('a hypothesis', () => {
  test('holds when every bound is met, the bound itself included', () => {
    const results = during(phase(figures({ failures: 10 }), ['web', figures({ failures: 5, p99Ms: 300 })]));
    expect(results.map(({ outcome }) => outcome)).toEqual(['held', 'held', 'held']);
    expect(judge(results, REGULAR).verdict).toBe('held');
  });

  test('does not count what the fault did to the service, and counts everything for a caller', () => {
    const results = during(phase(figures({ faulted: 300 }), ['web', figures({ failures: 300 })]));
    expect(results.map(({ who, what, outcome }) => `${who} ${what} ${outcome}`)).toEqual([
      'shop/reviews success held',
      'shop/web success violated',
      'shop/web p99 held',
    ]);
    expect(judge(results, REGULAR)).toEqual({
      verdict: 'violated',
      reason: 'During the fault, shop/web succeeded in 70 % of 1000 requests; the hypothesis says at least 99.5 %.',
    });
  });

  test('is violated by any one caller', () => {
    const results = during(phase(figures(), ['web', figures()], ['app', figures({ p99Ms: 301 })]));
    expect(judge(results, REGULAR).reason).toBe(
      'During the fault, p99 of shop/app was 301 ms over 1000 requests; the hypothesis says at most 300 ms.',
    );
  });

  test('that seems to hold is not known where nobody counted while the fault ended; one that is violated stays so', () => {
    const end = { ...REGULAR, unseen: { fromMs: 1_000, toMs: 31_000 } };
    expect(judge(during(phase(figures(), ['web', figures()])), end)).toEqual({
      verdict: 'inconclusive',
      reason:
        'No control plane counted from 1970-01-01T00:00:01.000Z to 1970-01-01T00:00:31.000Z, while the fault ended: what was so during it and what after it is not known.',
    });
    expect(judge(during(phase(figures(), ['web', figures({ failures: 300 })])), end).verdict).toBe('violated');
  });

  test('says nothing with too few requests, or without a caller', () => {
    const few = during(phase(figures({ requests: 99 }), ['web', figures()]));
    expect(judge(few, REGULAR)).toEqual({
      verdict: 'inconclusive',
      reason: 'During the fault, shop/reviews had 99 requests, which are too few to say anything.',
    });
    const alone = during(phase(figures(), ['job', figures({ requests: 0 })]));
    expect(judge(alone, REGULAR)).toMatchObject({ verdict: 'inconclusive' });
    expect(alone.map(wordsOf)).toContain(
      'During the fault, nobody called it who is called by others, so that there are no answers of callers to judge.',
    );
  });
});

describe('a verdict', () => {
  const fine = during(phase(figures(), ['web', figures()]));

  test('of an experiment that stopped itself is that it was violated', () => {
    const end = {
      by: 'malha',
      reason: 'Stopped: too many errors.',
      isRegular: false,
      isStopped: true,
      unseen: undefined,
    };
    expect(judge(fine, end)).toEqual({ verdict: 'violated', reason: 'Stopped: too many errors.' });
  });

  test('of one that somebody ended early is none', () => {
    const end = { ...REGULAR, by: 'ann', reason: 'Lunch.', isRegular: false };
    expect(judge(fine, end)).toEqual({ verdict: 'inconclusive', reason: 'ann ended it before its time: Lunch.' });
  });

  test('comes from what was measured first, however it ended', () => {
    const bad = during(phase(figures({ failures: 500 }), ['web', figures()]));
    expect(judge(bad, { ...REGULAR, isRegular: false }).verdict).toBe('violated');
  });
});
