import type { ClusterName } from '@malha/traffic/cluster-name';
import { expect, it } from 'vitest';
import type { ClusterStats } from '../cluster/cluster-runtime.ts';
import { protectionReport } from './protection-report.ts';

type Endpoint = ClusterStats['endpoints'][number];

function endpoint(workload: string, over: Partial<Endpoint> = {}): Endpoint {
  return {
    ...{ workload, address: '127.0.0.1', port: 80, tls: true, activeRequests: 0, connections: 0 },
    ...{ isEjected: false, isProbing: false, isPassingChecks: true },
    ...over,
  };
}

function cluster(over: Partial<ClusterStats>): ClusterStats {
  return {
    ...{ name: 'outbound|80||cart.shop' as ClusterName, connections: 0, idleConnections: 0, activeRequests: 0 },
    ...{ pendingRequests: 0, limits: { maxConnections: 1, maxPending: 1, maxRequests: 1 }, isPanicking: false },
    endpoints: [],
    ...over,
  };
}

it('tells breakers that are not closed, of clusters and of routes', () => {
  const { breakers } = protectionReport({
    clusters: [cluster({ breaker: { type: 'open', forMs: 1.2 } }), cluster({ breaker: { type: 'closed' } })],
    routeBreakers: [{ route: 'shop/cart/default', breaker: { type: 'half-open', passed: 1, needed: 3 } }],
    overloads: [],
  });
  expect(breakers).toEqual([
    { cluster: 'outbound|80||cart.shop', route: '', halfOpen: false, forMs: 2, passed: 0, needed: 0 },
    { cluster: '', route: 'shop/cart/default', halfOpen: true, forMs: 0, passed: 1, needed: 3 },
  ]);
});

it('tells the breaker of a route once, the open one, where several ports have the route', () => {
  const route = 'shop/cart/default';
  const { breakers } = protectionReport({
    clusters: [],
    routeBreakers: [
      { route, breaker: { type: 'open', forMs: 5 } },
      { route, breaker: { type: 'half-open', passed: 1, needed: 3 } },
      { route, breaker: { type: 'closed' } },
    ],
    overloads: [],
  });
  expect(breakers).toEqual([{ cluster: '', route, halfOpen: false, forMs: 5, passed: 0, needed: 0 }]);
});

it('tells endpoints that get no requests, each with its reason', () => {
  const ejection = { reason: 'consecutive-5xx', forMs: 10 } as const;
  const endpoints = [endpoint('shop/a', { isEjected: true, ejection }), endpoint('shop/b', { isPassingChecks: false })];
  const { ejected } = protectionReport({
    clusters: [cluster({ endpoints: [...endpoints, endpoint('shop/c')] })],
    routeBreakers: [],
    overloads: [],
  });
  expect(ejected.map(({ workload, reason, forMs }) => ({ workload, reason, forMs }))).toEqual([
    { workload: 'shop/a', reason: 'consecutive-5xx', forMs: 10 },
    { workload: 'shop/b', reason: 'health-check', forMs: 0 },
  ]);
});

it('is bounded, however many are out', () => {
  const endpoints = Array.from({ length: 500 }, (_, index) => endpoint(`shop/a-${index}`, { isPassingChecks: false }));
  const overloads = Array.from({ length: 500 }, (_, port) => ({
    ...{ service: 'shop/cart', port, limit: 20, minConcurrency: 1, maxConcurrency: 1_000 },
    ...{ inFlight: 0, waiting: 0, baselineMs: 0 },
  }));
  const report = protectionReport({ clusters: [cluster({ endpoints })], routeBreakers: [], overloads });
  expect(report.ejected).toHaveLength(64);
  expect(report.overloads).toEqual(overloads.slice(0, 64));
});
