// Questions about YAML nodes: where a path is in the text, equal keys, and whether aliases can be expanded safely.
import { type Document, isAlias, isMap, isNode, isScalar, isSeq, type Node, visit } from 'yaml';

/** Nodes that a document may have once its aliases are expanded. */
const EXPANDED_NODES_MAX = 200_000;

export interface TextProblem {
  readonly offset: number;
  readonly message: string;
}

/** Keys that a mapping has twice. Keys become text, so `9102` and `"9102"` are the same. */
export function repeatedKeys(document: Document.Parsed): TextProblem[] {
  const problems: TextProblem[] = [];
  visit(document, {
    Map(_, map) {
      const seen = new Set<string>();
      for (const { key } of map.items) {
        if (!isScalar(key)) continue;
        const text = String(key.value);
        if (seen.has(text)) problems.push({ offset: key.range?.[0] ?? 0, message: `The key "${text}" appears twice.` });
        seen.add(text);
      }
    },
  });
  return problems;
}

/** An alias that refers to nothing or to what contains it, or that makes the document explode. */
export function expansionProblem(document: Document.Parsed): TextProblem | undefined {
  return new AliasChecker(document).check();
}

class AliasChecker {
  readonly #document: Document.Parsed;
  readonly #sizes = new Map<Node, number>();
  readonly #open = new Set<Node>();
  #problem: TextProblem | undefined;
  #aliasOffset = 0;

  constructor(document: Document.Parsed) {
    this.#document = document;
  }

  check(): TextProblem | undefined {
    const size = this.#size(this.#document.contents);
    if (this.#problem === undefined && size > EXPANDED_NODES_MAX) {
      this.#problem = {
        offset: this.#aliasOffset,
        message: 'The document is far too large once its aliases are expanded.',
      };
    }
    return this.#problem;
  }

  /** Nodes under `node` with aliases expanded; each node is counted once, so this is linear in the text. */
  #size(node: unknown): number {
    if (!isNode(node) || this.#problem !== undefined) return 0;
    const known = this.#sizes.get(node);
    if (known !== undefined) return known;
    if (isAlias(node)) return this.#aliasSize(node.source, node.resolve(this.#document), node.range?.[0] ?? 0);
    this.#open.add(node);
    let total = 1;
    if (isMap(node)) for (const pair of node.items) total += this.#size(pair.key) + this.#size(pair.value);
    if (isSeq(node)) for (const item of node.items) total += this.#size(item);
    this.#open.delete(node);
    this.#sizes.set(node, total);
    return total;
  }

  #aliasSize(name: string, target: Node | undefined, offset: number): number {
    this.#aliasOffset = offset;
    if (target === undefined) this.#problem = { offset, message: `The alias *${name} refers to no anchor before it.` };
    else if (this.#open.has(target)) this.#problem = { offset, message: `The alias *${name} refers to itself.` };
    return this.#problem === undefined ? this.#size(target) : 0;
  }
}

/** Offset in the text of the node at `path`; of its nearest parent when the text has no such node. */
export function offsetOf(document: Document.Parsed, path: readonly PropertyKey[]): number {
  let node: unknown = document.contents;
  let offset = document.contents?.range[0] ?? 0;
  for (const key of path) {
    if (isAlias(node)) node = node.resolve(document);
    const step = isMap(node) ? inMap(node.items, key) : isSeq(node) ? { node: node.items[Number(key)] } : undefined;
    if (step?.node === undefined && step?.keyOffset === undefined) return offset;
    node = step.node;
    offset = step.keyOffset ?? (isNode(node) ? (node.range?.[0] ?? offset) : offset);
  }
  return offset;
}

interface Step {
  readonly node: unknown;
  readonly keyOffset?: number | undefined;
}

function inMap(items: readonly { key: unknown; value: unknown }[], key: PropertyKey): Step | undefined {
  for (const pair of items) {
    if (isScalar(pair.key) && String(pair.key.value) === String(key)) {
      return { node: pair.value, keyOffset: pair.key.range?.[0] };
    }
  }
  return undefined;
}
