// Applies Find and Hide to the topology: what is hidden goes, what is not found is dimmed.
import type { Topology } from '#trpc/contract.ts';
import { factsOfEdge, factsOfNode, nodesById } from './facts.ts';
import { matches, parseQuery, type Query } from './find-language.ts';
import type { Marks } from './marks.ts';

export interface SearchResult {
  readonly topology: Topology;
  readonly hidden: { readonly nodes: number; readonly edges: number };
  /** Undefined while nothing is looked for. */
  readonly found: { readonly nodes: number; readonly edges: number } | undefined;
  readonly dimmed: ReadonlySet<string> | undefined;
  readonly findError: string | undefined;
  readonly hideError: string | undefined;
}

function hide(topology: Topology, query: Query | null, marks: Marks): Topology {
  if (query === null) return topology;
  const byId = nodesById(topology);
  const nodes = topology.nodes.filter((node) => !matches(query, factsOfNode(node, marks.ofNode(node.id))));
  const kept = new Set(nodes.map((node) => node.id));
  const edges = topology.edges.filter(
    (edge) =>
      kept.has(edge.source) && kept.has(edge.target) && !matches(query, factsOfEdge(edge, byId, marks.ofEdge(edge.id))),
  );
  return { ...topology, nodes, edges };
}

export interface Search {
  readonly find: string;
  readonly hide: string;
  readonly marks: Marks;
}

export function searchTopology(topology: Topology, { find, hide: hideText, marks }: Search): SearchResult {
  const hideQuery = parseQuery(hideText);
  const shown = hide(topology, hideQuery.ok ? hideQuery.query : null, marks);
  const findQuery = parseQuery(find);
  const query = findQuery.ok ? findQuery.query : null;
  const base = {
    topology: shown,
    hidden: { nodes: topology.nodes.length - shown.nodes.length, edges: topology.edges.length - shown.edges.length },
    findError: findQuery.ok ? undefined : findQuery.message,
    hideError: hideQuery.ok ? undefined : hideQuery.message,
  };
  if (query === null) return { ...base, found: undefined, dimmed: undefined };
  const byId = nodesById(shown);
  const edges = shown.edges.filter((edge) => matches(query, factsOfEdge(edge, byId, marks.ofEdge(edge.id))));
  const nodes = shown.nodes.filter((node) => matches(query, factsOfNode(node, marks.ofNode(node.id))));
  // The ends of a found edge stay lit, or it would hang in the dark.
  const lit = new Set([
    ...nodes.map((node) => node.id),
    ...edges.flatMap((edge) => [edge.id, edge.source, edge.target]),
  ]);
  const all = [...shown.nodes.map((node) => node.id), ...shown.edges.map((edge) => edge.id)];
  return {
    ...base,
    found: { nodes: nodes.length, edges: edges.length },
    dimmed: new Set(all.filter((id) => !lit.has(id))),
  };
}

/** Hovering dims what is not connected. */
export function unconnected(topology: Topology, id: string): ReadonlySet<string> {
  const edges = topology.edges.filter((edge) => edge.id === id || edge.source === id || edge.target === id);
  const lit = new Set([id, ...edges.flatMap((edge) => [edge.id, edge.source, edge.target])]);
  return new Set(
    [...topology.nodes.map((node) => node.id), ...topology.edges.map((edge) => edge.id)].filter(
      (other) => !lit.has(other),
    ),
  );
}
