import { expect, it } from 'vitest';
import { overloadsOf } from './overload-standing.ts';

const bounds = { minConcurrency: 1, maxConcurrency: 1_000 };
const one = { service: 'shop/cart', port: 8080, ...bounds, limit: 10, inFlight: 3, waiting: 0, baselineMs: 20 };

it('says a service once for all its proxies: their limits together, and how many are at theirs', () => {
  const full = { ...one, limit: 12, inFlight: 12, waiting: 5, baselineMs: 35 };
  expect(overloadsOf([one, full])).toEqual([
    {
      ...{ service: { namespace: 'shop', name: 'cart' }, port: 8080, proxies: 2, full: 1 },
      ...{ limit: 22, inFlight: 15, waiting: 5, ...bounds, baselineMs: 35 },
    },
  ]);
});

it('names those first whose requests wait, and says where nothing was measured', () => {
  const waiting = { ...one, service: 'shop/web', waiting: 1, baselineMs: 0 };
  expect(overloadsOf([one, waiting]).map(({ service, baselineMs }) => [service.name, baselineMs])).toEqual([
    ['web', null],
    ['cart', 20],
  ]);
});
