import { describe, expect, it } from 'vitest';
import type { Golden } from '#trpc/contract.ts';
import { compare, takingBack, verdictOf } from './change-words.ts';

const golden = (errorRate: number, p99Ms: number | null = 100, requestsPerSecond = 20): Golden => ({
  requestsPerSecond,
  errorRate,
  p50Ms: 10,
  p95Ms: 50,
  p99Ms,
  failedPerSecond: 0,
  retriesPerSecond: 0,
});

describe('verdictOf', () => {
  it('blames a change only for a real rise', () => {
    expect(verdictOf(golden(0.0018), golden(0.048)).tone).toBe('err');
    expect(verdictOf(golden(0.001), golden(0.003)).tone).toBe('ok');
  });

  it('does not judge without data', () => {
    expect(verdictOf(null, golden(0)).tone).toBe('unknown');
    expect(verdictOf(golden(0, 1, 0), golden(0.5)).tone).toBe('unknown');
  });
});

describe('compare', () => {
  it('marks what got worse', () => {
    const worse = compare(golden(0, 690), golden(0.05, 2000)).filter((row) => row.isWorse);
    expect(worse.map((row) => row.name)).toEqual(['Errors', 'Latency p99']);
    expect(compare(golden(0, null), golden(0, 5)).some((row) => row.isWorse)).toBe(false);
  });
});

describe('takingBack', () => {
  it('says for each object what happens', () => {
    const diff = [
      { key: 'HTTPRoute/n/a', op: 'create' as const, before: null, after: 'x' },
      { key: 'HTTPRoute/n/b', op: 'update' as const, before: 'x', after: 'y' },
      { key: 'HTTPRoute/n/c', op: 'delete' as const, before: 'x', after: null },
      { key: 'HTTPRoute/n/d', op: 'same' as const, before: 'x', after: 'x' },
    ];
    expect(takingBack({ diff })).toEqual([
      'HTTPRoute a is removed again',
      'HTTPRoute b says what it said before',
      'HTTPRoute c comes back as it was',
    ]);
  });
});
