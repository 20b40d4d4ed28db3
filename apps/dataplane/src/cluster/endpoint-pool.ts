// Connections to one endpoint: HTTP/1.1 ones are lent out one request at a time, the most recently used first, so that the
// others can grow old and close; over HTTP/2 many requests share few connections.
import type { Socket } from 'node:net';
import type { BalancedEndpoint } from '@malha/traffic/balancer';
import type { Cluster, Endpoint } from '@malha/traffic/config';
import { ProxyError } from '../exchange/proxy-error.ts';
import { type TimerTarget, WheelTimer } from '../exchange/timer-wheel.ts';
import type { UpstreamHandler, UpstreamStream } from '../exchange/upstream-stream.ts';
import { ClientConnection, type ConnectionOwner } from '../http1/client-connection.ts';
import { Http2ClientConnection, type MultiplexOwner } from '../http2/client-connection.ts';
import { Dial, type DialEnvironment, type HttpVersion } from './dial.ts';
import type { StreamRequester, Waiting } from './stream-requester.ts';

/** A connection is not reused so short before its peer may close it that the two could cross. */
const KEEP_ALIVE_MARGIN_MS = 1000;

/** Can take the next request. */
export interface FreeConnection {
  /** It can become a tunnel, or carry one. */
  readonly takesTunnels: boolean;
  begin(handler: UpstreamHandler): UpstreamStream;
}

export interface RawDialResult {
  connected(socket: Socket, endpoint: Endpoint): void;
  /** `picked`: the one that failed; undefined when there was none to try. */
  failed(error: ProxyError, picked: BalancedEndpoint | undefined): void;
}

export interface PoolOwner {
  readonly environment: DialEnvironment;
  readonly cluster: Cluster;
  /** True: a waiting request took it. */
  offer(pool: EndpointPool, connection: FreeConnection): boolean;
  /** Requests wait for a connection. */
  readonly isAwaited: boolean;
  /** There is room for another connection. */
  connectionGone(): void;
  dialSucceeded(balanced: BalancedEndpoint): void;
  dialFailed(balanced: BalancedEndpoint, error: ProxyError): void;
  /** It waited for a connection that turned out unable to serve it. */
  requeue(pool: EndpointPool, waiting: Waiting): void;
  /** The endpoint it waited for is gone or called in another way. False: there is nowhere else to go. */
  reassign(waiting: Waiting): boolean;
}

export class EndpointPool implements ConnectionOwner, MultiplexOwner, TimerTarget {
  readonly balanced: BalancedEndpoint;
  /** Where the connections go; a changed address needs another pool. */
  readonly key: string;
  private readonly owner: PoolOwner;
  private readonly idle: ClientConnection[] = [];
  private readonly connections = new Set<ClientConnection>();
  private readonly multiplexed: Http2ClientConnection[] = [];
  private readonly dials = new Set<Dial>();
  /** For the multiplexed connection that is being opened. */
  private joined: Waiting[] | undefined;
  /** What the peer speaks, as far as is known. */
  private version: HttpVersion | undefined;
  /** Tunnels need connections of HTTP/1.1: the peer takes none over HTTP/2. */
  private refusesTunnels = false;
  /** Wait for the first SETTINGS of the peer, which say whether it takes tunnels. */
  private readonly parked = new Map<Http2ClientConnection, Waiting[]>();
  private readonly timer = new WheelTimer(this);
  private isDraining = false;

  constructor(balanced: BalancedEndpoint, owner: PoolOwner) {
    this.balanced = balanced;
    this.key = keyOf(balanced);
    this.owner = owner;
    if (!balanced.endpoint.tls) this.version = speaksHttp2(owner.cluster) ? 'h2' : 'http/1.1';
  }

  get connectionCount(): number {
    return this.connections.size + this.multiplexed.length + this.dials.size;
  }

  get idleCount(): number {
    let count = this.idle.length;
    for (const connection of this.multiplexed) if (connection.activeStreams === 0) count++;
    return count;
  }

  /** A stream on a connection that is there; `isFresh`: none that the peer may just be closing. */
  take(requester: StreamRequester, isFresh: boolean): UpstreamStream | undefined {
    const multiplexed = this.leastBusy(requester.wantsTunnel === true);
    if (multiplexed !== undefined) return multiplexed.begin(requester);
    return isFresh ? undefined : this.takeIdle()?.begin(requester);
  }

  /** False: there is no connection that is free. */
  serveNow(waiting: Waiting): boolean {
    const connection = this.leastBusy(waiting.wantsTunnel) ?? this.takeIdle();
    if (connection === undefined) return false;
    this.serve(waiting, connection);
    return true;
  }

  /** True: it is served by a connection that is being opened for many. */
  join(waiting: Waiting): boolean {
    const silent = waiting.wantsTunnel ? this.multiplexed.find((connection) => !connection.isPeerKnown) : undefined;
    if (silent !== undefined) {
      this.park(silent, waiting);
      return true;
    }
    if (this.joined === undefined || this.isForHttp1(waiting)) return false;
    this.joined.push(waiting);
    return true;
  }

  get joinedCount(): number {
    let count = this.joined?.length ?? 0;
    for (const parked of this.parked.values()) count += parked.length;
    return count;
  }

  /** Makes room for a connection to another endpoint. */
  evictIdle(): boolean {
    const oldest = this.idle.shift();
    if (oldest !== undefined) {
      this.forget(oldest);
      oldest.destroy();
      return true;
    }
    const unused = this.multiplexed.find((connection) => this.isUnused(connection));
    if (unused === undefined) return false;
    this.multiplexClosed(unused);
    unused.drain();
    return true;
  }

  dial(waiting: Waiting): void {
    const { owner } = this;
    const { cluster } = owner;
    const isForHttp1 = this.isForHttp1(waiting);
    const isShared = this.version !== 'http/1.1' && !isForHttp1 && this.joined === undefined;
    if (isShared) this.joined = [];
    const target = {
      endpoint: this.balanced.endpoint,
      tls: cluster.tls,
      connectTimeoutMs: cluster.connectTimeoutMs,
      version: isForHttp1 ? ('http/1.1' as const) : this.version,
    };
    const dial = new Dial(target, owner.environment, {
      connected: (socket, version) => {
        this.dials.delete(dial);
        if (!isForHttp1) this.version = version;
        this.connected(socket, version, [waiting, ...this.takeJoined(isShared)]);
      },
      failed: (error) => {
        this.dials.delete(dial);
        this.failed(error, [waiting, ...this.takeJoined(isShared)]);
      },
    });
    this.dials.add(dial);
    dial.start();
  }

  /** A connection that is of no pool: the cluster counts it until it closes. */
  dialRaw(result: RawDialResult): Dial {
    const { owner } = this;
    const { cluster } = owner;
    const { endpoint } = this.balanced;
    const target = { endpoint, tls: cluster.tls, connectTimeoutMs: cluster.connectTimeoutMs, version: 'raw' as const };
    const dial = new Dial(target, owner.environment, {
      connected: (socket) => {
        this.dials.delete(dial);
        owner.dialSucceeded(this.balanced);
        result.connected(socket, endpoint);
      },
      failed: (error) => {
        this.dials.delete(dial);
        this.failed(error, []);
        result.failed(error, this.balanced);
      },
    });
    this.dials.add(dial);
    dial.start();
    return dial;
  }

  cancelRaw(dial: Dial): void {
    if (!this.dials.delete(dial)) return;
    dial.cancel();
    this.owner.connectionGone();
  }

  /** Idle connections close now, busy ones after their responses. */
  drain(): void {
    this.isDraining = true;
    this.owner.environment.wheel.disarm(this.timer);
    for (const connection of this.idle.splice(0)) connection.destroy();
    for (const connection of [...this.multiplexed]) connection.drain();
  }

  destroy(): void {
    this.drain();
    for (const dial of this.dials) dial.cancel();
    this.dials.clear();
    for (const connection of this.connections) connection.destroy();
    for (const connection of [...this.multiplexed]) connection.destroy();
  }

  // ——— of the connections ———

  connectionIdle(connection: ClientConnection): void {
    if (this.isDraining) {
      connection.destroy();
      return;
    }
    if (this.owner.offer(this, connection)) return;
    const nowMs = this.owner.environment.monotonic();
    connection.idleSinceMs = nowMs;
    this.idle.push(connection);
    this.watchAge(nowMs, this.ageLeftMs(connection, nowMs));
  }

  connectionClosed(connection: ClientConnection): void {
    const index = this.idle.lastIndexOf(connection);
    if (index !== -1) this.idle.splice(index, 1);
    this.forget(connection);
  }

  streamsChanged(connection: Http2ClientConnection): void {
    this.unpark(connection);
    while (connection.canBegin) if (!this.owner.offer(this, connection)) break;
    if (!this.isUnused(connection)) return;
    // Who still waits can have no stream of it, only its place.
    if (this.owner.isAwaited && this.evictIdle()) return;
    const nowMs = this.owner.environment.monotonic();
    connection.idleSinceMs = nowMs;
    this.watchAge(nowMs, this.owner.cluster.idleTimeoutMs);
  }

  multiplexClosed(connection: Http2ClientConnection): void {
    const index = this.multiplexed.indexOf(connection);
    if (index === -1) return;
    this.multiplexed.splice(index, 1);
    this.unparkLost(connection);
    this.owner.connectionGone();
  }

  timerFired(timer: WheelTimer): void {
    const { owner } = this;
    const nowMs = owner.environment.monotonic();
    let nextMs = Number.POSITIVE_INFINITY;
    for (const connection of [...this.idle]) {
      const leftMs = this.ageLeftMs(connection, nowMs);
      if (leftMs <= 0) connection.destroy();
      else nextMs = Math.min(nextMs, leftMs);
    }
    for (const connection of [...this.multiplexed]) {
      if (!this.isUnused(connection)) continue;
      const leftMs = connection.idleSinceMs + owner.cluster.idleTimeoutMs - nowMs;
      if (leftMs <= 0) connection.drain();
      else nextMs = Math.min(nextMs, leftMs);
    }
    if (nextMs !== Number.POSITIVE_INFINITY) owner.environment.wheel.arm(timer, nowMs + nextMs);
  }

  // ——— inside ———

  private takeIdle(): ClientConnection | undefined {
    for (;;) {
      const connection = this.idle.pop();
      if (connection === undefined) return undefined;
      if (connection.isUsable && this.ageLeftMs(connection, this.owner.environment.monotonic()) > 0) return connection;
      connection.destroy();
    }
  }

  private leastBusy(wantsTunnel: boolean): Http2ClientConnection | undefined {
    let best: Http2ClientConnection | undefined;
    for (const connection of this.multiplexed) {
      if (!connection.canBegin || (wantsTunnel && !connection.takesTunnels)) continue;
      if (best === undefined || connection.activeStreams < best.activeStreams) best = connection;
    }
    return best;
  }

  private takeJoined(isShared: boolean): Waiting[] {
    if (!isShared) return [];
    const joined = this.joined ?? [];
    this.joined = undefined;
    return joined;
  }

  private connected(socket: Socket, version: HttpVersion, waiting: readonly Waiting[]): void {
    const { owner } = this;
    if (this.isDraining) waiting = waiting.filter((each) => !owner.reassign(each));
    if (version === 'h2') {
      const connection = new Http2ClientConnection(socket, this, owner.environment);
      this.multiplexed.push(connection);
      owner.dialSucceeded(this.balanced);
      for (const each of waiting) this.serveShared(each, connection);
      if (this.isDraining) connection.drain();
      else this.streamsChanged(connection);
      return;
    }
    const connection = new ClientConnection(socket, this);
    this.connections.add(connection);
    owner.dialSucceeded(this.balanced);
    // One request can have it; the others hoped for a connection that they could share.
    const [first, ...others] = waiting.filter((each) => !each.isCancelled);
    if (first === undefined) this.connectionIdle(connection);
    else this.serve(first, connection);
    for (const each of others) owner.requeue(this, each);
  }

  private isUnused(connection: Http2ClientConnection): boolean {
    return connection.activeStreams === 0 && !this.parked.has(connection);
  }

  private isForHttp1(waiting: Waiting): boolean {
    return waiting.wantsTunnel && this.refusesTunnels;
  }

  private serveShared(waiting: Waiting, connection: Http2ClientConnection): void {
    if (waiting.wantsTunnel && !connection.isPeerKnown) {
      this.park(connection, waiting);
      return;
    }
    const canServe = connection.canBegin && (!waiting.wantsTunnel || connection.takesTunnels);
    this.serve(waiting, canServe ? connection : undefined);
  }

  private park(connection: Http2ClientConnection, waiting: Waiting): void {
    const parked = this.parked.get(connection);
    if (parked === undefined) this.parked.set(connection, [waiting]);
    else parked.push(waiting);
  }

  private unpark(connection: Http2ClientConnection): void {
    if (!connection.isPeerKnown) return;
    this.refusesTunnels = !connection.takesTunnels;
    const parked = this.parked.get(connection);
    if (parked === undefined) return;
    this.parked.delete(connection);
    for (const each of parked) this.serveShared(each, connection);
  }

  /** The peer closed the connection, or we did, before it said anything. */
  private unparkLost(connection: Http2ClientConnection): void {
    const parked = this.parked.get(connection) ?? [];
    this.parked.delete(connection);
    const error = new ProxyError('upstreamReset', `${this.balanced.endpoint.workload}: no SETTINGS`);
    for (const each of parked) if (!this.isDraining || !this.owner.reassign(each)) each.take()?.streamFailed(error);
  }

  private serve(waiting: Waiting, connection: FreeConnection | undefined): void {
    if (waiting.isCancelled) return;
    if (connection === undefined) {
      this.owner.requeue(this, waiting);
      return;
    }
    const requester = waiting.take();
    requester?.streamReady(connection.begin(requester), this.balanced);
  }

  private failed(error: ProxyError, waiting: readonly Waiting[]): void {
    this.owner.dialFailed(this.balanced, error);
    for (const each of waiting) each.take()?.streamFailed(error, this.balanced);
  }

  private forget(connection: ClientConnection): void {
    if (this.connections.delete(connection)) this.owner.connectionGone();
  }

  private watchAge(nowMs: number, leftMs: number): void {
    if (!this.timer.isArmed && !this.isDraining) this.owner.environment.wheel.arm(this.timer, nowMs + leftMs);
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

/** In plaintext nothing is negotiated: the service's port says what it speaks. */
function speaksHttp2({ protocol }: Cluster): boolean {
  return protocol === 'http2' || protocol === 'grpc';
}
