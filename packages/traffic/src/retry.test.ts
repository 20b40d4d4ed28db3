import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RetryPolicy } from './config.ts';
import {
  type AttemptOutcome,
  backoffMs,
  isIdempotentMethod,
  RetryBudget,
  retryAfterMs,
  retryDecision,
  retryDelayMs,
} from './retry.ts';

const policy: RetryPolicy = {
  attempts: 2,
  on: ['connect-failure', 'refused-stream', 'reset', 'gateway-error'],
  statusCodes: [],
  backoffBaseMs: 25,
  backoffMaxMs: 250,
  budget: { percent: 20, minConcurrent: 3 },
};

function retries(outcome: AttemptOutcome, isIdempotent: boolean, change: Partial<RetryPolicy> = {}): boolean {
  return retryDecision({ ...policy, ...change }, outcome, 1, isIdempotent, true).retry;
}

describe('retryDecision with the defaults', () => {
  it.each<[AttemptOutcome, boolean, boolean]>([
    [{ type: 'connect-failure' }, true, true],
    [{ type: 'refused-stream' }, true, true],
    [{ type: 'reset' }, true, false],
    [{ type: 'timeout' }, true, false],
    [{ type: 'response', status: 502 }, true, false],
    [{ type: 'response', status: 503 }, true, false],
    [{ type: 'response', status: 504 }, true, false],
    [{ type: 'response', status: 500 }, false, false],
    [{ type: 'response', status: 429 }, false, false],
    [{ type: 'response', status: 200 }, false, false],
  ])('%o: GET %s, POST %s', (outcome, get, post) => {
    expect(retries(outcome, true)).toBe(get);
    expect(retries(outcome, false)).toBe(post);
  });

  it('tries again codes that the operator listed, whatever the method', () => {
    const change: Partial<RetryPolicy> = { on: ['retriable-status'], statusCodes: [409] };
    expect(retries({ type: 'response', status: 409 }, false, change)).toBe(true);
    expect(retries({ type: 'response', status: 410 }, true, change)).toBe(false);
  });

  it('tries a call of gRPC again by the status that the operator listed, and by no other', () => {
    const codes = {
      cancelled: 1,
      'deadline-exceeded': 4,
      'resource-exhausted': 8,
      internal: 13,
      unavailable: 14,
    } as const;
    for (const on of Object.keys(codes) as (keyof typeof codes)[]) {
      const retried = Array.from({ length: 17 }, (_, grpcStatus) => grpcStatus).filter((grpcStatus) =>
        retries({ type: 'response', status: 200, grpcStatus }, false, { on: [on] }),
      );
      expect(retried).toEqual([codes[on]]);
    }
    expect(retries({ type: 'response', status: 200, grpcStatus: 14 }, false)).toBe(false);
    expect(retries({ type: 'response', status: 503 }, false, { on: ['unavailable'] })).toBe(false);
  });

  it('does what the list says and no more', () => {
    expect(retries({ type: 'connect-failure' }, true, { on: ['reset'] })).toBe(false);
    expect(retries({ type: 'response', status: 503 }, true, { on: [] })).toBe(false);
  });

  it('tells an ended supply of attempts from a body that is gone', () => {
    const outcome = { type: 'refused-stream' } as const;
    expect(retryDecision(policy, outcome, 2, false, true)).toEqual({ retry: true, backoffFirst: true });
    expect(retryDecision(policy, outcome, 3, false, true)).toEqual({ retry: false, reason: 'attempts-exhausted' });
    expect(retryDecision(policy, outcome, 1, false, false)).toEqual({ retry: false, reason: 'not-replayable' });
    expect(retryDecision({ ...policy, attempts: 0 }, outcome, 1, true, true)).toMatchObject({ retry: false });
  });

  it('tries another endpoint at once when the first was not reached', () => {
    expect(retryDecision(policy, { type: 'connect-failure' }, 1, false, true)).toEqual({
      retry: true,
      backoffFirst: false,
    });
    expect(retryDecision(policy, { type: 'reset' }, 1, true, true)).toEqual({ retry: true, backoffFirst: true });
  });

  it('knows the idempotent methods of RFC 9110', () => {
    expect(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'TRACE'].every(isIdempotentMethod)).toBe(true);
    expect(['POST', 'PATCH', 'CONNECT', 'get'].some(isIdempotentMethod)).toBe(false);
  });
});

describe('backoffMs', () => {
  it('stays under an exponential bound and under the maximum', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), fc.double({ min: 0, max: 0.999, noNaN: true }), (attempt, draw) => {
        const wait = backoffMs(policy, attempt, () => draw);
        return wait >= 0 && wait < Math.min(250, 25 * 2 ** (attempt - 1));
      }),
    );
    expect(backoffMs(policy, 1, () => 0.5)).toBe(12.5);
  });
});

describe('RetryBudget', () => {
  it('always allows a few, and then a share of the active requests', () => {
    const budget = new RetryBudget({ percent: 20, minConcurrent: 3 });
    expect([1, 2, 3, 4].map(() => budget.tryAcquire())).toEqual([true, true, true, false]);
    for (let i = 0; i < 25; i++) budget.requestStarted();
    // A fifth of the 22 that are not retried, and then of 21.
    expect([4, 5].map(() => budget.tryAcquire())).toEqual([true, false]);
    budget.release();
    expect(budget.tryAcquire()).toBe(true);
    for (let i = 0; i < 25; i++) budget.requestFinished();
    budget.release();
    expect(budget.tryAcquire()).toBe(false);
  });

  it('never exceeds its bound nor goes below zero', () => {
    const step = fc.constantFrom('requestStarted', 'requestFinished', 'tryAcquire', 'release');
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const budget = new RetryBudget({ percent: 20, minConcurrent: 2 });
        return steps.every((name) => {
          const before = budget.retries;
          budget[name as 'release']();
          if (budget.active < 0 || budget.retries < 0) return false;
          return budget.retries <= before || budget.retries <= Math.max(2, (budget.active - before) * 0.2);
        });
      }),
    );
  });
});

describe('Retry-After', () => {
  it('is read as a number of seconds, and nothing else', () => {
    expect(['0', '2', '120'].map(retryAfterMs)).toEqual([0, 2_000, 120_000]);
    for (const value of [undefined, '', '-1', '1.5', '1e3', ' 1', '99999999', 'Wed, 21 Oct 2026 07:28:00 GMT'])
      expect(retryAfterMs(value)).toBeUndefined();
  });

  it('makes the wait longer, never shorter', () => {
    const delay = (askedMs: number | undefined, leftMs = 60_000) =>
      retryDelayMs(policy, 1, () => 0.5, { askedMs, leftMs });
    expect([delay(undefined), delay(0), delay(1_000)]).toEqual([12.5, 12.5, 1_012.5]);
  });

  it('ends the attempts when it asks for more than there is time', () => {
    expect(retryDelayMs(policy, 1, () => 0, { askedMs: 2_000, leftMs: 1_999 })).toBeUndefined();
    expect(retryDelayMs(policy, 1, () => 0, { askedMs: 11_000, leftMs: Number.POSITIVE_INFINITY })).toBeUndefined();
    expect(retryDelayMs(policy, 1, () => 0, { askedMs: undefined, leftMs: 1 })).toBe(0);
    expect(retryDelayMs(policy, 1, () => 0, { askedMs: undefined, leftMs: 0 })).toBeUndefined();
  });
});
