// What protection does now to services and calls of the graph: open breakers, ejected instances, limited requests. Pure.
import { breakersOn, type CallStanding, ejectedOn, type Standing, standingOn } from '#features/standing/index.ts';
import type { Topology, TopologyEdge, TopologyNode } from '#trpc/contract.ts';

export type Mark = 'breaker' | 'half-open' | 'ejected' | 'limited';

export interface Marks {
  readonly ofNode: (id: string) => readonly Mark[];
  readonly ofEdge: (id: string) => readonly Mark[];
}

/** Flag of a request that a rate limit refused. */
const LIMITED = 'RL';

export const NO_MARKS: Marks = { ofNode: () => [], ofEdge: () => [] };

/** `standing` undefined: not known, or a moment of the past is shown; then only what was counted marks. */
export function marksOf(topology: Topology, standing: Pick<Standing, 'breakers' | 'ejected'> | undefined): Marks {
  const known =
    standing === undefined ? undefined : { ...standing, nowMs: 0, overloads: [], proxies: 0, endpointsOf: {} };
  const byId = new Map(topology.nodes.map((node) => [node.id, node]));
  const edges = new Map(topology.edges.map((edge) => [edge.id, marksOfEdge(edge, byId, known)]));
  const limited = new Set(topology.edges.filter(isLimited).map(({ target }) => target));
  const nodes = new Map(topology.nodes.map((node) => [node.id, marksOfNode(node, limited, known)]));
  return { ofNode: (id) => nodes.get(id) ?? [], ofEdge: (id) => edges.get(id) ?? [] };
}

/** What the callers of a node report of it, all together. */
export function standingOfNode(standing: Standing | undefined, node: TopologyNode): CallStanding {
  const breakers = breakersOn(standing, placeOf(node));
  return {
    breaker: breakers.find(({ state }) => state === 'open') ?? breakers[0],
    ejected: ejectedOn(standing, placeOf(node)).length,
    instances: standing?.endpointsOf[`${node.namespace}/${node.service}`] ?? 0,
  };
}

export function standingOfEdge(
  standing: Standing | undefined,
  { source, target }: Pick<TopologyEdge, 'source' | 'target'>,
  nodes: ReadonlyMap<string, TopologyNode>,
): CallStanding {
  const [from, to] = [nodes.get(source), nodes.get(target)];
  if (from === undefined || to === undefined) return { breaker: undefined, ejected: 0, instances: 0 };
  return standingOn(standing, { source: placeOf(from), target: placeOf(to) });
}

function marksOfNode(node: TopologyNode, limited: ReadonlySet<string>, standing: Standing | undefined): Mark[] {
  return [...marksOfStanding(standingOfNode(standing, node)), ...(limited.has(node.id) ? (['limited'] as const) : [])];
}

function marksOfEdge(
  edge: TopologyEdge,
  nodes: ReadonlyMap<string, TopologyNode>,
  standing: Standing | undefined,
): Mark[] {
  const now = marksOfStanding(standingOfEdge(standing, edge, nodes));
  return [...now, ...(isLimited(edge) ? (['limited'] as const) : [])];
}

function marksOfStanding({ breaker, ejected }: CallStanding): Mark[] {
  return [
    ...(breaker === undefined ? [] : [breaker.state === 'open' ? ('breaker' as const) : ('half-open' as const)]),
    ...(ejected > 0 ? (['ejected'] as const) : []),
  ];
}

function isLimited({ flags }: TopologyEdge): boolean {
  return flags.some(({ flag, share }) => flag === LIMITED && share > 0);
}

function placeOf({ namespace, service, version, workload }: TopologyNode) {
  return { namespace, name: service, version, workload };
}
