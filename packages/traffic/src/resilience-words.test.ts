import { expect, test } from 'vitest';
import { retryWords, timeoutWords } from './resilience-words.ts';
import { forward, weighted } from './testing.ts';

const action = forward(weighted('c'));

test('timeouts in words', () => {
  expect(timeoutWords(action)).toEqual([]);
  expect(timeoutWords({ ...action, requestTimeoutMs: 15_000 })).toEqual(['It has 15 s to be answered.']);
  expect(timeoutWords({ ...action, backendRequestTimeoutMs: 400, maxDurationMs: 60_000 })).toEqual([
    'An attempt has 400 ms; all is over after 60 s.',
  ]);
});

test('retries in words', () => {
  const { retry } = action;
  expect(retryWords(retry)).toBe('A failure is not tried again.');
  const on = ['connect-failure', 'retriable-status', 'unavailable'] as const;
  expect(retryWords({ ...retry, attempts: 2, on, statusCodes: [409, 425] })).toBe(
    'After connect-failure, retriable-status (409, 425), unavailable it is tried again, 2 times at most, while retries are ' +
      'at most 20 % of the requests, or 3; what was never sent, and what an endpoint that died took with it, is sent again ' +
      'beyond that.',
  );
});
