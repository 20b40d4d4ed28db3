import { expect, it } from 'vitest';
import { type ReportingProxy, standingOf } from './standing.ts';

const CART = { namespace: 'shop', name: 'cart' };
const WEB = { namespace: 'shop', name: 'web' };

function proxy(name: string, protection: unknown, over: Partial<ReportingProxy> = {}): ReportingProxy {
  const service = name.slice(0, name.lastIndexOf('-'));
  return { namespace: 'shop', name, service, isConnected: true, beatAtMs: 10_000, protection, ...over };
}

const open = { cluster: 'outbound|80||cart.shop', route: '', state: 'open', forMs: 4_000, passed: 0, needed: 0 };
const halfOpen = { ...open, state: 'half-open', forMs: 0, passed: 2, needed: 5 };

it('says a breaker once for all proxies of the caller, as the worst of them has it', () => {
  const { breakers } = standingOf(
    [
      proxy('web-1', { breakers: [halfOpen], ejected: [] }),
      proxy('web-2', { breakers: [open], ejected: [] }),
      proxy('web-3', null),
    ],
    10_500,
    () => undefined,
  );
  expect(breakers).toEqual([
    {
      ...{ caller: WEB, callee: CART, rule: null, version: '', state: 'open', proxies: 2, proxiesOf: 3 },
      ...{ asksAgainAtMs: 14_000, passed: 0, needed: 0 },
    },
  ]);
});

it('names the service that a breaker of a rule stands before', () => {
  const ofRule = { ...halfOpen, cluster: '', route: 'shop/cart/default' };
  const { breakers } = standingOf([proxy('web-1', { breakers: [ofRule], ejected: [] })], 0, (caller, rule) =>
    caller.name === 'web' && rule === 'shop/cart/default' ? CART : undefined,
  );
  expect(breakers).toMatchObject([{ callee: CART, rule: 'shop/cart/default', state: 'half-open', passed: 2 }]);
});

it('says an ejected endpoint once, with all who ejected it and the last return', () => {
  const ejected = (forMs: number, reason = 'consecutive-5xx') => ({
    breakers: [],
    ejected: [{ cluster: 'outbound|80|v1|cart.shop', workload: 'shop/cart-1', reason, forMs }],
  });
  const standing = standingOf(
    [proxy('web-1', ejected(1_000)), proxy('admin-1', ejected(3_000)), proxy('cart-1', null), proxy('cart-2', null)],
    0,
    () => undefined,
  );
  expect(standing.ejected).toEqual([
    {
      ...{ service: CART, workload: 'shop/cart-1', reason: 'consecutive-5xx', returnsAtMs: 13_000 },
      callers: [WEB, { namespace: 'shop', name: 'admin' }],
    },
  ]);
  expect(standing.endpointsOf).toEqual({ 'shop/cart': 2 });
  const unhealthy = standingOf([proxy('web-1', ejected(0, 'health-check'))], 0, () => undefined);
  expect(unhealthy.ejected).toMatchObject([{ reason: 'health-check', returnsAtMs: null }]);
});

it('believes no proxy that is silent, and passes over what it cannot read', () => {
  const rows = [proxy('web-1', { breakers: [open], ejected: [] }, { isConnected: false }), proxy('web-2', { new: 1 })];
  expect(standingOf(rows, 0, () => undefined)).toMatchObject({ breakers: [], ejected: [], overloads: [], proxies: 1 });
});

it('tells the learned limit of a service, of the proxies that are heard', () => {
  const overload = {
    ...{ service: 'shop/cart', port: 8080, limit: 10, minConcurrency: 1, maxConcurrency: 1_000 },
    ...{ inFlight: 10, waiting: 2, baselineMs: 20 },
  };
  const report = { breakers: [], ejected: [], overloads: [overload] };
  const rows = [proxy('cart-1', report), proxy('cart-2', report), proxy('cart-3', report, { isConnected: false })];
  expect(standingOf(rows, 0, () => undefined).overloads).toMatchObject([
    { service: CART, proxies: 2, full: 2, limit: 20, inFlight: 20, waiting: 4 },
  ]);
});
