import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createBalancer } from './balancer.ts';
import type { LoadBalancerConfig } from './config.ts';
import { makeEndpoint, seededRandom } from './testing.ts';

const types = ['RoundRobin', 'LeastRequest', 'Random'] as const satisfies readonly LoadBalancerConfig['type'][];

function counts(type: LoadBalancerConfig['type'], weights: readonly number[], picks: number): number[] {
  const balancer = createBalancer({ type }, seededRandom(7));
  balancer.update(weights.map((weight, index) => makeEndpoint(`w${index}`, { weight })));
  const byWorkload = new Map<string, number>();
  for (let i = 0; i < picks; i++) {
    const picked = balancer.pick();
    if (picked === undefined) continue;
    byWorkload.set(picked.endpoint.workload, (byWorkload.get(picked.endpoint.workload) ?? 0) + 1);
  }
  return weights.map((_, index) => byWorkload.get(`w${index}`) ?? 0);
}

describe.each(types)('%s', (type) => {
  const make = (seed = 1) => createBalancer({ type }, seededRandom(seed));

  it('picks nothing of nothing', () => {
    const balancer = make();
    expect(balancer.pick()).toBeUndefined();
    balancer.update([]);
    expect(balancer.pick()).toBeUndefined();
    balancer.update([makeEndpoint('a', { healthy: false })]);
    expect(balancer.pick()).toBeUndefined();
  });

  it('never picks an unhealthy or excluded endpoint, and finds the last one that is left', () => {
    const balancer = make();
    balancer.update([
      makeEndpoint('a', { weight: 9 }),
      makeEndpoint('b', { healthy: false }),
      makeEndpoint('c'),
      makeEndpoint('d'),
    ]);
    for (let i = 0; i < 200; i++) {
      expect(balancer.pick(({ workload }) => workload !== 'd')?.endpoint.workload).toBe('d');
      expect(balancer.pick()?.endpoint.workload).not.toBe('b');
    }
    expect(balancer.pick(() => true)).toBeUndefined();
  });

  it('is fair to equal endpoints', () => {
    for (const count of counts(type, [1, 1, 1, 1], 4000)) expect(Math.abs(count - 1000)).toBeLessThan(170);
  });

  it('follows the weights', () => {
    const [light = 0, heavy = 0] = counts(type, [1, 3], 4000);
    expect(Math.abs(light - 1000)).toBeLessThan(170);
    expect(light + heavy).toBe(4000);
  });

  it('keeps the counts of an endpoint over updates and takes its new description', () => {
    const balancer = make();
    balancer.update([makeEndpoint('a')]);
    const before = balancer.pick();
    before?.started();
    balancer.update([makeEndpoint('b'), makeEndpoint('a', { port: 2 })]);
    const after = balancer.endpoints.find(({ endpoint }) => endpoint.workload === 'a');
    expect(after).toBe(before);
    expect(after).toMatchObject({ active: 1, endpoint: { port: 2 } });
    before?.finished(false);
    before?.finished(true);
    expect(after).toMatchObject({ active: 0, failures: 1 });
  });

  it('picks only what is there, through any churn', () => {
    const names = fc.constantFrom('a', 'b', 'c', 'd', 'e');
    const list = fc.uniqueArray(fc.record({ name: names, weight: fc.integer({ min: 1, max: 5 }) }), {
      selector: (e) => e.name,
    });
    fc.assert(
      fc.property(fc.array(list, { maxLength: 8 }), fc.integer(), (updates, seed) => {
        const balancer = make(seed);
        return updates.every((endpoints) => {
          balancer.update(endpoints.map(({ name, weight }) => makeEndpoint(name, { weight })));
          for (let i = 0; i < 7; i++) {
            const picked = balancer.pick()?.endpoint;
            if ((picked === undefined) !== (endpoints.length === 0)) return false;
            if (
              picked !== undefined &&
              !endpoints.some(({ name, weight }) => name === picked.workload && weight === picked.weight)
            )
              return false;
          }
          return true;
        });
      }),
    );
  });
});

describe('RoundRobin', () => {
  it('is exact over each round, whatever the weights', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 6 }), (weights) => {
        const round = weights.every((weight) => weight === weights[0])
          ? weights.length
          : weights.reduce((a, b) => a + b, 0);
        const expected = weights.map((weight) => (round === weights.length ? 1 : weight));
        return counts('RoundRobin', weights, round).every((count, index) => count === expected[index]);
      }),
    );
  });

  it('goes on where it was when an endpoint is added', () => {
    const balancer = createBalancer({ type: 'RoundRobin' }, () => 0);
    balancer.update([makeEndpoint('a'), makeEndpoint('b'), makeEndpoint('c')]);
    expect(balancer.pick()?.endpoint.workload).toBe('a');
    balancer.update([makeEndpoint('x'), makeEndpoint('a'), makeEndpoint('b'), makeEndpoint('c')]);
    expect([1, 2, 3].map(() => balancer.pick()?.endpoint.workload)).toEqual(['b', 'c', 'x']);
  });

  it('does not begin with the first endpoint in every proxy', () => {
    const first = new Set(
      Array.from({ length: 20 }, (_, seed) => {
        const balancer = createBalancer({ type: 'RoundRobin' }, seededRandom(seed));
        balancer.update([makeEndpoint('a'), makeEndpoint('b'), makeEndpoint('c')]);
        return balancer.pick()?.endpoint.workload;
      }),
    );
    expect(first).toEqual(new Set(['a', 'b', 'c']));
  });
});

describe('LeastRequest', () => {
  it('turns away from a loaded endpoint', () => {
    const balancer = createBalancer({ type: 'LeastRequest' }, seededRandom(3));
    balancer.update([makeEndpoint('slow'), makeEndpoint('quick')]);
    const slow = balancer.endpoints.find(({ endpoint }) => endpoint.workload === 'slow');
    for (let i = 0; i < 50; i++) slow?.started();
    let picks = 0;
    for (let i = 0; i < 1000; i++) if (balancer.pick() === slow) picks++;
    // Only when both draws fall on it.
    expect(picks).toBeGreaterThan(150);
    expect(picks).toBeLessThan(350);
  });

  it('keeps the requests in flight even', () => {
    const balancer = createBalancer({ type: 'LeastRequest' }, seededRandom(3));
    balancer.update(Array.from({ length: 10 }, (_, index) => makeEndpoint(`w${index}`)));
    for (let i = 0; i < 1000; i++) balancer.pick()?.started();
    const active = balancer.endpoints.map((endpoint) => endpoint.active);
    expect(Math.max(...active) - Math.min(...active)).toBeLessThanOrEqual(6);
  });
});
