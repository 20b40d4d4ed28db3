import { describe, expect, it } from 'vitest';
import type { Golden, Topology, TopologyEdge, TopologyNode } from '#trpc/contract.ts';
import { NO_MARKS } from './marks.ts';
import { searchTopology, unconnected } from './search.ts';

const golden = (requestsPerSecond: number, errorRate: number): Golden => ({
  requestsPerSecond,
  errorRate,
  p50Ms: 1,
  p95Ms: 2,
  p99Ms: 3,
  failedPerSecond: 0,
  retriesPerSecond: 0,
});
const node = (id: string): TopologyNode => ({
  id,
  namespace: 'n',
  service: id,
  kind: 'service',
  health: 'ok',
  requestsPerSecond: 1,
  errorRate: 0,
  p95Ms: 1,
  versions: [],
  badges: [],
});
const edge = (source: string, target: string, rps: number, errors: number): TopologyEdge => ({
  id: `${source}~${target}`,
  source,
  target,
  protocol: 'http2',
  protocols: [{ protocol: 'http2', share: 1 }],
  mtls: true,
  golden: golden(rps, errors),
  share: null,
  versions: [],
  flags: [],
});
const topology: Topology = {
  atMs: 0,
  nodes: [node('a'), node('b'), node('c')],
  edges: [edge('a', 'b', 100, 0), edge('b', 'c', 0.5, 0.05)],
  totals: { requests: 0, retries: 0, failures: 0 },
};

describe('searchTopology', () => {
  it('marks what is found, keeps its ends lit and dims the rest', () => {
    const { found, dimmed } = searchTopology(topology, { find: 'errors > 1%', hide: '', marks: NO_MARKS });
    expect(found).toEqual({ nodes: 0, edges: 1 });
    expect(dimmed).toEqual(new Set(['a', 'a~b']));
  });

  it('hides edges, and says how many', () => {
    const { topology: shown, hidden } = searchTopology(topology, { find: '', hide: 'rps < 1', marks: NO_MARKS });
    expect(shown.edges.map(({ id }) => id)).toEqual(['a~b']);
    expect(hidden).toEqual({ nodes: 0, edges: 1 });
  });

  it('takes the edges of a hidden node with it', () => {
    expect(searchTopology(topology, { find: '', hide: 'name = b', marks: NO_MARKS }).hidden).toEqual({
      nodes: 1,
      edges: 2,
    });
  });

  it('shows all while a query is not finished, and says why', () => {
    const {
      topology: shown,
      hideError,
      dimmed,
    } = searchTopology(topology, { find: 'rps >', hide: 'rps <', marks: NO_MARKS });
    expect(shown).toBe(topology);
    expect(hideError).toBe('rps < what?');
    expect(dimmed).toBeUndefined();
  });
});

describe('unconnected', () => {
  it('keeps a node with its neighbours', () => {
    expect(unconnected(topology, 'a')).toEqual(new Set(['c', 'b~c']));
  });
});
