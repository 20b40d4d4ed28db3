// Protection of calls: what the caller's proxy has of it, and what is said of how it holds.
import { parseResources, type WorkloadResource } from '@malha/model';
import { describe, expect, it } from 'vitest';
import type { TopologyEdge, TopologyNode } from '../telemetry/index.ts';
import { previewOf } from './preview.ts';
import { Protections } from './protection.ts';
import { attemptsFit, protectedEdges } from './resilience.ts';

const FRONTEND = { namespace: 'shop', name: 'frontend' };
const CART = { namespace: 'shop', name: 'cart' };

function workload(app: string): WorkloadResource {
  return {
    apiVersion: 'malha.dev/v1',
    kind: 'Workload',
    metadata: { name: `${app}-1`, namespace: 'shop', labels: { app } },
    spec: { address: '127.0.0.1', serviceAccount: app, ports: [{ port: 8080 }] },
  };
}

const service = (name: string) => `
apiVersion: malha.dev/v1
kind: Service
metadata: { name: ${name}, namespace: shop }
spec: { selector: { app: ${name} }, ports: [{ port: 80, targetPort: 8080 }] }
`;

const ROUTE = `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: cart, namespace: shop }
spec:
  parentRefs: [{ group: malha.dev, kind: Service, name: cart, port: 80 }]
  rules:
    - name: slow
      matches: [{ path: { value: /slow } }]
      timeouts: { request: 30s }
      backendRefs: [{ name: cart, port: 80 }]
    - name: default
      timeouts: { request: 2s, backendRequest: 1s }
      retry: { attempts: 1, backoff: 100ms }
      backendRefs: [{ name: cart, port: 80 }]
`;

const parsed = parseResources([service('frontend'), service('cart'), ROUTE].join('---'));
const world = {
  resources: parsed.resources,
  workloads: [workload('frontend'), workload('cart')],
  trustDomain: 'mesh.local',
};
const protections = new Protections(world);

function node(name: string): TopologyNode {
  return {
    ...{ id: `shop/${name}`, namespace: 'shop', service: name, kind: 'service', health: 'ok' },
    ...{ requestsPerSecond: 0, errorRate: 0, p95Ms: null, versions: [], badges: [] },
  };
}

function edge(some: Partial<TopologyEdge['golden']>, flags: TopologyEdge['flags'] = []): TopologyEdge {
  const golden = {
    ...{ requestsPerSecond: 100, errorRate: 0, p50Ms: 1, p95Ms: 2, p99Ms: 3, failedPerSecond: 0, retriesPerSecond: 0 },
    ...some,
  };
  return {
    ...{ id: 'e', source: 'shop/frontend', target: 'shop/cart', protocol: 'http', protocols: [], mtls: true },
    ...{ golden, share: null, versions: [], flags },
  };
}

const nodes = [node('frontend'), node('cart')];
const protectedOf = (one: TopologyEdge) =>
  protectedEdges({ nodes, edges: [one] }, (source, target) => protections.of(source, target));

describe('protection of a call', () => {
  it('is that of the rule for everything else, and says how many differ', () => {
    expect(parsed.errors).toEqual([]);
    expect(protections.of(FRONTEND, CART)).toMatchObject({
      connectTimeoutMs: 5_000,
      limits: { maxRequests: 1_024 },
      rule: { rule: 'shop/cart/default', requestTimeoutMs: 2_000, attemptTimeoutMs: 1_000, retry: { attempts: 1 } },
      differing: 1,
    });
  });

  it('is unknown outside of the mesh', () => {
    expect(protections.of({ namespace: 'shop', name: 'nobody' }, CART)).toBeUndefined();
    expect(protectedEdges({ nodes: [], edges: [edge({})] }, () => undefined)).toEqual([]);
  });
});

it('previews what a draft would change, and for which calls', () => {
  const draft = parseResources(`
apiVersion: malha.dev/v1
kind: TrafficPolicy
metadata: { name: cart, namespace: shop }
spec: { targetRef: { kind: Service, name: cart }, circuitBreaker: {}, connection: { maxRequests: 7 } }
`).resources;
  const preview = previewOf({ nodes, edges: [edge({})] }, { world, draft, protections });
  expect(preview).toMatchObject({
    compared: 1,
    changes: [
      {
        ...{ source: FRONTEND, target: CART },
        before: { breaker: null, limits: { maxRequests: 1_024 } },
        after: { breaker: { minRequests: 5 }, limits: { maxRequests: 7 } },
      },
    ],
  });
  expect(previewOf({ nodes, edges: [edge({})] }, { world, draft: [], protections }).changes).toEqual([]);
});

describe('how it holds', () => {
  it('measures retries against the budget of the caller', () => {
    expect(protectedOf(edge({ retriesPerSecond: 5 }))[0]?.budgetUsed).toBeCloseTo(0.25);
    expect(protectedOf(edge({ retriesPerSecond: 17 }))[0]?.concerns).toContain('budget-nearly-spent');
  });

  it('finds limits that were reached and timeouts, each by its flag', () => {
    const [found] = protectedOf(
      edge({}, [
        { flag: 'UO', share: 0.02 },
        { flag: 'UT', share: 0.0001 },
      ]),
    );
    expect(found?.refusedPerSecond).toBeCloseTo(2);
    expect(found?.concerns).toContain('limit-reached');
    expect(found?.concerns).not.toContain('times-out');
  });

  it('finds attempts that cannot fit into the time of the request', () => {
    expect(protectedOf(edge({}))[0]?.concerns).toEqual(['attempts-do-not-fit']);
    const retry = { attempts: 1, backoffBaseMs: 100, backoffMaxMs: 200, budgetPercent: 20, budgetMinConcurrent: 3 };
    const rule = { rule: 'r', requestTimeoutMs: 2_100, attemptTimeoutMs: 1_000, retry, breaker: null };
    expect(attemptsFit(rule)).toBe(true);
    expect(attemptsFit({ ...rule, requestTimeoutMs: 2_099 })).toBe(false);
    expect(attemptsFit({ ...rule, requestTimeoutMs: 0 })).toBe(true);
  });
});
