// What Find and Hide may ask about nodes and edges of the topology.
import { inWords, percent } from '#format/number.ts';
import type { Health, Topology, TopologyEdge, TopologyNode } from '#trpc/contract.ts';
import type { Facts } from './find-language.ts';
import type { Mark } from './marks.ts';

/** From here on an edge counts as failing. */
export const FAILING_SHARE = 0.01;

const healthWords: Record<Health, string> = { ok: 'healthy', warn: 'degraded', err: 'failing', unknown: 'idle' };

export function nameOf(node: TopologyNode): string {
  return node.workload ?? (node.version === undefined ? node.service : `${node.service} ${node.version}`);
}

export function isFailing(edge: TopologyEdge): boolean {
  return edge.golden.errorRate >= FAILING_SHARE && edge.golden.requestsPerSecond > 0;
}

const protocolNames: Readonly<Record<string, string>> = {
  http: 'HTTP',
  http1: 'HTTP/1.1',
  http2: 'HTTP/2',
  grpc: 'gRPC',
  tcp: 'TCP',
};

export function protocolName(protocol: string): string {
  return protocolNames[protocol] ?? protocol;
}

/** `HTTP/2`, or `HTTP/2 75 %, HTTP/1.1 25 %` where several are spoken. */
export function protocolInWords({ protocol, protocols }: Pick<TopologyEdge, 'protocol' | 'protocols'>): string {
  if (protocols.length < 2) return protocolName(protocol);
  return protocols.map((each) => `${protocolName(each.protocol)} ${inWords(percent(each.share))}`).join(', ');
}

/** Find and Hide know a half-open breaker as a breaker, too. */
function wordsOfMarks(marks: readonly Mark[]): readonly string[] {
  return marks.map((mark) => (mark === 'half-open' ? 'breaker' : mark));
}

export function factsOfNode(node: TopologyNode, marks: readonly Mark[]): Facts {
  return {
    kind: 'node',
    names: [nameOf(node).toLowerCase(), node.service.toLowerCase()],
    namespaces: [node.namespace],
    numbers: {
      rps: node.requestsPerSecond,
      errors: node.errorRate,
      p50: null,
      p95: node.p95Ms,
      p99: null,
      retries: null,
    },
    words: new Set([
      healthWords[node.health],
      node.kind === 'external' ? 'external' : '',
      ...node.badges,
      ...wordsOfMarks(marks),
      node.requestsPerSecond === 0 ? 'idle' : '',
    ]),
  };
}

export function factsOfEdge(
  edge: TopologyEdge,
  nodes: ReadonlyMap<string, TopologyNode>,
  marks: readonly Mark[],
): Facts {
  const ends = [nodes.get(edge.source), nodes.get(edge.target)].flatMap((node) => node ?? []);
  const { golden } = edge;
  const state = isFailing(edge) ? 'failing' : golden.errorRate > 0 ? 'degraded' : 'healthy';
  return {
    kind: 'edge',
    names: ends.map((node) => nameOf(node).toLowerCase()),
    namespaces: [...new Set(ends.map((node) => node.namespace))],
    numbers: {
      rps: golden.requestsPerSecond,
      errors: golden.errorRate,
      p50: golden.p50Ms,
      p95: golden.p95Ms,
      p99: golden.p99Ms,
      retries: golden.retriesPerSecond,
    },
    words: new Set([
      golden.requestsPerSecond === 0 ? 'idle' : state,
      edge.mtls ? 'mtls' : 'plaintext',
      ...wordsOfMarks(marks),
      ends.some((node) => node.kind === 'external') ? 'external' : '',
    ]),
  };
}

export function nodesById(topology: Topology): ReadonlyMap<string, TopologyNode> {
  return new Map(topology.nodes.map((node) => [node.id, node]));
}
