// Connections to one endpoint: the most recently used idle one goes out first, so that the others can grow old and close.
import type { Socket } from 'node:net';
import type { BalancedEndpoint } from '@malha/traffic/balancer';
import type { Cluster } from '@malha/traffic/config';
import type { ProxyError } from '../exchange/proxy-error.ts';
import { type TimerTarget, WheelTimer } from '../exchange/timer-wheel.ts';
import { ClientConnection, type ConnectionOwner } from '../http1/client-connection.ts';
import { Dial, type DialEnvironment } from './dial.ts';
import type { StreamRequester } from './stream-requester.ts';

/** A connection is not reused so short before its peer may close it that the two could cross. */
const KEEP_ALIVE_MARGIN_MS = 1000;

/** A local ejection after a failed connect: short, doubled while it goes on failing. */
const EJECTION_BASE_MS = 500;
const EJECTION_MAX_MS = 10_000;

export interface PoolOwner {
  readonly environment: DialEnvironment;
  readonly cluster: Cluster;
  /** A connection can serve the next waiting request; true = it was taken. */
  offerConnection(pool: EndpointPool, connection: ClientConnection): boolean;
  /** There is room for another connection. */
  connectionGone(): void;
  dialFailed(pool: EndpointPool, requester: StreamRequester | undefined, error: ProxyError): void;
  dialed(pool: EndpointPool, requester: StreamRequester | undefined, connection: ClientConnection): void;
}

export class EndpointPool implements ConnectionOwner, TimerTarget {
  readonly balanced: BalancedEndpoint;
  /** Where the connections go; a changed address needs another pool. */
  readonly key: string;
  ejectedUntilMs = 0;
  private readonly owner: PoolOwner;
  private readonly idle: ClientConnection[] = [];
  private readonly connections = new Set<ClientConnection>();
  private readonly dials = new Set<Dial>();
  private readonly timer = new WheelTimer(this);
  private connectFailures = 0;
  private isDraining = false;

  constructor(balanced: BalancedEndpoint, owner: PoolOwner) {
    this.balanced = balanced;
    this.key = keyOf(balanced);
    this.owner = owner;
  }

  get connectionCount(): number {
    return this.connections.size + this.dials.size;
  }

  get idleCount(): number {
    return this.idle.length;
  }

  takeIdle(): ClientConnection | undefined {
    for (;;) {
      const connection = this.idle.pop();
      if (connection === undefined) return undefined;
      if (connection.isUsable && this.ageLeftMs(connection, this.owner.environment.monotonic()) > 0) return connection;
      connection.destroy();
    }
  }

  /** Makes room for a connection to another endpoint. */
  evictIdle(): boolean {
    const oldest = this.idle.shift();
    if (oldest === undefined) return false;
    this.forget(oldest);
    oldest.destroy();
    return true;
  }

  /** For `requester`, or ahead of need. */
  dial(requester: StreamRequester | undefined): void {
    const { owner } = this;
    const { cluster } = owner;
    const target = {
      endpoint: this.balanced.endpoint,
      tls: cluster.tls,
      connectTimeoutMs: cluster.connectTimeoutMs,
    };
    const dial = new Dial(target, owner.environment, {
      connected: (socket) => {
        this.dials.delete(dial);
        this.connected(socket, requester);
      },
      failed: (error) => {
        this.dials.delete(dial);
        this.eject();
        owner.dialFailed(this, requester, error);
      },
    });
    this.dials.add(dial);
    dial.start();
  }

  /** Idle connections close now, busy ones after their response. */
  drain(): void {
    this.isDraining = true;
    this.owner.environment.wheel.disarm(this.timer);
    for (const connection of this.idle.splice(0)) connection.destroy();
  }

  destroy(): void {
    this.drain();
    for (const dial of this.dials) dial.cancel();
    this.dials.clear();
    for (const connection of this.connections) connection.destroy();
  }

  connectionIdle(connection: ClientConnection): void {
    if (this.isDraining) {
      connection.destroy();
      return;
    }
    if (this.owner.offerConnection(this, connection)) return;
    const nowMs = this.owner.environment.monotonic();
    connection.idleSinceMs = nowMs;
    this.idle.push(connection);
    if (!this.timer.isArmed) this.owner.environment.wheel.arm(this.timer, nowMs + this.ageLeftMs(connection, nowMs));
  }

  connectionClosed(connection: ClientConnection): void {
    const index = this.idle.lastIndexOf(connection);
    if (index !== -1) this.idle.splice(index, 1);
    this.forget(connection);
  }

  timerFired(timer: WheelTimer): void {
    const nowMs = this.owner.environment.monotonic();
    let nextMs = Number.POSITIVE_INFINITY;
    for (const connection of [...this.idle]) {
      const leftMs = this.ageLeftMs(connection, nowMs);
      if (leftMs <= 0) connection.destroy();
      else nextMs = Math.min(nextMs, leftMs);
    }
    if (nextMs !== Number.POSITIVE_INFINITY) this.owner.environment.wheel.arm(timer, nowMs + nextMs);
  }

  private connected(socket: Socket, requester: StreamRequester | undefined): void {
    this.connectFailures = 0;
    this.ejectedUntilMs = 0;
    const connection = new ClientConnection(socket, this);
    this.connections.add(connection);
    this.owner.dialed(this, requester, connection);
  }

  private eject(): void {
    const ejectionMs = Math.min(EJECTION_BASE_MS * 2 ** Math.min(this.connectFailures, 16), EJECTION_MAX_MS);
    this.connectFailures++;
    this.ejectedUntilMs = this.owner.environment.monotonic() + ejectionMs;
  }

  private forget(connection: ClientConnection): void {
    if (this.connections.delete(connection)) this.owner.connectionGone();
  }

  private ageLeftMs(connection: ClientConnection, nowMs: number): number {
    const { keepAliveMs, idleSinceMs } = connection;
    let limitMs = this.owner.cluster.idleTimeoutMs;
    if (keepAliveMs > 0) limitMs = Math.min(limitMs, Math.max(keepAliveMs - KEEP_ALIVE_MARGIN_MS, keepAliveMs / 2));
    return idleSinceMs + limitMs - nowMs;
  }
}

/** Same key = the same connections can go on serving the endpoint. */
export function keyOf(balanced: BalancedEndpoint): string {
  const { address, port, tls } = balanced.endpoint;
  return `${tls ? 'tls' : 'tcp'}|${address}|${port}`;
}
