// HPACK decoder (RFC 7541): one for each direction of a connection, bounded in what it keeps and in what it yields.
import { HpackError } from './hpack-error.ts';
import { decodeHuffman } from './huffman.ts';
import { DYNAMIC_START, ENTRY_OVERHEAD, STATIC_TABLE } from './static-table.ts';

/** Longest encoding of an integer that is looked at: 2^28 is far beyond any length that a frame can hold. */
const INTEGER_SHIFT_MAX = 28;

export interface DecoderLimits {
  /** What we announced as SETTINGS_HEADER_TABLE_SIZE, bytes. */
  readonly tableSizeMax: number;
  /** Bound on names, values and 32 bytes a field over one block, bytes (RFC 9113 §6.5.2 SETTINGS_MAX_HEADER_LIST_SIZE). */
  readonly listSizeMax: number;
}

export interface DecodedBlock {
  /** name, value, name, value …, in the order of the block. */
  readonly fields: string[];
  /** The block went beyond `listSizeMax`: `fields` is cut there, the table is in step all the same. */
  readonly isTooLarge: boolean;
}

export class HpackDecoder {
  private readonly limits: DecoderLimits;
  /** Ring of name and value by number of insertion; the newest entry has the number `inserted - 1`. */
  private names: string[] = [];
  private values: string[] = [];
  private first = 0;
  private inserted = 0;
  private size = 0;
  private capacity: number;
  private at = 0;

  constructor(limits: DecoderLimits) {
    this.limits = limits;
    this.capacity = limits.tableSizeMax;
  }

  /** Throws HpackError: a connection error of type COMPRESSION_ERROR. */
  decode(block: Buffer): DecodedBlock {
    const fields: string[] = [];
    let listSize = 0;
    let mayResize = true;
    this.at = 0;
    while (this.at < block.length) {
      const first = block[this.at] ?? 0;
      if ((first & 0xe0) === 0x20) {
        if (!mayResize) throw new HpackError('a table size update after a field');
        this.resize(this.integer(block, 5));
        continue;
      }
      mayResize = false;
      let name: string;
      let value: string;
      if ((first & 0x80) !== 0) {
        const index = this.integer(block, 7);
        name = this.name(index);
        value = this.value(index);
      } else {
        const isIndexed = (first & 0x40) !== 0;
        const index = this.integer(block, isIndexed ? 6 : 4);
        name = index === 0 ? this.string(block) : this.name(index);
        value = this.string(block);
        if (isIndexed) this.insert(name, value);
      }
      listSize += name.length + value.length + ENTRY_OVERHEAD;
      if (listSize <= this.limits.listSizeMax) fields.push(name, value);
    }
    return { fields, isTooLarge: listSize > this.limits.listSizeMax };
  }

  private integer(block: Buffer, prefixBits: number): number {
    const mask = (1 << prefixBits) - 1;
    let value = (block[this.at++] ?? 0) & mask;
    if (value < mask) return value;
    for (let shift = 0; ; shift += 7) {
      if (this.at >= block.length) throw new HpackError('an integer is cut off');
      if (shift > INTEGER_SHIFT_MAX) throw new HpackError('an integer is too large');
      const byte = block[this.at++] ?? 0;
      value += (byte & 0x7f) * 2 ** shift;
      if ((byte & 0x80) === 0) return value;
    }
  }

  private string(block: Buffer): string {
    if (this.at >= block.length) throw new HpackError('a string is missing');
    const isHuffman = ((block[this.at] ?? 0) & 0x80) !== 0;
    const length = this.integer(block, 7);
    const start = this.at;
    const end = start + length;
    if (end > block.length) throw new HpackError('a string is cut off');
    this.at = end;
    return isHuffman ? decodeHuffman(block, start, end) : block.toString('latin1', start, end);
  }

  private name(index: number): string {
    const entry = STATIC_TABLE[index - 1];
    return entry === undefined ? (this.names[this.slot(index)] ?? '') : entry[0];
  }

  private value(index: number): string {
    const entry = STATIC_TABLE[index - 1];
    return entry === undefined ? (this.values[this.slot(index)] ?? '') : entry[1];
  }

  private slot(index: number): number {
    const number = this.inserted - 1 - (index - DYNAMIC_START);
    if (index === 0 || number < this.first || number >= this.inserted) {
      throw new HpackError(`index ${index} is not in the table`);
    }
    return number % this.names.length;
  }

  private resize(capacity: number): void {
    if (capacity > this.limits.tableSizeMax) {
      throw new HpackError(`a table of ${capacity} bytes is over the limit of ${this.limits.tableSizeMax}`);
    }
    this.capacity = capacity;
    this.evict(0);
  }

  private insert(name: string, value: string): void {
    const size = name.length + value.length + ENTRY_OVERHEAD;
    this.evict(size);
    if (size > this.capacity) return;
    if (this.inserted - this.first >= this.names.length) this.grow();
    const slot = this.inserted % this.names.length;
    this.names[slot] = name;
    this.values[slot] = value;
    this.inserted += 1;
    this.size += size;
  }

  /** Makes room for `size` bytes, or empties the table. */
  private evict(size: number): void {
    while (this.first < this.inserted && this.size + size > this.capacity) {
      const slot = this.first % this.names.length;
      this.size -= (this.names[slot]?.length ?? 0) + (this.values[slot]?.length ?? 0) + ENTRY_OVERHEAD;
      this.names[slot] = '';
      this.values[slot] = '';
      this.first += 1;
    }
  }

  private grow(): void {
    const count = this.inserted - this.first;
    const capacity = Math.max(16, this.names.length * 2);
    const names = new Array<string>(capacity).fill('');
    const values = new Array<string>(capacity).fill('');
    for (let offset = 0; offset < count; offset++) {
      const from = (this.first + offset) % this.names.length;
      names[offset] = this.names[from] ?? '';
      values[offset] = this.values[from] ?? '';
    }
    this.names = names;
    this.values = values;
    this.first = 0;
    this.inserted = count;
  }
}
