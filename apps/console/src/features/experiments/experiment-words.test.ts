import { expect, it } from 'vitest';
import { boundsOf, measuredOf, type Result, standingOf, touchedOf } from './experiment-words.ts';

const result: Result = {
  ...{ phase: 'before', of: 'Callers', who: 'shop/web', what: 'success', bound: 99, measured: 99.9 },
  ...{ requests: 800, outcome: 'held' },
};

it('says how an experiment stands: its verdict, or how far it is', () => {
  const words = (
    standing: 'running' | 'measuring' | 'finished',
    verdict: 'held' | 'violated' | 'inconclusive' | null,
  ) => standingOf({ standing, verdict });
  expect(words('running', null)).toEqual({ tone: 'info', word: 'running' });
  expect(words('measuring', null).word).toBe('measuring what comes after');
  expect(words('finished', 'held')).toEqual({ tone: 'ok', word: 'held' });
  expect(words('finished', 'violated').tone).toBe('err');
  expect(words('finished', 'inconclusive').tone).toBe('unknown');
});

it('puts the phases of one bound side by side', () => {
  const rows = boundsOf({
    results: [
      result,
      { ...result, phase: 'during', measured: 71.2, outcome: 'violated' },
      { ...result, what: 'p99', bound: 1_000, measured: null, outcome: 'unknown' },
    ],
  });
  expect(rows.map(({ who, words }) => [who, words])).toEqual([
    ['shop/web', 'at least 99\u00a0% succeed'],
    ['shop/web', 'p99 at most 1.00\u00a0s'],
  ]);
  expect(rows[0]?.phases.during?.outcome).toBe('violated');
  expect(rows[0]?.phases.after).toBeUndefined();
});

it('says what was measured, and that there was too little', () => {
  expect(measuredOf(result)).toBe('99.90\u00a0%');
  expect(measuredOf({ ...result, what: 'p99', measured: 240 })).toBe('240\u00a0ms');
  expect(measuredOf({ ...result, measured: null, outcome: 'unknown' })).toBe('too little data');
});

it('lists who was touched: the target, then callers by what they saw of the fault', () => {
  const none = { requests: 0, failures: 0, faulted: 0, p99Ms: null };
  const caller = (name: string, faulted: number) => ({
    ...{ requests: 1_000, failures: faulted, faulted, p99Ms: 20 },
    service: { namespace: 'shop', name },
  });
  const rows = touchedOf(
    {
      phases: {
        before: { fromMs: 0, toMs: 1, service: none, callers: [caller('web', 0)] },
        during: {
          ...{ fromMs: 1, toMs: 2, service: { requests: 3_000, failures: 3, faulted: 900, p99Ms: 31 } },
          callers: [caller('web', 100), caller('cart', 300)],
        },
      },
    },
    'shop/catalog',
  );
  expect(
    rows.map(({ who, faulted, requests }) => [who, faulted, requests.before, requests.during, requests.after]),
  ).toEqual([
    ['shop/catalog', '900', '0', '3,000', '–'],
    ['shop/cart', '300', '–', '1,000', '–'],
    ['shop/web', '100', '1,000', '1,000', '–'],
  ]);
  expect(rows[1]?.failures).toEqual({ before: '–', during: '30.0\u00a0%', after: '–' });
});
