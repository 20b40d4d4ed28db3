import { expect, it } from 'vitest';
import type { Topology, TopologyEdge, TopologyNode } from '#trpc/contract.ts';
import { factsOfNode } from './facts.ts';
import { marksOf } from './marks.ts';

const golden = {
  requestsPerSecond: 1,
  errorRate: 0,
  p50Ms: 1,
  p95Ms: 1,
  p99Ms: 1,
  failedPerSecond: 0,
  retriesPerSecond: 0,
};

function node(id: string, over: Partial<TopologyNode> = {}): TopologyNode {
  return {
    ...{ id, namespace: 'shop', service: id, kind: 'service', health: 'ok', requestsPerSecond: 1, errorRate: 0 },
    ...{ p95Ms: 1, versions: [], badges: [] },
    ...over,
  };
}

function edge(source: string, target: string, flags: TopologyEdge['flags'] = []): TopologyEdge {
  const protocols = [{ protocol: 'http2', share: 1 }];
  return {
    id: `${source}~${target}`,
    source,
    target,
    protocol: 'http2',
    protocols,
    mtls: true,
    golden,
    share: null,
    versions: [],
    flags,
  };
}

function topology(nodes: readonly TopologyNode[], edges: readonly TopologyEdge[]): Topology {
  return { atMs: 0, nodes, edges, totals: { requests: 0, retries: 0, failures: 0 } };
}

const shop = (name: string) => ({ namespace: 'shop', name });
const breaker = {
  ...{ caller: shop('web'), callee: shop('cart'), rule: null, version: '', state: 'open' as const },
  ...{ proxies: 1, proxiesOf: 1, asksAgainAtMs: 9, passed: 0, needed: 3 },
};
const ejection = {
  ...{ service: shop('cart'), workload: 'shop/cart-1', reason: 'consecutive-5xx', returnsAtMs: 9 },
  callers: [shop('web')],
};
const calls = topology([node('web'), node('admin'), node('cart')], [edge('web', 'cart'), edge('admin', 'cart')]);

it('marks the call whose caller has the breaker open, and the service that it is to', () => {
  const marks = marksOf(calls, { breakers: [breaker], ejected: [] });
  expect([marks.ofEdge('web~cart'), marks.ofEdge('admin~cart')]).toEqual([['breaker'], []]);
  expect([marks.ofNode('cart'), marks.ofNode('web')]).toEqual([['breaker'], []]);
});

it('tells half-open from open, and finds both as a breaker', () => {
  const marks = marksOf(calls, { breakers: [{ ...breaker, state: 'half-open' }], ejected: [] });
  expect(marks.ofNode('cart')).toEqual(['half-open']);
  expect(factsOfNode(node('cart'), marks.ofNode('cart')).words.has('breaker')).toBe(true);
});

it('marks the version and the workload that it is about, not the others', () => {
  const versions = topology(
    [node('a', { service: 'cart', version: 'v1' }), node('b', { service: 'cart', version: 'v2' })],
    [],
  );
  const ofVersion = marksOf(versions, { breakers: [{ ...breaker, version: 'v2' }], ejected: [] });
  expect([ofVersion.ofNode('a'), ofVersion.ofNode('b')]).toEqual([[], ['breaker']]);
  const workloads = topology(
    [node('a', { service: 'cart', workload: 'cart-1' }), node('b', { service: 'cart', workload: 'cart-2' })],
    [],
  );
  const ofWorkload = marksOf(workloads, { breakers: [], ejected: [ejection] });
  expect([ofWorkload.ofNode('a'), ofWorkload.ofNode('b')]).toEqual([['ejected'], []]);
});

it('marks what was limited also where nothing is known of now', () => {
  const limited = topology([node('web'), node('cart')], [edge('web', 'cart', [{ flag: 'RL', share: 0.1 }])]);
  const marks = marksOf(limited, undefined);
  expect([marks.ofEdge('web~cart'), marks.ofNode('cart'), marks.ofNode('web')]).toEqual([['limited'], ['limited'], []]);
});
