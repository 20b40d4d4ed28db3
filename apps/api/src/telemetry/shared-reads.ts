// Reads that many viewers share: one read of the store per interval, however many pages look at it.
import { setTimeout as wait } from 'node:timers/promises';
import type { Clock } from '@malha/traffic/clock';
import { TooManySubscriptions } from './errors.ts';

const SUBSCRIPTIONS_MAX = 1_000;
/** Distinct answers kept. */
const ENTRIES_MAX = 256;

interface Entry {
  readonly value: Promise<unknown>;
  readonly readAtMs: number;
}

export interface SharedReadsOptions {
  readonly clock: Clock;
  /** A failed read of a live view: the view goes on with the next one. */
  readonly onError: (error: unknown) => void;
}

export class SharedReads {
  readonly #options: SharedReadsOptions;
  readonly #entries = new Map<string, Entry>();
  #subscriptions = 0;

  constructor(options: SharedReadsOptions) {
    this.#options = options;
  }

  /** The answer for this key, read anew when it is older than `maxAgeMs`; simultaneous callers share one read. */
  async read<T>(key: string, maxAgeMs: number, compute: () => Promise<T>): Promise<T> {
    const nowMs = this.#options.clock.monotonic();
    const known = this.#entries.get(key);
    // The key names the computation, so what is stored under it has its type.
    if (known !== undefined && nowMs - known.readAtMs < maxAgeMs) return (await known.value) as T;
    const value = compute();
    this.#entries.delete(key);
    this.#entries.set(key, { value, readAtMs: nowMs });
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > ENTRIES_MAX && oldest !== undefined) this.#entries.delete(oldest);
    try {
      return await value;
    } catch (error) {
      if (this.#entries.get(key)?.value === value) this.#entries.delete(key);
      throw error;
    }
  }

  /** The answer now and at each interval, until the signal aborts. */
  async *follow<T>(
    key: string,
    intervalMs: number,
    signal: AbortSignal | undefined,
    compute: () => Promise<T>,
  ): AsyncGenerator<T, void, void> {
    if (this.#subscriptions >= SUBSCRIPTIONS_MAX) throw new TooManySubscriptions(SUBSCRIPTIONS_MAX);
    this.#subscriptions += 1;
    try {
      while (!signal?.aborted) {
        const answer = await this.#tryRead(key, intervalMs / 2, compute);
        if (answer !== undefined) yield answer.value;
        // All viewers wake at the same multiples of the interval, and so share one read.
        const delayMs = intervalMs - (this.#options.clock.monotonic() % intervalMs);
        await wait(delayMs, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
      }
    } finally {
      this.#subscriptions -= 1;
    }
  }

  async #tryRead<T>(key: string, maxAgeMs: number, compute: () => Promise<T>): Promise<{ value: T } | undefined> {
    try {
      return { value: await this.read(key, maxAgeMs, compute) };
    } catch (error) {
      this.#options.onError(error);
      return undefined;
    }
  }
}
