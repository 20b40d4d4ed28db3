// Layered layout with Cytoscape and dagre: deterministic for a structure, whatever order the data came in.
import cytoscape, { type ElementDefinition } from 'cytoscape';
import dagre, { type DagreLayoutOptions } from 'cytoscape-dagre';
import { type Box, GROUP_PADDING } from './geometry.ts';
import type { GraphData } from './model.ts';

cytoscape.use(dagre);

const RANK_GAP = 152;
const NODE_GAP = 44;
const EDGE_GAP = 24;

function elementsOf({ nodes, edges }: GraphData): ElementDefinition[] {
  const known = new Set(nodes.map((node) => node.id));
  const groups = [...new Set(nodes.flatMap((node) => node.group ?? []))].sort();
  const byId = <T extends { readonly id: string }>(a: T, b: T) => (a.id < b.id ? -1 : 1);
  return [
    ...groups.map((id) => ({ data: { id: `group:${id}` } })),
    ...[...nodes].sort(byId).map((node) => ({
      data: {
        id: node.id,
        width: node.width,
        height: node.height,
        ...(node.group !== null && { parent: `group:${node.group}` }),
      },
    })),
    ...[...edges]
      .sort(byId)
      .filter((edge) => known.has(edge.source) && known.has(edge.target) && edge.source !== edge.target)
      .map(({ id, source, target }) => ({ data: { id: `edge:${id}`, source, target } })),
  ];
}

export type Layout = ReadonlyMap<string, Box>;

export function layeredLayout(data: GraphData): Layout {
  const graph = cytoscape({
    headless: true,
    styleEnabled: true,
    elements: elementsOf(data),
    style: [
      { selector: 'node[width]', style: { width: 'data(width)', height: 'data(height)', shape: 'rectangle' } },
      { selector: ':parent', style: { padding: `${GROUP_PADDING.side}px` } },
    ],
  });
  const options: DagreLayoutOptions = {
    name: 'dagre',
    rankDir: 'LR',
    rankSep: RANK_GAP,
    nodeSep: NODE_GAP,
    edgeSep: EDGE_GAP,
    ranker: 'network-simplex',
    fit: false,
    animate: false,
  };
  graph.layout(options).run();
  const layout = new Map<string, Box>();
  for (const node of data.nodes) {
    const { x, y } = graph.getElementById(node.id).position();
    layout.set(node.id, { x: Math.round(x), y: Math.round(y), width: node.width, height: node.height });
  }
  graph.destroy();
  return layout;
}
