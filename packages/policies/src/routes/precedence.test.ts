import type { RouteMatch } from '@malha/traffic';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { comparePrecedence, covers, type RankedMatch } from './precedence.ts';

const value = fc.record({
  name: fc.constantFrom('a', 'b'),
  type: fc.constantFrom('exact' as const, 'regex' as const),
  value: fc.constantFrom('1', '2'),
});
const match: fc.Arbitrary<RouteMatch> = fc
  .record({
    path: fc.record({
      type: fc.constantFrom('exact' as const, 'prefix' as const, 'regex' as const),
      value: fc.constantFrom('/', '/a', '/a/', '/a/b', '/b', '/ab'),
    }),
    method: fc.constantFrom(undefined, 'GET', 'PUT'),
    headers: fc.uniqueArray(value, { maxLength: 2, selector: ({ name }) => name }),
    queryParams: fc.uniqueArray(value, { maxLength: 2, selector: ({ name }) => name }),
  })
  .map(({ method, ...rest }) => (method === undefined ? rest : { ...rest, method }));
const ranked: fc.Arbitrary<RankedMatch> = fc.record({
  match,
  age: fc.nat(3),
  ruleIndex: fc.nat(3),
  matchIndex: fc.nat(3),
});

const isSamePlace = (a: RankedMatch, b: RankedMatch) =>
  a.age === b.age && a.ruleIndex === b.ruleIndex && a.matchIndex === b.matchIndex;

describe('precedence', () => {
  it('is a total order: antisymmetric, transitive, equal only at the same place', () => {
    fc.assert(
      fc.property(ranked, ranked, ranked, (a, b, c) => {
        const ab = Math.sign(comparePrecedence(a, b));
        if (ab !== -Math.sign(comparePrecedence(b, a))) return false;
        if (ab === 0 && !isSamePlace(a, b)) return false;
        return !(ab < 0 && comparePrecedence(b, c) < 0) || comparePrecedence(a, c) < 0;
      }),
      { numRuns: 2000 },
    );
  });

  const at = (parts: Partial<RouteMatch>, place: Partial<RankedMatch> = {}): RankedMatch => ({
    match: { path: { type: 'prefix', value: '/' }, headers: [], queryParams: [], ...parts },
    age: 0,
    ruleIndex: 0,
    matchIndex: 0,
    ...place,
  });
  const header = { name: 'a', type: 'exact', value: '1' } as const;

  it.each<[string, RankedMatch, RankedMatch]>([
    [
      'an exact path before a longer prefix',
      at({ path: { type: 'exact', value: '/a' } }),
      at({ path: { type: 'prefix', value: '/a/b/c' } }),
    ],
    [
      'the longer prefix',
      at({ path: { type: 'prefix', value: '/a/b' } }),
      at({ path: { type: 'prefix', value: '/a' }, method: 'GET' }),
    ],
    ['a method before headers', at({ method: 'GET' }), at({ headers: [header] })],
    [
      'more headers before query parameters',
      at({ headers: [header] }),
      at({ queryParams: [header, { ...header, name: 'b' }] }),
    ],
    ['more query parameters', at({ queryParams: [header] }), at({})],
    ['the older route', at({}, { age: 0, ruleIndex: 5 }), at({}, { age: 1 })],
    ['the first rule', at({}, { ruleIndex: 0, matchIndex: 3 }), at({}, { ruleIndex: 1 })],
  ])('gives precedence to %s', (_, first, second) => {
    expect(comparePrecedence(first, second)).toBeLessThan(0);
    expect(comparePrecedence(second, first)).toBeGreaterThan(0);
  });

  it('does not count the trailing slash of a prefix', () => {
    const a = at({ path: { type: 'prefix', value: '/a' } });
    const b = at({ path: { type: 'prefix', value: '/a/' } }, { age: 1 });
    expect(comparePrecedence(a, b)).toBeLessThan(0);
  });
});

describe('covers', () => {
  it('is never claimed of a match that takes a request which the other does not', () => {
    const paths = ['/', '/a', '/a/b', '/ab', '/b', '/a/b/c'];
    const values = [undefined, '1', '2'];
    const takes = (m: RouteMatch, path: string, method: string, a: string | undefined): boolean => {
      const key = m.path.value.replace(/\/$/, '');
      const onPath =
        m.path.type === 'exact' || m.path.type === 'regex'
          ? path === m.path.value
          : key === '' || path === key || path.startsWith(`${key}/`);
      const has = (list: RouteMatch['headers']) => list.every((v) => v.name === 'a' && a === v.value);
      return onPath && (m.method === undefined || m.method === method) && has(m.headers) && has(m.queryParams);
    };
    fc.assert(
      fc.property(match, match, (wide, narrow) => {
        if (!covers(wide, narrow)) return true;
        return paths.every((path) =>
          ['GET', 'PUT'].every((method) =>
            values.every((a) => !takes(narrow, path, method, a) || takes(wide, path, method, a)),
          ),
        );
      }),
      { numRuns: 2000 },
    );
  });
});
