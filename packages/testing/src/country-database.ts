// Writes small country databases in MaxMind's format (MaxMind DB 2.0), so that tests need no file of others.
import { parseAddress } from '@malha/traffic';

const ADDRESS_BITS = 128;
const RECORD_BYTES = 3;
const SEPARATOR = Buffer.alloc(16);
/** Types from 8 on stand in a second byte, less this number. */
const EXTENDED = 7;
const UINT64 = 9;
const METADATA_MARKER = Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1');

/** A node has two branches; each leads to another node, to a country, or nowhere. */
interface Node {
  readonly branches: [Branch, Branch];
}
type Branch = Node | { readonly country: string } | undefined;

/** CIDR blocks of IPv4 and IPv6 with the code of their country; a longer one counts when it comes later. */
export function countryDatabase(blocks: Readonly<Record<string, string>>): Buffer {
  const root: Node = { branches: [undefined, undefined] };
  for (const [block, country] of Object.entries(blocks)) insert(root, bitsOf(block), country);
  const nodes = listed(root);
  const codes = [...new Set(Object.values(blocks))];
  const records = codes.map((code) => map({ country: map({ iso_code: text(code) }) }));
  const offsets = new Map(codes.map((code, index) => [code, Buffer.concat(records.slice(0, index)).length]));
  const numbers = new Map(nodes.map((node, index) => [node, index]));
  const pointerTo = (branch: Branch): number => {
    if (branch === undefined) return nodes.length;
    if ('country' in branch) return nodes.length + SEPARATOR.length + (offsets.get(branch.country) ?? 0);
    return numbers.get(branch) ?? 0;
  };
  const tree = nodes.map(({ branches }) => Buffer.concat(branches.map((branch) => record(pointerTo(branch)))));
  return Buffer.concat([...tree, SEPARATOR, ...records, METADATA_MARKER, metadata(nodes.length)]);
}

function insert(root: Node, bits: readonly (0 | 1)[], country: string): void {
  let node = root;
  bits.forEach((bit, depth) => {
    const next = node.branches[bit];
    if (depth === bits.length - 1) node.branches[bit] = { country };
    else if (next !== undefined && 'branches' in next) node = next;
    else {
      // Below a block that is placed already, the rest of it stays where it is.
      const made: Node = { branches: [next, next] };
      node.branches[bit] = made;
      node = made;
    }
  });
}

/** IPv4 stands at the very beginning of IPv6. */
function bitsOf(block: string): (0 | 1)[] {
  const [address = '', length] = block.split('/');
  const parsed = parseAddress(address);
  if (parsed === undefined) throw new Error(`${block} is no block of addresses`);
  const before = parsed.family === 4 ? ADDRESS_BITS - 32 : 0;
  const count = length === undefined ? ADDRESS_BITS : before + Number(length);
  const all = parsed.value.toString(2).padStart(ADDRESS_BITS, '0');
  return [...all.slice(0, count)].map((bit) => (bit === '1' ? 1 : 0));
}

function listed(node: Node): Node[] {
  return [
    node,
    ...node.branches.flatMap((branch) => (branch !== undefined && 'branches' in branch ? listed(branch) : [])),
  ];
}

function record(value: number): Buffer {
  const bytes = Buffer.alloc(RECORD_BYTES);
  bytes.writeUIntBE(value, 0, RECORD_BYTES);
  return bytes;
}

function metadata(nodeCount: number): Buffer {
  return map({
    node_count: number(6, 4, nodeCount),
    record_size: number(5, 2, RECORD_BYTES * 8),
    ip_version: number(5, 2, 6),
    database_type: text('Test-Country'),
    languages: Buffer.from([0x00, 0x04]),
    binary_format_major_version: number(5, 2, 2),
    binary_format_minor_version: number(5, 2, 0),
    build_epoch: epoch(1_700_000_000),
    description: map({}),
  });
}

/** The first byte has the type in three bits and the size in five; all of ours are below 29. */
function field(type: number, content: Buffer, size = content.length): Buffer {
  return Buffer.concat([Buffer.from([(type << 5) | size]), content]);
}

function text(value: string): Buffer {
  return field(2, Buffer.from(value));
}

function number(type: 5 | 6, bytes: number, value: number): Buffer {
  const content = Buffer.alloc(bytes);
  content.writeUIntBE(value, 0, bytes);
  return field(type, content);
}

/** 64 bits, whose type does not go into the first byte: readers in C insist on it. */
function epoch(seconds: number): Buffer {
  const content = Buffer.alloc(8);
  content.writeBigUInt64BE(BigInt(seconds));
  return Buffer.concat([Buffer.from([content.length, UINT64 - EXTENDED]), content]);
}

function map(entries: Readonly<Record<string, Buffer>>): Buffer {
  const list = Object.entries(entries);
  return field(7, Buffer.concat(list.flatMap(([key, value]) => [text(key), value])), list.length);
}
