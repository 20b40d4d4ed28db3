// What the graph draws, without knowing what it means: the page says how a node and a label look.
import type { ReactNode } from 'react';

export interface GraphNode {
  readonly id: string;
  readonly group: string | null;
  readonly width: number;
  readonly height: number;
  /** Spoken name. */
  readonly name: string;
  readonly content: ReactNode;
  readonly tone: 'neutral' | 'warn' | 'err';
  readonly isDashed: boolean;
}

export interface GraphEdge {
  readonly id: string;
  readonly source: string;
  readonly target: string;
  readonly name: string;
  /** Stroke in px. */
  readonly width: number;
  readonly isFailing: boolean;
  readonly label: ReactNode;
  readonly labelWidth: number;
  readonly labelHeight: number;
  /** Dots under way at one time; 0 = none. */
  readonly dots: number;
  /** Trips of a dot in a second. */
  readonly speed: number;
}

export interface GraphGroup {
  readonly id: string;
  readonly content: ReactNode;
}

export interface GraphData {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
  readonly groups: readonly GraphGroup[];
}

/** What the layout depends on: figures may change under it, places do not. */
export function structureOf({ nodes, edges }: GraphData): string {
  const nodePart = nodes
    .map((node) => `${node.id}|${node.group ?? ''}|${node.width}x${node.height}`)
    .sort()
    .join('\n');
  return `${nodePart}\n--\n${edges
    .map((edge) => edge.id)
    .sort()
    .join('\n')}`;
}
