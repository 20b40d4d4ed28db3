import { expect, test } from 'vitest';
import { overloadWords, requestBoundsWords } from './words.ts';

const OVERLOAD = { id: 'shop/cart', minConcurrency: 4, maxConcurrency: 1_000, queueTimeoutMs: 100, probePaths: [] };

test('what a port works on at a time, in words', () => {
  expect(overloadWords({ ...OVERLOAD, maxQueue: 50 })).toBe(
    'As many requests at a time as it can work on, 4 to 1000; 50 may wait, each 100 ms at most; others are answered with ' +
      '503, of low priority first.',
  );
  expect(overloadWords({ ...OVERLOAD, minConcurrency: 8, maxConcurrency: 8, maxQueue: 0 })).toBe(
    'At most 8 requests at a time; none waits; others are answered with 503, of low priority first.',
  );
});

test('size and kinds of requests in words', () => {
  expect(requestBoundsWords({})).toEqual([]);
  expect(requestBoundsWords({ maxBytes: 1_024, kinds: ['http', 'grpc'] })).toEqual([
    'A body of more than 1024 bytes is answered with 413.',
    'Only requests of HTTP and gRPC are served.',
  ]);
});
