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
    ...{ timedOutPerSecond: 0, exhaustedPerSecond: 0, limitedPerSecond: 0, shedPerSecond: 0, concerns: [] },
    ...over,
  };
}

describe('headlineOf', () => {
  it('says that it holds, or where it does not', () => {
    expect(headlineOf([edge()], undefined)).toEqual({ lead: 'Protection holds', rest: 'on the one call path.' });
    const misfit = edge({ concerns: ['attempts-do-not-fit'] });
    expect(headlineOf([edge(), misfit], undefined)).toEqual({
      lead: 'Protection holds, except one:',
      rest: 'frontend → cart, 2 attempts of 1\u00a0s do not fit in 2\u00a0s.',
    });
    expect(headlineOf([], undefined)).toMatchObject({ lead: 'Nothing was called yet,' });
  });
});

it('says the worst of several concerns', () => {
  const both = edge({ concerns: ['times-out', 'limit-reached'], refusedPerSecond: 2, timedOutPerSecond: 1 });
  expect(remarkOf(both, undefined)).toBe('2.00/s refused by a limit');
  const tones = [both, edge(), edge({ requestsPerSecond: 0 })].map((each) => toneOf(each, undefined));
  expect(tones).toEqual(['err', 'ok', 'unknown']);
});

it('puts what proxies report now before what was counted', () => {
  const caller = { namespace: 'shop', name: 'frontend' };
  const breaker = {
    ...{ caller, callee: { namespace: 'shop', name: 'cart' }, rule: null, version: '', state: 'open' as const },
    ...{ proxies: 1, proxiesOf: 1, asksAgainAtMs: 9_000, passed: 0, needed: 3 },
  };
  const standing = { nowMs: 1_000, breakers: [breaker], ejected: [], overloads: [], proxies: 2, endpointsOf: {} };
  const counted = edge({ concerns: ['times-out'], timedOutPerSecond: 1 });
  expect([toneOf(counted, standing), remarkOf(counted, standing)]).toEqual(['err', 'breaker open, calls fail at once']);
  const other = edge({ source: { namespace: 'shop', name: 'admin' } });
  expect(toneOf(other, standing)).toBe('ok');
  expect(headlineOf([edge({ concerns: ['times-out'] }), edge(), other], standing).rest).toContain('breaker open');
  const halfOpen = { ...standing, breakers: [{ ...breaker, state: 'half-open' as const, passed: 1 }] };
  expect([toneOf(edge(), halfOpen), remarkOf(edge(), halfOpen)]).toEqual([
    'warn',
    'breaker half-open, 1 of 3 tries passed',
  ]);
});

it('says how many instances of the callee the caller sends nothing to', () => {
  const ejection = {
    ...{ service: { namespace: 'shop', name: 'cart' }, workload: 'shop/cart-1', reason: 'consecutive-5xx' },
    ...{ returnsAtMs: 9_000, callers: [{ namespace: 'shop', name: 'frontend' }] },
  };
  const standing = {
    nowMs: 1,
    breakers: [],
    ejected: [ejection],
    overloads: [],
    proxies: 4,
    endpointsOf: { 'shop/cart': 3 },
  };
  expect(remarkOf(edge(), standing)).toBe('1 of 3 instances ejected');
  expect(remarkOf(edge({ source: { namespace: 'shop', name: 'admin' } }), standing)).toBe('');
});

it('tells what the mesh does by itself from what somebody has said', () => {
  const { protection } = edge();
  const retry = { attempts: 2, backoffBaseMs: 25, backoffMaxMs: 250, budgetPercent: 20, budgetMinConcurrent: 3 };
  const rule = { rule: 'shop/cart/default', requestTimeoutMs: 15_000, attemptTimeoutMs: 0, breaker: null, retry };
  expect(remarkOf(edge({ protection: { ...protection, rule } }), undefined)).toBe('defaults');
});

it('sums what protection did, and names where it did most', () => {
  const edges = [edge({ retriesPerSecond: 3, budgetUsed: 0.15 }), edge({ refusedPerSecond: 4 })];
  const [retries, breakers, ejected, refused] = cardsOf(edges, undefined);
  expect([breakers?.value, ejected?.value]).toEqual(['–', '–']);
  expect(retries).toMatchObject({ value: '3.00', unit: '/s of 200', under: 'fullest budget 15.0\u00a0%' });
  expect(refused).toMatchObject({ value: '4.00', under: 'most on frontend → cart' });
});
