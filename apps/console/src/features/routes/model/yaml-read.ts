// Reads parts of a YAML document without trusting their form: what is not as expected counts as absent.
import {
  type Document,
  isMap,
  isScalar,
  isSeq,
  type LineCounter,
  type Node,
  type ParsedNode,
  type YAMLMap,
} from 'yaml';

export interface Source {
  readonly document: Document;
  readonly lines: LineCounter;
}

export type MaybeNode = Node | ParsedNode | null | undefined | unknown;

export function mapOf(node: MaybeNode): YAMLMap | undefined {
  return isMap(node) ? (node as YAMLMap) : undefined;
}

export function itemsOf(map: YAMLMap | undefined, key: string): readonly YAMLMap[] {
  const node = map?.get(key, true) as MaybeNode;
  return isSeq(node) ? node.items.filter((item): item is YAMLMap => isMap(item)) : [];
}

export function textOf(map: YAMLMap | undefined, key: string): string | undefined {
  const node = map?.get(key, true) as MaybeNode;
  if (!isScalar(node) || node.value === null || node.value === undefined) return undefined;
  return String(node.value);
}

export function numberOf(map: YAMLMap | undefined, key: string): number | undefined {
  const node = map?.get(key, true) as MaybeNode;
  return isScalar(node) && typeof node.value === 'number' ? node.value : undefined;
}

export function scalarsOf(map: YAMLMap | undefined, key: string): readonly unknown[] {
  const node = map?.get(key, true) as MaybeNode;
  return isSeq(node) ? node.items.flatMap((item) => (isScalar(item) ? [item.value] : [])) : [];
}

export function textsOf(map: YAMLMap | undefined, key: string): readonly string[] {
  return scalarsOf(map, key).filter((value) => typeof value === 'string');
}

export function numbersOf(map: YAMLMap | undefined, key: string): readonly number[] {
  return scalarsOf(map, key).filter((value) => typeof value === 'number');
}

export function lineOf(node: Node | YAMLMap, lines: LineCounter): number {
  return lines.linePos(node.range?.[0] ?? 0).line;
}

export function endLineOf(node: Node | YAMLMap, lines: LineCounter): number {
  return lines.linePos(Math.max(0, (node.range?.[1] ?? 1) - 1)).line;
}
