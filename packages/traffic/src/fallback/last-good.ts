// The last good answers of a route, for when it fails: bounded in bytes, number and age; the one used least lately goes first.
import type { LastGoodBounds } from './rule.ts';

/** RFC 9111 §3, for a cache that many callers share, and that shows answers only after their time (§4.2.4). */
const NOT_KEPT = /(?:^|[,\s])(?:no-store|private|no-cache|must-revalidate|proxy-revalidate)(?:$|[,\s=])/i;
/** What one entry costs beside its bytes. */
const ENTRY_BYTES = 512;

type Header = (name: string) => string | undefined;

export interface GoodAnswer {
  /** name, value, name, value …, names in lower case. */
  readonly headers: readonly string[];
  readonly body: Uint8Array;
  /** Values of the request headers that the answer was chosen by (Vary). */
  readonly varies: readonly (readonly [name: string, value: string | undefined])[];
  readonly storedMs: number;
}

/** Whether a request may get the answer of another one, and its answer may be kept for others. */
export function isShareable(method: string, request: Header): boolean {
  if (method !== 'GET' && method !== 'HEAD') return false;
  if (request('authorization') !== undefined || request('cookie') !== undefined) return false;
  return request('range') === undefined && !NOT_KEPT.test(request('cache-control') ?? '');
}

/** Of a shareable request. */
export function isKept(status: number, response: Header): boolean {
  if (status !== 200 || response('set-cookie') !== undefined) return false;
  return !NOT_KEPT.test(response('cache-control') ?? '') && !(response('vary') ?? '').includes('*');
}

/** What of the request the answer was chosen by. */
export function variesOf(request: Header, response: Header): GoodAnswer['varies'] {
  const names = (response('vary') ?? '').split(',').map((name) => name.trim().toLowerCase());
  return names.filter((name) => name !== '').map((name) => [name, request(name)]);
}

export class LastGoodAnswers {
  /** Applies to what is kept at the next change. */
  bounds: LastGoodBounds;
  #bytes = 0;
  /** In the order of their last use. */
  readonly #answers = new Map<string, GoodAnswer>();

  constructor(bounds: LastGoodBounds) {
    this.bounds = bounds;
  }

  get size(): number {
    return this.#answers.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** One answer may take an eighth of the whole. */
  get answerBytesMax(): number {
    return Math.floor(this.bounds.maxBytes / 8);
  }

  store(key: string, answer: GoodAnswer): void {
    this.#remove(key);
    if (sizeOf(key, answer) > this.answerBytesMax) return;
    this.#answers.set(key, answer);
    this.#bytes += sizeOf(key, answer);
    const { maxBytes, maxEntries } = this.bounds;
    for (const oldest of this.#answers.keys()) {
      if (this.#bytes <= maxBytes && this.#answers.size <= maxEntries) break;
      this.#remove(oldest);
    }
  }

  find(key: string, request: Header, nowMs: number): GoodAnswer | undefined {
    const answer = this.#answers.get(key);
    if (answer === undefined) return undefined;
    if (nowMs - answer.storedMs > this.bounds.maxAgeMs) {
      this.#remove(key);
      return undefined;
    }
    if (answer.varies.some(([name, value]) => request(name) !== value)) return undefined;
    this.#answers.delete(key);
    this.#answers.set(key, answer);
    return answer;
  }

  #remove(key: string): void {
    const answer = this.#answers.get(key);
    if (answer === undefined) return;
    this.#answers.delete(key);
    this.#bytes -= sizeOf(key, answer);
  }
}

function sizeOf(key: string, { headers, body }: GoodAnswer): number {
  return ENTRY_BYTES + key.length + body.length + headers.reduce((sum, text) => sum + text.length, 0);
}
