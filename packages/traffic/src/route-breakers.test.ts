import { describe, expect, it } from 'vitest';
import { Breaker } from './breaker.ts';
import { admits, RouteBreakers } from './route-breakers.ts';

const CONFIG = {
  successRate: 1,
  windowMs: 1_000,
  minRequests: 1,
  openMs: 1_000,
  openMaxMs: 1_000,
  halfOpenRequests: 1,
};

describe('breakers of routes', () => {
  it('keep their state under another configuration, until their route is gone', () => {
    const breakers = new RouteBreakers();
    const first = breakers.of('a', CONFIG);
    first.ended(false, 0);
    expect(breakers.of('a', { ...CONFIG, openMs: 5 })).toBe(first);
    breakers.of('b', CONFIG);
    expect(breakers.reports(0).map(({ route, breaker }) => `${route} ${breaker.type}`)).toEqual(['a open', 'b closed']);
    breakers.keep(new Set(['b']));
    expect(breakers.of('a', CONFIG)).not.toBe(first);
  });
});

describe('a request', () => {
  it('has to pass both', () => {
    const open = new Breaker(CONFIG);
    open.ended(false, 0);
    const closed = new Breaker(CONFIG);
    expect(admits(undefined, undefined, 0)).toBe(true);
    expect(admits(closed, closed, 0)).toBe(true);
    expect(admits(open, closed, 0)).toBe(false);
    expect(admits(closed, open, 0)).toBe(false);
  });

  it('that one lets through and the other does not takes no place of the first', () => {
    const halfOpen = new Breaker(CONFIG);
    halfOpen.ended(false, 0);
    const open = new Breaker({ ...CONFIG, openMs: 9_000, openMaxMs: 9_000 });
    open.ended(false, 0);
    expect(admits(halfOpen, open, 2_000)).toBe(false);
    expect(halfOpen.allow(2_000)).toBe(true);
  });
});
