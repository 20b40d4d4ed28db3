// The Huffman code of HPACK (RFC 7541, appendix B): canonical, so the code lengths alone define it.
import { HpackError } from './hpack-error.ts';

/** Bits per symbol 0…255, then EOS. */
const CODE_LENGTHS: readonly number[] = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28,
  28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
  13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6, 15, 5, 6, 5, 6,
  5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23,
  22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22,
  23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23, 26, 26,
  20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27,
  27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27,
  27, 27, 27, 26, 30,
];
const EOS = 256;
const LENGTH_MAX = 30;
/** At most 7 one-bits may fill up the last byte (RFC 7541 §5.2). */
const PADDING_BITS_MAX = 7;

/**
 * One step of the decoder eats four bits. A row of 16 steps belongs to each inner node of the code tree:
 * next row << 16 | emits << 9 | symbol; the shortest code has five bits, so a step emits one symbol at most.
 */
const EMITS = 1 << 9;
const FAILS = 1 << 10;
const SYMBOL_MASK = 0xff;
const ROW_SHIFT = 16;

const { steps, isFinal } = buildSteps();

/** Text (one char per byte) of a Huffman-coded string in `bytes[start, end)`. */
export function decodeHuffman(bytes: Buffer, start: number, end: number): string {
  let row = 0;
  let length = 0;
  const out = scratchFor(((end - start) * 8) / 5 + 1);
  for (let at = start; at < end; at++) {
    const byte = bytes[at] ?? 0;
    let step = steps[(row << 4) | (byte >> 4)] ?? FAILS;
    if ((step & EMITS) !== 0) out[length++] = step & SYMBOL_MASK;
    let failed = step & FAILS;
    row = step >>> ROW_SHIFT;
    step = steps[(row << 4) | (byte & 15)] ?? FAILS;
    if ((step & EMITS) !== 0) out[length++] = step & SYMBOL_MASK;
    failed |= step & FAILS;
    row = step >>> ROW_SHIFT;
    if (failed !== 0) throw new HpackError('the end-of-string symbol inside a Huffman-coded string');
  }
  if (isFinal[row] !== 1) throw new HpackError('bad padding of a Huffman-coded string');
  return out.toString('latin1', 0, length);
}

let scratch = Buffer.allocUnsafe(4_096);

function scratchFor(size: number): Buffer {
  if (size > scratch.length) scratch = Buffer.allocUnsafe(Math.ceil(size));
  return scratch;
}

interface TreeNode {
  readonly children: [TreeNode | number | undefined, TreeNode | number | undefined];
  row: number;
  readonly depth: number;
  /** The path from the root has only one-bits: what padding looks like. */
  readonly isOnes: boolean;
}

function buildTree(): TreeNode {
  const root: TreeNode = { children: [undefined, undefined], row: 0, depth: 0, isOnes: true };
  let code = 0;
  for (let length = 1; length <= LENGTH_MAX; length++) {
    for (let symbol = 0; symbol < CODE_LENGTHS.length; symbol++) {
      if (CODE_LENGTHS[symbol] !== length) continue;
      insert(root, symbol, code, length);
      code += 1;
    }
    code *= 2;
  }
  return root;
}

function insert(root: TreeNode, symbol: number, code: number, length: number): void {
  let node = root;
  for (let bit = length - 1; bit > 0; bit--) {
    const side = Math.floor(code / 2 ** bit) % 2 === 1 ? 1 : 0;
    let next = node.children[side];
    if (typeof next === 'number') throw new Error('a code is the prefix of another');
    if (next === undefined) {
      next = { children: [undefined, undefined], row: 0, depth: node.depth + 1, isOnes: node.isOnes && side === 1 };
      node.children[side] = next;
    }
    node = next;
  }
  node.children[code % 2 === 1 ? 1 : 0] = symbol;
}

function buildSteps(): { steps: Int32Array; isFinal: Uint8Array } {
  const root = buildTree();
  const nodes: TreeNode[] = [];
  const collect = (node: TreeNode): void => {
    node.row = nodes.length;
    nodes.push(node);
    for (const child of node.children) if (typeof child === 'object') collect(child);
  };
  collect(root);
  const table = new Int32Array(nodes.length * 16);
  for (const node of nodes) {
    for (let nibble = 0; nibble < 16; nibble++) table[(node.row << 4) | nibble] = walk(root, node, nibble);
  }
  const final = Uint8Array.from(nodes, (node) => (node.isOnes && node.depth <= PADDING_BITS_MAX ? 1 : 0));
  return { steps: table, isFinal: final };
}

function walk(root: TreeNode, from: TreeNode, nibble: number): number {
  let node = from;
  let emitted = 0;
  for (let bit = 3; bit >= 0; bit--) {
    const child = node.children[(nibble >> bit) & 1 ? 1 : 0];
    if (child === undefined || child === EOS) return FAILS;
    if (typeof child === 'number') {
      emitted = EMITS | child;
      node = root;
    } else {
      node = child;
    }
  }
  return (node.row << ROW_SHIFT) | emitted;
}
