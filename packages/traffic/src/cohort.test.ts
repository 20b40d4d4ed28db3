import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cohortOf, StickySplit, stickyDraw } from './cohort.ts';
import { makeRequest } from './testing.ts';

const USERS = Array.from({ length: 20_000 }, (_, index) => `user-${index}`);
const names = ['v1', 'v2', 'v3'];

describe('a sticky split', () => {
  it('gives each backend its share', () => {
    const split = new StickySplit(names, [90, 8, 2]);
    const counts = [0, 0, 0];
    for (const user of USERS) counts[split.pick(user)] = (counts[split.pick(user)] ?? 0) + 1;
    const shares = counts.map((count) => (count / USERS.length) * 100);
    expect(shares[0]).toBeCloseTo(90, -0.5);
    expect(shares[1]).toBeGreaterThan(7);
    expect(shares[1]).toBeLessThan(9);
    expect(shares[2]).toBeGreaterThan(1.5);
    expect(shares[2]).toBeLessThan(2.5);
  });

  it('moves users only to the backend whose weight grows, whatever the weights', () => {
    const weight = fc.integer({ min: 1, max: 100 });
    fc.assert(
      fc.property(
        fc.tuple(weight, weight, weight),
        fc.nat(2),
        fc.integer({ min: 1, max: 100 }),
        (before, grown, by) => {
          const after = before.map((value, index) => (index === grown ? value + by : value));
          const old = new StickySplit(names, before);
          const next = new StickySplit(names, after);
          for (const user of USERS.slice(0, 500)) {
            const from = old.pick(user);
            const to = next.pick(user);
            if (from !== to) expect(to).toBe(grown);
          }
        },
      ),
      { numRuns: 50 },
    );
  });

  it('gives each of two backends of one name its share', () => {
    const split = new StickySplit(['v1', 'v1', 'v2'], [40, 20, 40]);
    const counts = [0, 0, 0];
    for (const user of USERS) counts[split.pick(user)] = (counts[split.pick(user)] ?? 0) + 1;
    const shares = counts.map((count) => Math.round((count / USERS.length) * 100));
    for (const [index, wanted] of [40, 20, 40].entries())
      expect(Math.abs((shares[index] ?? 0) - wanted)).toBeLessThanOrEqual(2);
  });

  it('does not depend on the order of the backends', () => {
    const one = new StickySplit(['v1', 'v2'], [70, 30]);
    const other = new StickySplit(['v2', 'v1'], [30, 70]);
    for (const user of USERS.slice(0, 1_000)) expect(one.pick(user)).toBe(1 - other.pick(user));
  });
});

it('a draw is even over [0, 1), and who is below a share stays below a larger one', () => {
  const buckets = new Array<number>(10).fill(0);
  for (const user of USERS) {
    const bucket = Math.floor(stickyDraw(user) * 10);
    buckets[bucket] = (buckets[bucket] ?? 0) + 1;
  }
  for (const count of buckets) expect(Math.abs(count - 2_000)).toBeLessThan(200);
});

describe('a cohort key', () => {
  it.each([
    ['a=1; session=abc; b=2', 'abc'],
    ['session=abc', 'abc'],
    ['session =abc ;x=1', 'abc'],
    ['xsession=abc', undefined],
    ['session', undefined],
    ['a=session=abc', undefined],
    ['', undefined],
  ])('in the cookie header %j is %j', (cookie, expected) => {
    expect(cohortOf({ type: 'cookie', name: 'session' }, makeRequest({ headers: { cookie } }))).toBe(expected);
  });

  it('is the value of a header, or fixed', () => {
    const request = makeRequest({ headers: { 'x-user': 'ann' } });
    expect(cohortOf({ type: 'header', name: 'x-user' }, request)).toBe('ann');
    expect(cohortOf({ type: 'header', name: 'x-other' }, request)).toBeUndefined();
    expect(cohortOf({ type: 'fixed', value: 'shop/cart' }, request)).toBe('shop/cart');
  });
});
