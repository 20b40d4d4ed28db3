// Counts in Redis: one script call for each request, calls of one turn of the event loop in one write, each with a deadline.
import { createHash } from 'node:crypto';
import { tokenMs } from '@malha/traffic/rate-limit/token-bucket';
import { createClient } from '@redis/client';
import type { CountedLimit } from './counted-limit.ts';
import { type CountedAnswer, type LimitStore, StoreAway } from './limit-store.ts';
import { TAKE_SCRIPT } from './take-script.ts';

/** Calls that wait for Redis; more are refused at once, which callers take for "away". */
const PENDING_MAX = 10_000;
const CONNECT_TIMEOUT_MS = 2_000;
const RECONNECT_MIN_MS = 50;
const RECONNECT_MAX_MS = 1_000;
/** Notices a connection that says nothing any more. */
const PING_INTERVAL_MS = 5_000;
const MICROS_PER_MS = 1000;
const NUMBERS_OF_ANSWER = 4;

export interface RedisStoreOptions {
  /** `redis://[user:password@]host:port[/database]` or `rediss://…` */
  readonly url: string;
  /** Of one call, until its answer. */
  readonly timeoutMs: number;
  readonly random: () => number;
  /** Told when Redis comes and goes; never with what the URL holds beside its address. */
  readonly log: { info(message: string): void; warn(message: string): void };
}

export class RedisStore implements LimitStore {
  readonly #address: string;
  readonly #timeoutMs: number;
  readonly #client: ReturnType<typeof createClient>;
  readonly #sha = createHash('sha1').update(TAKE_SCRIPT).digest('hex');

  constructor({ url, timeoutMs, random, log }: RedisStoreOptions) {
    const { host } = new URL(url);
    this.#address = host;
    this.#timeoutMs = timeoutMs;
    this.#client = createClient({
      url,
      disableOfflineQueue: true,
      commandsQueueMaxLength: PENDING_MAX,
      pingInterval: PING_INTERVAL_MS,
      socket: {
        connectTimeout: CONNECT_TIMEOUT_MS,
        reconnectStrategy: (retries) =>
          Math.min(RECONNECT_MAX_MS, RECONNECT_MIN_MS * 2 ** Math.min(retries, 10)) * (0.5 + random() / 2),
      },
    });
    let isAway = false;
    this.#client.on('error', (cause) => {
      if (!isAway) log.warn(`Redis at ${host} is away: ${cause instanceof Error ? cause.message : String(cause)}`);
      isAway = true;
    });
    this.#client.on('ready', () => {
      log.info(`Redis at ${host} counts`);
      isAway = false;
    });
  }

  /** Goes on trying in the background; rejects for nothing but a URL that cannot be used. */
  start(): void {
    this.#client.connect().catch(() => undefined);
  }

  get isHere(): boolean {
    return this.#client.isReady;
  }

  async take(limits: readonly CountedLimit[], hits: number): Promise<readonly CountedAnswer[]> {
    if (!this.isHere) throw new StoreAway(this.#address);
    const keys = limits.map(({ bucket }) => bucket);
    const numbers = limits.flatMap(({ shape }) => {
      const one = tokenMs(shape) * MICROS_PER_MS;
      return [String(one), String(one * shape.burst)];
    });
    try {
      const answer = await within(this.#timeoutMs, this.#evaluate(keys, [String(hits), ...numbers]));
      return answersOf(answer, limits.length);
    } catch (cause) {
      throw new StoreAway(this.#address, { cause });
    }
  }

  close(): void {
    if (this.#client.isOpen) this.#client.destroy();
  }

  async #evaluate(keys: string[], args: string[]): Promise<unknown> {
    try {
      return await this.#client.evalSha(this.#sha, { keys, arguments: args });
    } catch (error) {
      // A Redis that was restarted, or is another one now, does not know the script.
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
      return this.#client.eval(TAKE_SCRIPT, { keys, arguments: args });
    }
  }
}

function within<T>(timeoutMs: number, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

function answersOf(answer: unknown, count: number): CountedAnswer[] {
  if (!Array.isArray(answer) || answer.length !== count * NUMBERS_OF_ANSWER || !answer.every(Number.isFinite))
    throw new Error('the script answered something else');
  return Array.from({ length: count }, (_, index) => {
    const [taken = 0, remaining = 0, wait = 0, reset = 0] = answer.slice(index * NUMBERS_OF_ANSWER);
    return { isTaken: taken === 1, remaining, waitMs: wait / MICROS_PER_MS, resetMs: reset / MICROS_PER_MS };
  });
}
