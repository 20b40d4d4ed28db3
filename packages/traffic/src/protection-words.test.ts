import { expect, test } from 'vitest';
import { faultWords, limitWords } from './protection-words.ts';
import { EVERY_REQUEST } from './request-condition.ts';

test('limits in words', () => {
  const limit = { id: 'shop/l/a', condition: EVERY_REQUEST, keys: [], announces: false };
  expect(limitWords({ ...limit, requests: 100, intervalMs: 1000, burst: 20 })).toBe(
    'At most 100 requests in 1 s, 20 at once (shop/l/a).',
  );
  const condition = { ...EVERY_REQUEST, methods: ['POST'] };
  const keys = [{ type: 'identity' as const }, { type: 'header' as const, name: 'x-user' }];
  expect(limitWords({ ...limit, condition, keys, requests: 1, intervalMs: 500, burst: 1 })).toBe(
    'At most 1 requests in 500 ms, 1 at once, for each identity and value of x-user of POST (shop/l/a).',
  );
});

test('faults in words', () => {
  const fault = { id: 'shop/f', condition: EVERY_REQUEST, lastsMs: 1000 };
  const delay = { perMillion: 500_000, durationMs: 2000 };
  expect(faultWords({ ...fault, delay, abort: { perMillion: 125_000, status: 503 } })).toBe(
    'Fault shop/f: 50 % wait 2 s; 12.5 % are answered with 503.',
  );
  expect(faultWords({ ...fault, abort: { perMillion: 10_000, grpcStatus: 14 }, reset: { perMillion: 10_000 } })).toBe(
    'Fault shop/f: 1 % are answered with status 14 of gRPC; 1 % are broken off.',
  );
});
