// @vitest-environment node
import { describe, expect, it } from 'vitest';
import { layeredLayout } from './layout.ts';
import type { GraphData, GraphEdge, GraphNode } from './model.ts';

const node = (id: string, group: string | null = 'g'): GraphNode => ({
  id,
  group,
  width: 120,
  height: 44,
  name: id,
  content: null,
  tone: 'neutral',
  isDashed: false,
});
const edge = (source: string, target: string): GraphEdge => ({
  id: `${source}~${target}`,
  source,
  target,
  name: '',
  width: 1,
  isFailing: false,
  label: null,
  labelWidth: 0,
  labelHeight: 0,
  dots: 0,
  speed: 0,
});
const data: GraphData = {
  nodes: [node('a'), node('b'), node('c'), node('d', 'h'), node('e', null)],
  edges: [edge('a', 'b'), edge('a', 'c'), edge('b', 'd'), edge('d', 'e'), edge('c', 'a')],
  groups: [],
};

describe('layeredLayout', () => {
  it('puts a callee to the right of its caller and no two nodes over each other', () => {
    const layout = layeredLayout(data);
    const x = (id: string) => layout.get(id)?.x ?? Number.NaN;
    expect(x('b')).toBeGreaterThan(x('a') + 120);
    expect(x('d')).toBeGreaterThan(x('b') + 120);
    const boxes = [...layout.values()];
    boxes.forEach((a, index) => {
      for (const b of boxes.slice(index + 1)) {
        expect(Math.abs(a.x - b.x) >= 120 || Math.abs(a.y - b.y) >= 44).toBe(true);
      }
    });
  });

  it('gives the same places whatever order the data comes in', () => {
    const turned = { ...data, nodes: [...data.nodes].reverse(), edges: [...data.edges].reverse() };
    expect(Object.fromEntries(layeredLayout(turned))).toEqual(Object.fromEntries(layeredLayout(data)));
  });
});
