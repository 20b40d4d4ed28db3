import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RouteTable, VirtualHost } from './config.ts';
import { IndexedFinder, LinearFinder, type RankedRoute } from './route-finder.ts';
import { RouteMatcher } from './route-matcher.ts';
import { compileRouteTable } from './router.ts';
import { forward, makeRequest, makeRoute, seededRandom, weighted } from './testing.ts';

function table(...virtualHosts: readonly VirtualHost[]): RouteTable {
  return { name: 'outbound', virtualHosts };
}

function host(name: string, domains: readonly string[], routes = [makeRoute(name, {})]): VirtualHost {
  return { name, domains, routes };
}

const never = () => 0;

describe('host', () => {
  const router = compileRouteTable(
    table(
      host('exact', ['reviews', 'reviews:9080']),
      host('wide', ['*.example.com']),
      host('narrow', ['*.api.example.com']),
      host('ported', ['*.example.com:81']),
    ),
  );
  const hostOf = (authority: string) => router.route(makeRequest({ authority }), never).virtualHost?.name;

  it('is found exactly, with its port', () => {
    expect(hostOf('reviews')).toBe('exact');
    expect(hostOf('reviews:9080')).toBe('exact');
    expect(hostOf('reviews:9081')).toBeUndefined();
    expect(hostOf('reviews.bookstore')).toBeUndefined();
  });

  it('is found by the longest wildcard suffix, which needs a label of its own', () => {
    expect(hostOf('a.example.com')).toBe('wide');
    expect(hostOf('a.api.example.com')).toBe('narrow');
    expect(hostOf('b.a.api.example.com')).toBe('narrow');
    expect(hostOf('example.com')).toBeUndefined();
    expect(hostOf('a.example.com:81')).toBe('ported');
    expect(hostOf('a.example.com:82')).toBeUndefined();
  });

  it('falls back to "*" last, and the first claim of a domain holds', () => {
    const other = compileRouteTable(table(host('all', ['*']), host('first', ['a']), host('second', ['a'])));
    expect(other.route(makeRequest({ authority: 'a' }), never).virtualHost?.name).toBe('first');
    expect(other.route(makeRequest({ authority: 'zz' }), never).virtualHost?.name).toBe('all');
  });
});

describe('match', () => {
  const matches = (match: Parameters<typeof makeRoute>[1], request: Parameters<typeof makeRequest>[0]) =>
    compileRouteTable(table(host('h', ['a'], [makeRoute('r', match)]))).route(makeRequest(request), never).route !==
    undefined;

  it.each([
    ['/a', '/a', true],
    ['/a', '/a/', true],
    ['/a', '/a/b', true],
    ['/a', '/a?b=c', true],
    ['/a', '/ab', false],
    ['/a', '/A', false],
    ['/a/', '/a', true],
    ['/a/', '/a/b', true],
    ['/a/', '/ab', false],
    ['/', '/anything', true],
    ['/', '*', true],
    ['/a/b', '/a', false],
  ])('prefix %s and path %s: %s', (value, path, expected) => {
    expect(matches({ path: { type: 'prefix', value } }, { path })).toBe(expected);
  });

  it('takes an exact path as it is, without its query', () => {
    const match = { path: { type: 'exact', value: '/a' } } as const;
    expect(matches(match, { path: '/a?x' })).toBe(true);
    for (const path of ['/a/', '/A', '/ab', '/']) expect(matches(match, { path })).toBe(false);
  });

  it('needs a regular expression to match the whole path', () => {
    const match = { path: { type: 'regex', value: '/v[0-9]+/.*' } } as const;
    expect(matches(match, { path: '/v12/x?y' })).toBe(true);
    expect(matches(match, { path: '/x/v12/' })).toBe(false);
    expect(matches({ path: { type: 'regex', value: '/a|/b' } }, { path: '/ab' })).toBe(false);
  });

  it('is linear in the path whatever the regular expression', { timeout: 20_000 }, () => {
    // Backtracking engines need 2^n steps for this.
    const match = { path: { type: 'regex', value: '/(a+)+b' } } as const;
    expect(matches(match, { path: `/${'a'.repeat(20_000)}` })).toBe(false);
  });

  it('compares method, headers and query', () => {
    const match = {
      method: 'POST',
      headers: [
        { name: 'x-user', type: 'exact', value: 'ana' },
        { name: 'x-team', type: 'regex', value: 'a.*' },
      ],
      queryParams: [{ name: 'q', type: 'exact', value: 'a b' }],
    } as const;
    const good = { method: 'POST', path: '/?q=a%20b', headers: { 'x-user': 'ana', 'x-team': 'abc' } };
    expect(matches(match, good)).toBe(true);
    expect(matches(match, { ...good, path: '/?q=a+b&q=no' })).toBe(true);
    expect(matches(match, { ...good, method: 'GET' })).toBe(false);
    expect(matches(match, { ...good, path: '/?q=no&q=a+b' })).toBe(false);
    expect(matches(match, { ...good, path: '/?qq=a+b' })).toBe(false);
    expect(matches(match, { ...good, headers: { 'x-user': 'ana' } })).toBe(false);
    expect(matches(match, { ...good, headers: { 'x-user': 'Ana', 'x-team': 'abc' } })).toBe(false);
  });

  it('never asks for a header that no rule needs', () => {
    const router = compileRouteTable(table(host('h', ['a'])));
    const request = {
      method: 'GET',
      authority: 'a',
      path: '/',
      header: (): string => {
        throw new Error('asked for a header');
      },
    };
    expect(router.route(request, never).route?.name).toBe('h');
  });
});

describe('weights', () => {
  const split = (weights: readonly number[]) => {
    const clusters = weights.map((weight, index) => weighted(`c${index}`, weight));
    return compileRouteTable(table(host('h', ['a'], [makeRoute('r', {}, forward(...clusters))])));
  };

  it('converge to their shares, and a weight of 0 gets nothing', () => {
    const weights = fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(weights, fc.integer(), (list, seed) => {
        const total = list.reduce((sum, weight) => sum + weight, 0);
        const router = split(list);
        const random = seededRandom(seed);
        const counts = new Map<string | undefined, number>();
        const draws = 4000;
        for (let i = 0; i < draws; i++) {
          const cluster = router.route(makeRequest({}), random).weighted?.cluster;
          counts.set(cluster, (counts.get(cluster) ?? 0) + 1);
        }
        if (total === 0) return counts.get(undefined) === draws;
        // Six standard deviations of a binomial: a right implementation fails once in 10^8 draws of this test.
        return list.every((weight, index) => {
          const share = weight / total;
          const off = Math.abs((counts.get(`c${index}`) ?? 0) - share * draws);
          return off <= 6 * Math.sqrt(draws * share * (1 - share));
        });
      }),
      { numRuns: 40 },
    );
  });

  it('gives the same decision object each time, so that routing allocates nothing', () => {
    const router = split([1]);
    expect(router.route(makeRequest({}), never)).toBe(router.route(makeRequest({}), never));
    expect(router.route(makeRequest({ authority: 'b' }), never)).toBe(
      router.route(makeRequest({ authority: 'c' }), never),
    );
  });
});

describe('the finders', () => {
  const pathMatch = fc.record({
    type: fc.constantFrom('exact' as const, 'prefix' as const, 'regex' as const),
    value: fc.array(fc.constantFrom('a', 'b', 'ab'), { maxLength: 3 }).map((parts) => `/${parts.join('/')}`),
  });
  const headers = fc.constantFrom([], [{ name: 'x', type: 'exact' as const, value: '1' }]);
  const routes = fc.array(fc.record({ path: pathMatch, headers }), { maxLength: 20 });
  const request = fc.record({
    path: fc.array(fc.constantFrom('a', 'b', 'ab', ''), { maxLength: 4 }).map((parts) => `/${parts.join('/')}`),
    headers: fc.constantFrom<Record<string, string>[]>({}, { x: '1' }),
  });

  it('agree: the index finds the route that trying all finds', () => {
    fc.assert(
      fc.property(routes, fc.array(request, { minLength: 1, maxLength: 10 }), (specs, requests) => {
        const ranked: RankedRoute[] = specs.map((match, rank) => {
          const route = makeRoute(`r${rank}`, match);
          return { rank, route, matcher: new RouteMatcher(route) };
        });
        const linear = new LinearFinder(ranked);
        const indexed = new IndexedFinder(ranked);
        return requests.every((parts) => {
          const view = makeRequest(parts);
          return linear.find(parts.path, view, Math.random) === indexed.find(parts.path, view, Math.random);
        });
      }),
      { numRuns: 500 },
    );
  });
});

describe('explain', () => {
  const router = compileRouteTable(
    table(
      host(
        'reviews.bookstore:9080',
        ['reviews'],
        [
          makeRoute('n/r/admin', { path: { type: 'exact', value: '/admin' } }),
          makeRoute(
            'n/r/canary',
            { headers: [{ name: 'x-canary', type: 'exact', value: '1' }] },
            forward(weighted('c1', 3), weighted('c2', 1)),
          ),
          makeRoute('n/r/all', {}),
        ],
      ),
    ),
  );

  it('tells each rule with its verdict, the winner and the shares', () => {
    const explanation = router.explain(makeRequest({ authority: 'reviews', headers: { 'x-canary': '1' } }));
    expect(explanation.virtualHost).toBe('reviews.bookstore:9080');
    expect(explanation.rules.map(({ route, verdict }) => [route, verdict])).toEqual([
      ['n/r/admin', 'no-match'],
      ['n/r/canary', 'winner'],
      ['n/r/all', 'also-matches'],
    ]);
    expect(explanation.rules[0]?.words).toBe('No: path / does not equal /admin.');
    expect(explanation.rules[2]?.words).toContain('n/r/canary comes first');
    expect(explanation.backends).toEqual([
      { cluster: 'c1', weight: 3, share: 0.75 },
      { cluster: 'c2', weight: 1, share: 0.25 },
    ]);
  });

  it('says why there is no host or no route', () => {
    expect(router.explain(makeRequest({ authority: 'nobody' }))).toMatchObject({
      virtualHost: undefined,
      winner: undefined,
    });
    const one = compileRouteTable(table(host('h', ['a'], [makeRoute('r', { method: 'PUT' })])));
    expect(one.explain(makeRequest({}))).toMatchObject({
      winner: undefined,
      actionWords: expect.stringContaining('404'),
    });
  });

  it('agrees with route()', () => {
    const parts = fc.record({
      authority: fc.constantFrom('reviews', 'other'),
      path: fc.constantFrom('/', '/admin', '/admin/x', '/admin?x'),
      headers: fc.constantFrom<Record<string, string>[]>({}, { 'x-canary': '1' }, { 'x-canary': '2' }),
    });
    fc.assert(
      fc.property(parts, (request) => {
        const view = makeRequest(request);
        return router.explain(view).winner === router.route(view, never).route?.name;
      }),
    );
  });
});
