import { describe, expect, it } from 'vitest';
import type { HedgingConfig, RetryPolicy } from './config.ts';
import { hedgeDueMs, isGoodAnswer, isHedged } from './hedging.ts';

const CONFIG: HedgingConfig = { delayMs: 50, maxAttempts: 3, perMillion: 1_000_000 };
const RETRY: RetryPolicy = {
  attempts: 2,
  on: ['gateway-error'],
  statusCodes: [429],
  backoffBaseMs: 1,
  backoffMaxMs: 2,
  budget: { percent: 20, minConcurrent: 3 },
};

describe('isHedged', () => {
  const never = () => {
    throw new Error('nothing is drawn');
  };

  it('is for requests that may be sent twice, and for calls of gRPC', () => {
    expect(
      ['GET', 'HEAD', 'PUT', 'POST', 'PATCH'].map((method) => isHedged(CONFIG, { method, isCall: false }, never)),
    ).toEqual([true, true, true, false, false]);
    expect(isHedged(CONFIG, { method: 'POST', isCall: true }, never)).toBe(true);
  });

  it('draws once for a share of them', () => {
    const half = { ...CONFIG, perMillion: 500_000 };
    const get = { method: 'GET', isCall: false };
    expect([0, 0.499, 0.5, 0.99].map((drawn) => isHedged(half, get, () => drawn))).toEqual([true, true, false, false]);
    expect(isHedged({ ...CONFIG, perMillion: 0 }, get, () => 0)).toBe(false);
  });
});

describe('hedgeDueMs', () => {
  it('is a delay after the attempt before, up to their number', () => {
    expect([0, 1, 2].map((hedges) => hedgeDueMs(CONFIG, hedges, 1000))).toEqual([1050, 1050, Number.POSITIVE_INFINITY]);
  });
});

describe('isGoodAnswer', () => {
  it('is what the service did not fail in', () => {
    expect([200, 304, 404, 429, 500, 503].map((status) => isGoodAnswer(RETRY, status, 0))).toEqual([
      true,
      true,
      true,
      true,
      false,
      false,
    ]);
  });

  it('is none that the policy would try again', () => {
    expect(isGoodAnswer({ ...RETRY, on: ['retriable-status'] }, 429, 0)).toBe(false);
  });

  it('goes by the status of a call: NOT_FOUND is an answer, UNAVAILABLE is none', () => {
    expect([5, 3, 14, 13].map((grpcStatus) => isGoodAnswer(RETRY, 200, grpcStatus))).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
});
