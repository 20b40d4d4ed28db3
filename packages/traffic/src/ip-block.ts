// IP addresses and CIDR blocks, compared as numbers.

export interface ParsedAddress {
  readonly family: 4 | 6;
  readonly value: bigint;
}

const V4_MAPPED = 0xffffn << 32n;

/** undefined for anything but an address; IPv4-mapped IPv6 (`::ffff:10.0.0.1`) is taken as IPv4, zones are ignored. */
export function parseAddress(text: string): ParsedAddress | undefined {
  const zone = text.indexOf('%');
  const address = zone === -1 ? text : text.slice(0, zone);
  if (!address.includes(':')) {
    const value = parseV4(address);
    return value === undefined ? undefined : { family: 4, value };
  }
  const value = parseV6(address);
  if (value === undefined) return undefined;
  return value >> 32n === 0xffffn ? { family: 4, value: value ^ V4_MAPPED } : { family: 6, value };
}

function parseV4(text: string): bigint | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (match === null) return undefined;
  let value = 0n;
  for (const part of match.slice(1)) {
    if (Number(part) > 255) return undefined;
    value = (value << 8n) | BigInt(Number(part));
  }
  return value;
}

function parseV6(text: string): bigint | undefined {
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  let hex = text;
  if (dotted !== null) {
    const v4 = parseV4(dotted[2] ?? '');
    if (v4 === undefined) return undefined;
    hex = `${dotted[1] ?? ''}${(v4 >> 16n).toString(16)}:${(v4 & 0xffffn).toString(16)}`;
  }
  const halves = hex.split('::');
  if (halves.length > 2) return undefined;
  const [left = [], right = []] = halves.map((half) => (half === '' ? [] : half.split(':')));
  const missing = 8 - left.length - right.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  let value = 0n;
  for (const group of [...left, ...Array<string>(missing).fill('0'), ...right]) {
    if (!/^[0-9a-fA-F]{1,4}$/.test(group)) return undefined;
    value = (value << 16n) | BigInt(`0x${group}`);
  }
  return value;
}

/** A set of blocks; one that cannot be parsed throws, because skipping it could open or close a door. */
export class IpBlocks {
  readonly #blocks: { readonly family: 4 | 6; readonly shift: bigint; readonly network: bigint }[];

  constructor(blocks: readonly string[]) {
    this.#blocks = blocks.map(parseBlock);
  }

  has(address: string): boolean {
    const parsed = parseAddress(address);
    if (parsed === undefined) return false;
    const { family, value } = parsed;
    return this.#blocks.some((block) => block.family === family && value >> block.shift === block.network);
  }
}

function parseBlock(block: string): { family: 4 | 6; shift: bigint; network: bigint } {
  const [address = '', length] = block.split('/');
  const parsed = parseAddress(address);
  const bits = parsed?.family === 4 ? 32 : 128;
  const prefix = length === undefined ? bits : Number(length);
  if (parsed === undefined || !Number.isInteger(prefix) || prefix < 0 || prefix > bits) {
    throw new RangeError(`"${block}" is not a CIDR block`);
  }
  const shift = BigInt(bits - prefix);
  return { family: parsed.family, shift, network: parsed.value >> shift };
}
