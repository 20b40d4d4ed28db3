// HPACK encoder (RFC 7541): indexes what repeats, never what is secret or new each time; no Huffman coding, since bytes
// between proxies are cheaper than the time to squeeze them.
import { DYNAMIC_START, ENTRY_OVERHEAD, STATIC_TABLE } from './static-table.ts';

/** Fields whose value differs with nearly every message: indexing them only turns the table over. */
const VOLATILE = new Set([
  ':path',
  'age',
  'content-length',
  'date',
  'etag',
  'if-modified-since',
  'if-none-match',
  'last-modified',
  'location',
  'traceparent',
  'tracestate',
  'x-request-id',
]);

/** Never in any table along the way, so that nobody can guess at them by size (RFC 7541 §7.1.3). */
const SECRET = new Set(['authorization', 'cookie', 'proxy-authorization', 'set-cookie']);

const INDEXED = 0x80;
const WITH_INDEXING = 0x40;
const SIZE_UPDATE = 0x20;
const NEVER_INDEXED = 0x10;
const WITHOUT_INDEXING = 0x00;

/** Longest value that is worth an entry. */
const INDEX_VALUE_MAX = 512;

const staticNames = new Map<string, number>();
const staticFields = new Map<string, Map<string, number>>();
for (const [position, [name, value]] of STATIC_TABLE.entries()) {
  if (!staticNames.has(name)) staticNames.set(name, position + 1);
  if (value === '') continue;
  const values = staticFields.get(name) ?? new Map<string, number>();
  values.set(value, position + 1);
  staticFields.set(name, values);
}

/** Grows with the blocks of its connection, which are mostly small. */
const OUT_BYTES = 512;

interface Entry {
  readonly name: string;
  readonly value: string;
  readonly number: number;
}

export class HpackEncoder {
  private out = Buffer.allocUnsafe(OUT_BYTES);
  private length = 0;
  private readonly entries: Entry[] = [];
  private readonly byName = new Map<string, Map<string, number>>();
  /** Entries before this position of `entries` are evicted. */
  private head = 0;
  private inserted = 0;
  private size = 0;
  private capacity: number;
  private announcedMin: number | undefined;

  constructor(capacity = 4_096) {
    this.capacity = capacity;
  }

  /** After the peer's SETTINGS_HEADER_TABLE_SIZE; the next block says so (RFC 7541 §4.2). */
  setCapacity(capacity: number): void {
    if (capacity === this.capacity) return;
    this.announcedMin = Math.min(this.announcedMin ?? capacity, capacity);
    this.capacity = capacity;
    this.evict(0);
  }

  begin(): void {
    this.length = 0;
    if (this.announcedMin === undefined) return;
    if (this.announcedMin < this.capacity) this.integer(this.announcedMin, 5, SIZE_UPDATE);
    this.integer(this.capacity, 5, SIZE_UPDATE);
    this.announcedMin = undefined;
  }

  /** `name` in lower case; one char of either is one byte. */
  field(name: string, value: string): void {
    const fixed = staticFields.get(name)?.get(value);
    if (fixed !== undefined) {
      this.integer(fixed, 7, INDEXED);
      return;
    }
    if (SECRET.has(name)) {
      this.literal(NEVER_INDEXED, 4, name, value);
      return;
    }
    if (VOLATILE.has(name) || value.length > INDEX_VALUE_MAX) {
      this.literal(WITHOUT_INDEXING, 4, name, value);
      return;
    }
    const number = this.byName.get(name)?.get(value);
    if (number !== undefined) {
      this.integer(DYNAMIC_START + this.inserted - 1 - number, 7, INDEXED);
      return;
    }
    this.literal(WITH_INDEXING, 6, name, value);
    this.insert(name, value);
  }

  /** The block since `begin`, valid until the next one. */
  end(): Buffer {
    return this.out.subarray(0, this.length);
  }

  private literal(pattern: number, prefixBits: number, name: string, value: string): void {
    const index = staticNames.get(name) ?? this.dynamicName(name);
    this.integer(index, prefixBits, pattern);
    if (index === 0) this.string(name);
    this.string(value);
  }

  private dynamicName(name: string): number {
    const values = this.byName.get(name);
    if (values === undefined) return 0;
    for (const number of values.values()) return DYNAMIC_START + this.inserted - 1 - number;
    return 0;
  }

  private integer(value: number, prefixBits: number, pattern: number): void {
    this.reserve(6);
    const mask = (1 << prefixBits) - 1;
    if (value < mask) {
      this.out[this.length++] = pattern | value;
      return;
    }
    this.out[this.length++] = pattern | mask;
    let rest = value - mask;
    for (; rest >= 128; rest = Math.floor(rest / 128)) this.out[this.length++] = (rest & 0x7f) | 0x80;
    this.out[this.length++] = rest;
  }

  private string(text: string): void {
    this.integer(text.length, 7, 0);
    this.reserve(text.length);
    this.length += this.out.write(text, this.length, 'latin1');
  }

  private reserve(bytes: number): void {
    if (this.length + bytes <= this.out.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.out.length * 2, this.length + bytes));
    this.out.copy(larger, 0, 0, this.length);
    this.out = larger;
  }

  private insert(name: string, value: string): void {
    const size = name.length + value.length + ENTRY_OVERHEAD;
    this.evict(size);
    if (size > this.capacity) return;
    const number = this.inserted++;
    this.entries.push({ name, value, number });
    let values = this.byName.get(name);
    if (values === undefined) {
      values = new Map();
      this.byName.set(name, values);
    }
    values.set(value, number);
    this.size += size;
  }

  private evict(size: number): void {
    while (this.head < this.entries.length && this.size + size > this.capacity) {
      const entry = this.entries[this.head++];
      if (entry === undefined) break;
      this.size -= entry.name.length + entry.value.length + ENTRY_OVERHEAD;
      const values = this.byName.get(entry.name);
      if (values?.get(entry.value) === entry.number) values.delete(entry.value);
      if (values?.size === 0) this.byName.delete(entry.name);
    }
    if (this.head > 256 && this.head * 2 > this.entries.length) {
      this.entries.splice(0, this.head);
      this.head = 0;
    }
  }
}
