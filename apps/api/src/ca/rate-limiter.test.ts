// The rate limiter: burst, refill, independence of callers.
import { expect, it } from 'vitest';
import { RateLimiter } from './rate-limiter.ts';

function limiterAt(limit: { burst: number; perSecond: number }) {
  const time = { ms: 0 };
  const limiter = new RateLimiter(limit, { now: () => time.ms, monotonic: () => time.ms });
  return { time, limiter };
}

it('lets a burst through, then what is refilled', () => {
  const { time, limiter } = limiterAt({ burst: 3, perSecond: 2 });
  expect([1, 2, 3, 4].map(() => limiter.tryTake('a'))).toEqual([true, true, true, false]);
  time.ms += 500;
  expect([1, 2].map(() => limiter.tryTake('a'))).toEqual([true, false]);
  time.ms += 60_000;
  expect([1, 2, 3, 4].map(() => limiter.tryTake('a'))).toEqual([true, true, true, false]);
});

it('judges callers apart, and looking costs nothing', () => {
  const { limiter } = limiterAt({ burst: 1, perSecond: 0 });
  expect(limiter.hasLeft('a')).toBe(true);
  expect(limiter.tryTake('a')).toBe(true);
  expect(limiter.hasLeft('a')).toBe(false);
  expect(limiter.tryTake('b')).toBe(true);
});

it('remembers a bounded number of callers and forgets who was quiet longest', () => {
  const { limiter } = limiterAt({ burst: 1, perSecond: 0 });
  expect(limiter.tryTake('first')).toBe(true);
  for (let index = 0; index < 10_000; index++) limiter.tryTake(`caller ${index}`);
  expect(limiter.tryTake('first')).toBe(true);
  expect(limiter.tryTake('caller 9999')).toBe(false);
});
