import { describe, expect, it } from 'vitest';
import { cardsOf, headlineOf, remarkOf, toneOf } from './resilience-words.ts';
import type { ProtectedEdge } from './use-resilience.ts';

function edge(over: Partial<ProtectedEdge> = {}): ProtectedEdge {
  const retry = { attempts: 1, backoffBaseMs: 25, backoffMaxMs: 250, budgetPercent: 20, budgetMinConcurrent: 3 };
  return {
    ...{ id: 'a', source: { namespace: 'shop', name: 'frontend' }, target: { namespace: 'shop', name: 'cart' } },
    protection: {
      connectTimeoutMs: 5_000,
      limits: { maxConnections: 1_024, maxPending: 1_024, maxRequests: 1_024 },
      outlierDetection: null,
      breaker: null,
      rule: { rule: 'shop/cart/default', requestTimeoutMs: 2_000, attemptTimeoutMs: 1_000, breaker: null, retry },
      differing: 0,
    },
    ...{ requestsPerSecond: 100, errorRate: 0, retriesPerSecond: 0, budgetUsed: 0, refusedPerSecond: 0 },
    ...{ timedOutPerSecond: 0, exhaustedPerSecond: 0, limitedPerSecond: 0, concerns: [] },
    ...over,
  };
}

describe('headlineOf', () => {
  it('says that it holds, or where it does not', () => {
    expect(headlineOf([edge()])).toEqual({ lead: 'Protection holds', rest: 'on all 1 call path.' });
    const misfit = edge({ concerns: ['attempts-do-not-fit'] });
    expect(headlineOf([edge(), misfit])).toEqual({
      lead: 'Protection holds, except one:',
      rest: 'frontend → cart, 2 attempts of 1s do not fit in 2s.',
    });
    expect(headlineOf([])).toMatchObject({ lead: 'Nothing was called yet,' });
  });
});

it('says the worst of several concerns', () => {
  const both = edge({ concerns: ['times-out', 'limit-reached'], refusedPerSecond: 2, timedOutPerSecond: 1 });
  expect(remarkOf(both)).toBe('2.00/s refused by a limit');
  expect([toneOf(both), toneOf(edge()), toneOf(edge({ requestsPerSecond: 0 }))]).toEqual(['err', 'ok', 'unknown']);
});

it('sums what protection did, and names where it did most', () => {
  const edges = [edge({ retriesPerSecond: 3, budgetUsed: 0.15 }), edge({ refusedPerSecond: 4 })];
  const [retries, breakers, ejected, refused] = cardsOf(edges, undefined);
  expect([breakers?.value, ejected?.value]).toEqual(['–', '–']);
  expect(retries).toMatchObject({ value: '3.00', unit: '/s of 200', under: 'fullest budget 15.0\u00a0%' });
  expect(refused).toMatchObject({ value: '4.00', under: 'most on frontend → cart' });
});
