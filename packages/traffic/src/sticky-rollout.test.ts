import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CohortKey, RouteTable } from './config.ts';
import { compileRouteTable } from './router.ts';
import { forward, makeRequest, makeRoute, weighted } from './testing.ts';

const USERS = Array.from({ length: 2_000 }, (_, index) => `user-${index}`);
const cohort: CohortKey = { type: 'cookie', name: 'id' };

function table(routes: ReturnType<typeof makeRoute>[]): RouteTable {
  return { name: 't', virtualHosts: [{ name: 'h', domains: ['a'], routes }] };
}

/** The backend of each user, by the table as a proxy runs it. */
function backendsOf(of: RouteTable): (string | undefined)[] {
  const router = compileRouteTable(of);
  // A user with a key is never drawn for.
  const random = () => {
    throw new Error('drawn at random');
  };
  return USERS.map((user) => {
    const request = makeRequest({ headers: { cookie: `a=b; id=${user}` } });
    return router.route(request, random).weighted?.cluster;
  });
}

const byWeight = (canary: number) =>
  backendsOf(
    table([makeRoute('r', {}, { ...forward(weighted('old', 100 - canary), weighted('new', canary)), cohort })]),
  );

const byShare = (percent: number) =>
  backendsOf(
    table([
      makeRoute('canary', { share: { perMillion: percent * 10_000, cohort } }, forward(weighted('new'))),
      makeRoute('rest', {}, forward(weighted('old'))),
    ]),
  );

describe.each([
  ['weights', byWeight],
  ['a share', byShare],
])('a sticky rollout by %s', (_, backendsAt) => {
  it('from 10 to 20 % keeps who is in, and brings in about as many again', () => {
    const at10 = backendsAt(10);
    const at20 = backendsAt(20);
    const left = USERS.filter((_user, index) => at10[index] === 'new' && at20[index] !== 'new');
    const joined = USERS.filter((_user, index) => at10[index] !== 'new' && at20[index] === 'new');
    expect(left).toEqual([]);
    expect(joined.length / USERS.length).toBeGreaterThan(0.07);
    expect(joined.length / USERS.length).toBeLessThan(0.13);
  });

  it('never takes a user back while it grows', () => {
    const percent = fc.integer({ min: 1, max: 99 });
    fc.assert(
      fc.property(percent, percent, (one, other) => {
        const before = backendsAt(Math.min(one, other));
        const after = backendsAt(Math.max(one, other));
        return before.every((backend, index) => backend !== 'new' || after[index] === 'new');
      }),
      { numRuns: 20 },
    );
  });
});
