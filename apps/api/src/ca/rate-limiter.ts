// Token buckets by caller: bounds what one address may cost, with a bound on the number of addresses remembered.
import type { Clock } from '@malha/traffic/clock';

export interface RateLimit {
  readonly burst: number;
  readonly perSecond: number;
}

const CALLERS_MAX = 10_000;

interface Bucket {
  tokens: number;
  atMs: number;
}

export class RateLimiter {
  readonly #limit: RateLimit;
  readonly #clock: Clock;
  /** In order of last use: the least recently used caller is forgotten first. */
  readonly #buckets = new Map<string, Bucket>();

  constructor(limit: RateLimit, clock: Clock) {
    this.#limit = limit;
    this.#clock = clock;
  }

  /** Takes one; false = the caller has used up what it may. */
  tryTake(caller: string): boolean {
    const bucket = this.#refilled(caller);
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }

  /** Whether `tryTake` would succeed. */
  hasLeft(caller: string): boolean {
    return this.#refilled(caller).tokens >= 1;
  }

  #refilled(caller: string): Bucket {
    const nowMs = this.#clock.monotonic();
    const bucket = this.#buckets.get(caller) ?? { tokens: this.#limit.burst, atMs: nowMs };
    const gained = ((nowMs - bucket.atMs) / 1000) * this.#limit.perSecond;
    bucket.tokens = Math.min(this.#limit.burst, bucket.tokens + gained);
    bucket.atMs = nowMs;
    this.#buckets.delete(caller);
    this.#buckets.set(caller, bucket);
    if (this.#buckets.size > CALLERS_MAX) {
      const [oldest] = this.#buckets.keys();
      if (oldest !== undefined) this.#buckets.delete(oldest);
    }
    return bucket;
  }
}
