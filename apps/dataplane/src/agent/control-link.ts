// Keeps the agent connected: one channel with the session and the configuration stream on it, made anew when it breaks.
import type { Client } from '@grpc/grpc-js';
import type { Clock } from '@malha/traffic/clock';
import type { SecretMaterial } from '../data-plane.ts';
import { type Log, reasonOf } from '../log.ts';
import { reconnectDelayMs } from './backoff.ts';
import { openChannel } from './rpc/channel.ts';
import { AgentSession, type Heartbeat, type Hello, type ResourceError, type SessionEvents } from './rpc/session.ts';

/** What held this long was a good connection: the next outage is counted from its end. */
const STABLE_MS = 5_000;

/** The configuration stream on one channel. */
export interface ConfigStream {
  /** Resolves with the reason when it is over. */
  readonly ended: Promise<Error | undefined>;
  close(): void;
}

export interface ControlLinkDeps {
  readonly address: () => string;
  readonly secrets: () => SecretMaterial;
  readonly hello: () => Hello;
  readonly heartbeat: () => Promise<Heartbeat>;
  readonly events: SessionEvents;
  /** Undefined where another program takes the configuration. */
  readonly openConfigStream: ((client: Client) => ConfigStream) | undefined;
  /** Called when no connection comes to be; true = something was done about it, connect again at once. */
  readonly recover: (failure: unknown) => Promise<boolean>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
}

interface Connection {
  readonly client: Client;
  readonly session: AgentSession;
  stream: ConfigStream | undefined;
}

export class ControlLink {
  #connection: Connection | undefined;
  #isClosed = false;
  /** Said goodbye: the end of the session is expected, and no new one may follow. */
  #isLeaving = false;
  #onClose: () => void = () => {};
  readonly #closed = new Promise<undefined>((resolve) => {
    this.#onClose = () => resolve(undefined);
  });
  #said = '';
  #reconnects = false;
  #wake: () => void = () => {};
  #running: Promise<void> | undefined;

  constructor(private readonly deps: ControlLinkDeps) {}

  start(): void {
    this.#running ??= this.#run();
  }

  /** The connection of the moment. */
  client(): Client | undefined {
    return this.#connection?.client;
  }

  get isConnected(): boolean {
    return this.#connection !== undefined;
  }

  served(hash: string, errors: readonly ResourceError[]): void {
    this.#connection?.session.served(hash, errors);
  }

  dump(requestId: string, json: string): void {
    this.#connection?.session.dump(requestId, json);
  }

  /** Something that a heartbeat tells has changed. */
  async beatNow(): Promise<void> {
    const session = this.#connection?.session;
    if (session !== undefined) await this.#beat(session);
  }

  /** Leaves on purpose; the channel stays for the last export. Configuration changes are no longer taken. */
  goodbye(): void {
    this.#isLeaving = true;
    this.#connection?.stream?.close();
    this.#connection?.session.goodbye();
  }

  /** Connects again at once, with the credentials of now. */
  reconnect(): void {
    if (this.#connection === undefined) return;
    this.#reconnects = true;
    this.#connection.session.close();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#onClose();
    this.#connection?.session.close();
    this.#wake();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { clock, random, log } = this.deps;
    let awaySinceMs = clock.monotonic();
    let attempt = 0;
    while (!this.#isClosed && !this.#isLeaving) {
      const beganMs = clock.monotonic();
      try {
        const cause = await this.#serveOneConnection();
        if (clock.monotonic() - beganMs > STABLE_MS) {
          awaySinceMs = clock.monotonic();
          attempt = 0;
        }
        if (this.#isClosed || this.#takeReconnect()) continue;
        const reason = cause === undefined ? '' : `: ${reasonOf(cause)}`;
        log.warn(`control plane lost, traffic goes on with the last good configuration${reason}`);
      } catch (error) {
        if (this.#isClosed || this.#isLeaving) continue;
        if (await this.deps.recover(error)) {
          attempt = 0;
          continue;
        }
        this.#say(reasonOf(error));
      }
      await this.#pause(reconnectDelayMs(clock.monotonic() - awaySinceMs, attempt++, random));
    }
  }

  /** Resolves when an established connection ends; throws when none comes to be. */
  async #serveOneConnection(): Promise<Error | undefined> {
    const { deps } = this;
    const client = openChannel(deps.address(), deps.secrets(), deps.clock);
    const session = new AgentSession(client, deps.hello(), deps.events);
    const connection: Connection = { client, session, stream: undefined };
    let beats: NodeJS.Timeout | undefined;
    try {
      const intervalMs = await session.welcomed;
      if (this.#isClosed) return undefined;
      this.#connection = connection;
      this.#said = '';
      deps.log.info('connected to the control plane', { address: deps.address() });
      beats = setInterval(() => void this.#beat(session), intervalMs);
      connection.stream = deps.openConfigStream?.(client);
      const over = session.ended.then((cause) => (this.#isLeaving ? this.#closed : cause));
      return await Promise.race([over, ...(connection.stream === undefined ? [] : [connection.stream.ended])]);
    } finally {
      clearInterval(beats);
      this.#connection = undefined;
      connection.stream?.close();
      session.close();
      client.close();
    }
  }

  async #beat(session: AgentSession): Promise<void> {
    try {
      session.heartbeat(await this.deps.heartbeat());
    } catch (error) {
      this.deps.log.error(`no heartbeat: ${reasonOf(error)}`);
    }
  }

  #takeReconnect(): boolean {
    const was = this.#reconnects;
    this.#reconnects = false;
    return was;
  }

  /** Each reason once: an outage must not fill the log. */
  #say(reason: string): void {
    if (reason === this.#said || this.#isClosed) return;
    this.#said = reason;
    this.deps.log.warn(`no control plane, trying on: ${reason}`);
  }

  #pause(ms: number): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
