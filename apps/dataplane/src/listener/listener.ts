// One listening socket with the connections that came through it: accepts, counts, limits, drains.
import { createServer, type Server, type Socket } from 'node:net';
import { reasonOf } from '../log.ts';
import type { ListenerSide, Telemetry } from '../telemetry/record.ts';
import type { ServedConnection } from './server-context.ts';

export interface ListenerOptions {
  readonly side: ListenerSide;
  readonly telemetry: Telemetry;
  readonly connectionsMax: number;
  readonly monotonic: () => number;
  /** Takes an accepted socket; the listener hears of its end by the socket itself. */
  readonly accept: (socket: Socket) => void;
}

/**
 * The event loop accepts one connection a turn. Those of a burst are served when it is over, or else each turn would be
 * as long as the requests of those that came before, and the last of a hundred would wait for seconds.
 */
const BURST_MAX_MS = 50;

/** A port that cannot be listened on (another process has it) is tried again after so long. */
const LISTEN_AGAIN_MS = 1000;

export class Listener {
  /** Why it does not listen, though it was told to; empty before it was tried. */
  problem = '';
  private isStopped = false;
  private readonly options: ListenerOptions;
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();
  private readonly connections = new Set<ServedConnection>();
  private whenEmpty: (() => void) | undefined;
  private burst: Socket[] = [];
  private burstBeganMs = 0;
  private isBurstGrowing = false;

  constructor(options: ListenerOptions) {
    this.options = options;
    // Half-open: a client may end its side after the request and still gets the answer. Paused: what happens to a socket
    // before somebody serves it, its end above all, is not missed.
    const sockets = { noDelay: true, allowHalfOpen: true, pauseOnConnect: true };
    this.server = createServer(sockets, (socket) => this.accepted(socket));
  }

  get openConnections(): number {
    return this.sockets.size;
  }

  get isListening(): boolean {
    return this.server.listening;
  }

  /** Resolves with the port; rejects when the address is taken or not ours. */
  listen(address: string, port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen({ host: address, port, backlog: 1024 }, () => {
        this.server.removeListener('error', reject);
        // After this, an error is one of accepting (no descriptors left): connections wait in the backlog.
        this.server.on('error', () => this.options.telemetry.counter('connection-refused'));
        const bound = this.server.address();
        resolve(typeof bound === 'object' && bound !== null ? bound.port : port);
      });
    });
  }

  /** Resolves when the port was tried once; one that cannot be listened on is tried again until `stopAccepting`. */
  async keepListening(address: string, port: number): Promise<void> {
    if (this.isStopped) return;
    try {
      await this.listen(address, port);
      this.problem = '';
      if (this.isStopped) this.server.close();
    } catch (error) {
      this.options.telemetry.counter('listen-failed');
      this.problem = reasonOf(error);
      setTimeout(() => void this.keepListening(address, port), LISTEN_AGAIN_MS).unref();
    }
  }

  add(connection: ServedConnection): void {
    this.connections.add(connection);
  }

  remove(connection: ServedConnection): void {
    this.connections.delete(connection);
  }

  stopAccepting(): void {
    this.isStopped = true;
    if (this.server.listening) this.server.close();
  }

  /** Every connection takes its leave when its requests have ended. */
  drainConnections(): void {
    for (const connection of this.connections) connection.drain();
  }

  /** Connections between two requests have nothing to lose. */
  closeIdle(): void {
    for (const connection of this.connections) if (connection.isIdle) connection.destroy();
  }

  destroy(): void {
    this.stopAccepting();
    for (const socket of this.sockets) socket.destroy();
  }

  /** Resolves when the last connection has gone. */
  emptied(): Promise<void> {
    if (this.sockets.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.whenEmpty = resolve;
    });
  }

  private accepted(socket: Socket): void {
    const { telemetry, side, connectionsMax } = this.options;
    if (this.sockets.size >= connectionsMax) {
      telemetry.counter('connection-refused');
      socket.destroy();
      return;
    }
    this.sockets.add(socket);
    telemetry.connectionOpened(side);
    socket.once('close', () => {
      this.sockets.delete(socket);
      telemetry.connectionClosed(side);
      if (this.sockets.size === 0) this.whenEmpty?.();
    });
    socket.on('error', ignore);
    if (this.burst.length === 0) {
      this.burstBeganMs = this.options.monotonic();
      setImmediate(this.turnEnded);
    }
    this.burst.push(socket);
    this.isBurstGrowing = true;
  }

  private readonly turnEnded = (): void => {
    const { accept, monotonic } = this.options;
    if (this.isBurstGrowing && monotonic() - this.burstBeganMs < BURST_MAX_MS) {
      this.isBurstGrowing = false;
      setImmediate(this.turnEnded);
      return;
    }
    const burst = this.burst;
    this.burst = [];
    for (const socket of burst) {
      socket.removeListener('error', ignore);
      if (!socket.destroyed) accept(socket);
    }
  };
}

function ignore(): void {}
