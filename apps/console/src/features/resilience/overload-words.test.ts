import { expect, it } from 'vitest';
import { type Overload, overloadInWords, overloadTone } from './overload-words.ts';

const overload: Overload = {
  ...{ service: { namespace: 'shop', name: 'cart' }, port: 8080, proxies: 1, full: 0, limit: 12, inFlight: 3 },
  ...{ waiting: 0, minConcurrency: 1, maxConcurrency: 1_000, baselineMs: 4.2 },
};

it('says the limit in force, what it is learned from, and its bounds', () => {
  expect(overloadInWords(overload, 0)).toBe(
    'Works on 3 of at most 12 requests at a time. The limit is learned from latency, between 1 and 1,000. Without a queue an answer takes 5\u00a0ms.',
  );
});

it('says what waits and what is shed, of all instances together', () => {
  const busy = { ...overload, proxies: 2, full: 2, inFlight: 12, waiting: 5, baselineMs: null };
  const words = overloadInWords(busy, 4);
  expect(words).toContain('Works on 12 of at most 12 requests at a time in 2 instances, 5 wait. 4.00/s are shed');
  expect(words).toContain('between 1 and 1,000 each. Not measured yet.');
});

it('is a warning when it has enough to do, and an error when it sheds', () => {
  expect(overloadTone(overload, 0)).toBe('ok');
  expect(overloadTone({ ...overload, waiting: 1 }, 0)).toBe('warn');
  expect(overloadTone({ ...overload, full: 1 }, 0)).toBe('warn');
  expect(overloadTone(overload, 0.5)).toBe('err');
});
