// Token buckets by key in one block of memory that the workers of a proxy share: bounded, exact over workers.
import { type BucketAnswer, type BucketShape, takeToken, tokenMs } from './token-bucket.ts';

/** Places in which a key may stand; a key that finds them all taken replaces the bucket that is the nearest to full. */
const WAYS = 8;
const SLOT_BYTES = 16;
/** Key of the hash, and how many buckets were replaced before they were full. */
const HEADER_WORDS = 4;
const SEED = 0;
const EVICTED = 2;
/** States of the lock of a set. Whoever gives an awaited one back wakes somebody; nobody else makes that call. */
const FREE = 0;
const HELD = 1;
const AWAITED = 2;
/** Who holds the lock of a set for longer was put aside by the system: wait instead of turning. */
const SPINS_MAX = 1000;
const LOCK_WAIT_MS = 1;

/** Keys of a table that is not told otherwise; 300 KiB. */
export const BUCKETS_DEFAULT = 16_384;

/** Hash of a key under way: `mix` in every part, then take a token. */
export interface KeyHash {
  high: number;
  low: number;
}

export class BucketTable {
  /** For the other workers. */
  readonly memory: SharedArrayBuffer;
  readonly #sets: number;
  readonly #header: Int32Array;
  readonly #locks: Int32Array;
  readonly #keys: Int32Array;
  readonly #fullAt: Float64Array;

  private constructor(memory: SharedArrayBuffer, sets: number) {
    this.memory = memory;
    this.#sets = sets;
    const slots = sets * WAYS;
    this.#header = new Int32Array(memory, 0, HEADER_WORDS);
    this.#locks = new Int32Array(memory, HEADER_WORDS * 4, sets);
    this.#fullAt = new Float64Array(memory, HEADER_WORDS * 4 + sets * 4, slots);
    this.#keys = new Int32Array(memory, HEADER_WORDS * 4 + sets * 4 + slots * 8, slots * 2);
  }

  /** `random` seeds the hash, so that nobody can choose keys that fall together. */
  static create(random: () => number, buckets = BUCKETS_DEFAULT): BucketTable {
    const sets = setsFor(buckets);
    const table = new BucketTable(new SharedArrayBuffer(HEADER_WORDS * 4 + sets * 4 + sets * WAYS * SLOT_BYTES), sets);
    table.#header[SEED] = Math.floor(random() * 2 ** 32);
    table.#header[SEED + 1] = Math.floor(random() * 2 ** 32);
    return table;
  }

  /** The table of another worker; all must pass in times of one clock. */
  static share(memory: SharedArrayBuffer): BucketTable {
    return new BucketTable(memory, (memory.byteLength - HEADER_WORDS * 4) / (4 + WAYS * SLOT_BYTES));
  }

  /** Buckets that had to go before they were full: their keys may get more than their limit. */
  get evicted(): number {
    return Atomics.load(this.#header, EVICTED);
  }

  begin(hash: KeyHash): void {
    hash.high = this.#header[SEED] ?? 0;
    hash.low = this.#header[SEED + 1] ?? 0;
  }

  /** For keys that are not asked for with every request. */
  hashOf(...parts: readonly string[]): KeyHash {
    const hash = { high: 0, low: 0 };
    this.begin(hash);
    for (const part of parts) mix(hash, part);
    return hash;
  }

  take(hash: KeyHash, nowMs: number, shape: BucketShape): BucketAnswer {
    const set = this.#lock(hash);
    const slot = this.#slotOf(set, hash, nowMs);
    const answer = takeToken(this.#fullAt[slot] ?? 0, nowMs, shape);
    if (answer.isTaken) this.#fullAt[slot] = answer.fullAtMs;
    this.#unlock(set);
    return answer;
  }

  /** Gives a token back that was taken for a request which another limit refused. */
  giveBack(hash: KeyHash, shape: BucketShape): void {
    const set = this.#lock(hash);
    const slot = this.#find(set, hash);
    if (slot !== -1) this.#fullAt[slot] = (this.#fullAt[slot] ?? 0) - tokenMs(shape);
    this.#unlock(set);
  }

  #find(set: number, { high, low }: KeyHash): number {
    const end = (set + 1) * WAYS;
    for (let slot = set * WAYS; slot < end; slot += 1)
      if (this.#keys[slot * 2] === high && this.#keys[slot * 2 + 1] === low) return slot;
    return -1;
  }

  /** The slot of the key, made for it when it has none. A bucket that is full says no more than none would. */
  #slotOf(set: number, hash: KeyHash, nowMs: number): number {
    const known = this.#find(set, hash);
    if (known !== -1) return known;
    let slot = set * WAYS;
    for (let other = slot + 1; other < (set + 1) * WAYS; other += 1)
      if ((this.#fullAt[other] ?? 0) < (this.#fullAt[slot] ?? 0)) slot = other;
    if ((this.#fullAt[slot] ?? 0) > nowMs) Atomics.add(this.#header, EVICTED, 1);
    this.#keys[slot * 2] = hash.high;
    this.#keys[slot * 2 + 1] = hash.low;
    this.#fullAt[slot] = 0;
    return slot;
  }

  #lock({ high }: KeyHash): number {
    const set = (high >>> 0) & (this.#sets - 1);
    for (let spins = 0; spins <= SPINS_MAX; spins += 1)
      if (Atomics.compareExchange(this.#locks, set, FREE, HELD) === FREE) return set;
    // Perhaps not the only one that waits: the next to give it back wakes somebody, needed or not.
    while (Atomics.exchange(this.#locks, set, AWAITED) !== FREE) Atomics.wait(this.#locks, set, AWAITED, LOCK_WAIT_MS);
    return set;
  }

  #unlock(set: number): void {
    if (Atomics.exchange(this.#locks, set, FREE) === AWAITED) Atomics.notify(this.#locks, set, 1);
  }
}

/** Adds a part to a key. Two lanes of MurmurHash3's mixing: 64 bits, so that two keys never meet in practice. */
export function mix(hash: KeyHash, text: string): void {
  let { high, low } = hash;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    high = Math.imul(high ^ code, 0xcc9e2d51);
    high = (high << 15) | (high >>> 17);
    low = Math.imul(low ^ code, 0x1b873593) + high;
    low = (low << 13) | (low >>> 19);
  }
  hash.high = finished(high ^ text.length);
  hash.low = finished(low + 0x9e3779b9);
}

function finished(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}

function setsFor(buckets: number): number {
  let sets = 2;
  while (sets * WAYS < buckets) sets *= 2;
  return sets;
}
