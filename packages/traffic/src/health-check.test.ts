import { describe, expect, it } from 'vitest';
import type { HealthCheckConfig } from './config.ts';
import { grpcHealthRequest, HealthCheckState, isExpectedStatus, isServing } from './health-check.ts';

const CONFIG: HealthCheckConfig = {
  type: 'http',
  path: '/',
  host: '',
  expectedStatuses: [],
  intervalMs: 1_000,
  timeoutMs: 100,
  jitterPercent: 50,
  unhealthyThreshold: 3,
  healthyThreshold: 2,
};

function verdicts(results: string): string {
  const state = new HealthCheckState();
  return [...results].map((result) => (state.observe(result === '+', CONFIG) ? '+' : '-')).join('');
}

describe('a verdict', () => {
  it('is passing until so many probes in a row fail', () => {
    expect(verdicts('--+--+---')).toBe('++++++++-');
  });

  it('is failing until so many probes in a row pass', () => {
    expect(verdicts('---+-+-++')).toBe('++------+');
  });
});

it('the first probe comes soon, the others after an interval with jitter', () => {
  const state = new HealthCheckState();
  expect(state.delayMs(CONFIG, () => 0.5)).toBe(50);
  expect([0, 0.5, 1].map((draw) => state.delayMs(CONFIG, () => draw))).toEqual([1_000, 1_250, 1_500]);
});

it('a status passes when it is expected', () => {
  expect([199, 200, 204, 299, 300, 503].map((status) => isExpectedStatus([], status))).toEqual([
    false,
    true,
    true,
    true,
    false,
    false,
  ]);
  expect([200, 401].map((status) => isExpectedStatus([401, 403], status))).toEqual([false, true]);
});

describe('the gRPC health protocol', () => {
  it('asks for a service by name, or for the server', () => {
    expect([...grpcHealthRequest('a.B')]).toEqual([0, 0, 0, 0, 5, 0x0a, 3, 0x61, 0x2e, 0x42]);
    expect([...grpcHealthRequest('')]).toEqual([0, 0, 0, 0, 0]);
    expect([...grpcHealthRequest('x'.repeat(200))].slice(0, 8)).toEqual([0, 0, 0, 0, 203, 0x0a, 0xc8, 1]);
  });

  it('takes only SERVING for an answer', () => {
    const answer = (...message: readonly number[]) => Buffer.from([0, 0, 0, 0, message.length, ...message]);
    expect(isServing(answer(8, 1))).toBe(true);
    for (const bytes of [answer(8, 2), answer(8, 0), answer(), Buffer.from([1, 0, 0, 0, 2, 8, 1]), Buffer.alloc(0)])
      expect(isServing(bytes)).toBe(false);
  });
});
