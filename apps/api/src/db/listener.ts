// One LISTEN connection for the process. It reconnects by itself, and tells its listeners each time to read anew.
import pg from 'pg';
import { CHANNELS, type Channel } from './postgres.ts';

const CONNECT_TIMEOUT_MS = 5_000;
const BACKOFF_FIRST_MS = 100;
const BACKOFF_MAX_MS = 1_000;
/** Finds a connection that died without a word (a server that lost power). */
const PING_EVERY_MS = 5_000;
const PING_TIMEOUT_MS = 3_000;

/** `payload` undefined: the connection was made anew, notifications may have been lost, read by sequence. */
export type NotificationListener = (payload: string | undefined) => void;

export interface ListenerOptions {
  readonly url: string;
  readonly random: () => number;
  readonly onError?: (error: unknown) => void;
  readonly onStateChange?: (isConnected: boolean) => void;
}

export class NotificationFeed {
  readonly #listeners = new Map<Channel, Set<NotificationListener>>();
  readonly #options: ListenerOptions;
  #client: pg.Client | undefined;
  #timer: NodeJS.Timeout | undefined;
  #ping: NodeJS.Timeout | undefined;
  #isStopped = false;
  #isConnected = false;
  #backoffMs = BACKOFF_FIRST_MS;

  constructor(options: ListenerOptions) {
    this.#options = options;
  }

  get isConnected(): boolean {
    return this.#isConnected;
  }

  /** Resolves after the first attempt, successful or not; attempts go on until `stop`. */
  start(): Promise<void> {
    return this.#connect();
  }

  /** Returns how to stop listening. */
  on(channel: Channel, listener: NotificationListener): () => void {
    const listeners = this.#listeners.get(channel) ?? new Set();
    this.#listeners.set(channel, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    clearInterval(this.#ping);
    const client = this.#client;
    this.#client = undefined;
    await client?.end().catch(() => undefined);
  }

  async #connect(): Promise<void> {
    const client = new pg.Client({
      connectionString: this.#options.url,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      query_timeout: PING_TIMEOUT_MS,
      keepAlive: true,
      application_name: 'malha-listen',
    });
    this.#client = client;
    client.on('error', () => undefined);
    client.once('end', () => this.#lost(client));
    client.on('notification', ({ channel, payload }) => this.#emit(channel, payload ?? ''));
    try {
      await client.connect();
      for (const channel of Object.values(CHANNELS)) await client.query(`LISTEN ${pg.escapeIdentifier(channel)}`);
    } catch (error) {
      this.#options.onError?.(error);
      client.end().catch(() => undefined);
      this.#lost(client);
      return;
    }
    if (this.#isStopped) return void client.end().catch(() => undefined);
    this.#backoffMs = BACKOFF_FIRST_MS;
    this.#setConnected(true);
    this.#ping = setInterval(() => void this.#checkAlive(client), PING_EVERY_MS);
    this.#ping.unref();
    for (const channel of Object.values(CHANNELS)) this.#emit(channel, undefined);
  }

  async #checkAlive(client: pg.Client): Promise<void> {
    try {
      await client.query('SELECT 1');
    } catch (error) {
      this.#options.onError?.(error);
      client.end().catch(() => undefined);
      this.#lost(client);
    }
  }

  /** May be told of one loss by several events; only the first counts. */
  #lost(client: pg.Client): void {
    if (this.#client !== client || this.#isStopped) return;
    this.#client = undefined;
    clearInterval(this.#ping);
    this.#setConnected(false);
    const delayMs = this.#backoffMs * (0.5 + this.#options.random() / 2);
    this.#backoffMs = Math.min(this.#backoffMs * 2, BACKOFF_MAX_MS);
    this.#timer = setTimeout(() => void this.#connect(), delayMs);
  }

  #emit(channel: string, payload: string | undefined): void {
    for (const [name, listeners] of this.#listeners) {
      if (name !== channel) continue;
      for (const listener of listeners) listener(payload);
    }
  }

  #setConnected(isConnected: boolean): void {
    if (this.#isConnected === isConnected) return;
    this.#isConnected = isConnected;
    this.#options.onStateChange?.(isConnected);
  }
}
