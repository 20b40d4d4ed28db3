// What a listener and the connections that it serves know of each other, whatever their HTTP version.
import type { ExchangeHandler } from '../exchange/exchange.ts';
import type { TimerWheel } from '../exchange/timer-wheel.ts';

export interface ServerTimeouts {
  /** From the ClientHello to the end of the handshake. */
  readonly handshakeTimeoutMs: number;
  /** From the first byte of a head to its end. */
  readonly headTimeoutMs: number;
  /** Longer than the pools of our peers keep a connection, so that the client's side closes first. */
  readonly idleTimeoutMs: number;
  /** How long a client may go on sending after its connection was refused or ended. */
  readonly lingerMs: number;
}

export interface ServedConnection {
  /** No request is under way. */
  readonly isIdle: boolean;
  destroy(): void;
  /** Takes no new requests and closes after those under way; `ServerContext.isDraining` is true from now on. */
  drain(): void;
}

/** What all connections of a listener share. */
export interface ServerContext {
  readonly handler: ExchangeHandler;
  readonly wheel: TimerWheel;
  readonly monotonic: () => number;
  readonly timeouts: ServerTimeouts;
  /** While draining, each response ends its connection. */
  isDraining: boolean;
  connectionClosed(connection: ServedConnection): void;
}
