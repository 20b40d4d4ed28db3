// Arrow keys on the graph: right and left along the edges, up and down to the nearest node in that direction.
import type { Box } from './geometry.ts';

export type Direction = 'left' | 'right' | 'up' | 'down';

export interface WalkEdge {
  readonly source: string;
  readonly target: string;
}

function distance(a: Box, b: Box): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

function nearest(from: Box, ids: readonly string[], layout: ReadonlyMap<string, Box>): string | undefined {
  let best: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const id of ids) {
    const box = layout.get(id);
    if (box === undefined) continue;
    const far = distance(from, box);
    if (far < least) {
      least = far;
      best = id;
    }
  }
  return best;
}

export function stepFrom(
  id: string,
  direction: Direction,
  edges: readonly WalkEdge[],
  layout: ReadonlyMap<string, Box>,
): string | undefined {
  const from = layout.get(id);
  if (from === undefined) return undefined;
  if (direction === 'right')
    return nearest(
      from,
      edges.filter((edge) => edge.source === id).map((edge) => edge.target),
      layout,
    );
  if (direction === 'left')
    return nearest(
      from,
      edges.filter((edge) => edge.target === id).map((edge) => edge.source),
      layout,
    );
  const sign = direction === 'down' ? 1 : -1;
  const there = [...layout].filter(([other, box]) => other !== id && (box.y - from.y) * sign > 1);
  // A column is walked before a neighbouring one.
  const weighed = new Map(there.map(([other, box]) => [other, { ...box, x: from.x + (box.x - from.x) * 3 }]));
  return nearest(from, [...weighed.keys()], weighed);
}
