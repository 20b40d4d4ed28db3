// Keeps the agent connected: one channel with the session and the configuration stream on it, made anew when it breaks.
import type { Client } from '@grpc/grpc-js';
import type { Clock } from '@malha/traffic/clock';
import type { SecretMaterial } from '../data-plane.ts';
import { type Log, reasonOf } from '../log.ts';
import { reconnectDelayMs } from './backoff.ts';
import { connectControlPlane } from './rpc/channel.ts';
import { AgentSession, type Heartbeat, type Hello, type ResourceError, type SessionEvents } from './rpc/session.ts';

const CONNECT_TIMEOUT_MS = 5_000;
/** A connection that held this long was a good one: the next outage is counted from its end. */
const STABLE_MS = 5_000;

/** The configuration stream on one channel. */
export interface ConfigStream {
  /** Resolves with the reason when it is over. */
  readonly ended: Promise<Error | undefined>;
  close(): void;
}

export interface ControlLinkDeps {
  readonly address: string;
  readonly secrets: () => SecretMaterial;
  readonly hello: () => Hello;
  readonly heartbeat: () => Promise<Heartbeat>;
  readonly events: SessionEvents;
  readonly openConfigStream: (client: Client) => ConfigStream;
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
    this.#connection?.stream?.close();
    this.#connection?.session.goodbye();
  }

  /** Connects again, with the credentials of now. */
  reconnect(): void {
    this.#connection?.session.close();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#connection?.session.close();
    this.#wake();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { clock, random, log } = this.deps;
    let awaySinceMs = clock.monotonic();
    let attempt = 0;
    while (!this.#isClosed) {
      const beganMs = clock.monotonic();
      try {
        const cause = await this.#serveOneConnection();
        if (!this.#isClosed)
          log.warn(
            `control plane lost, traffic goes on with the last good configuration${cause === undefined ? '' : `: ${reasonOf(cause)}`}`,
          );
      } catch (error) {
        if (attempt === 0) log.warn(`no control plane, trying on: ${reasonOf(error)}`);
      }
      if (clock.monotonic() - beganMs > STABLE_MS + CONNECT_TIMEOUT_MS) {
        awaySinceMs = clock.monotonic();
        attempt = 0;
      }
      await this.#pause(reconnectDelayMs(clock.monotonic() - awaySinceMs, attempt++, random));
    }
  }

  /** Resolves when an established connection ends; throws when none comes to be. */
  async #serveOneConnection(): Promise<Error | undefined> {
    const { deps } = this;
    const client = await connectControlPlane(deps.address, deps.secrets(), deps.clock, CONNECT_TIMEOUT_MS);
    const session = new AgentSession(client, deps.hello(), deps.events);
    const connection: Connection = { client, session, stream: undefined };
    let beats: NodeJS.Timeout | undefined;
    try {
      const intervalMs = await session.welcomed;
      if (this.#isClosed) return undefined;
      this.#connection = connection;
      deps.log.info('connected to the control plane', { address: deps.address });
      beats = setInterval(() => void this.#beat(session), intervalMs);
      connection.stream = deps.openConfigStream(client);
      return await Promise.race([session.ended, connection.stream.ended]);
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
