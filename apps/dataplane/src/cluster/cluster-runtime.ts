// One cluster at work: picks an endpoint, hands out streams within the limits, queues a bounded number of requests.
import { type BalancedEndpoint, type Balancer, createBalancer } from '@malha/traffic/balancer';
import type { Cluster, Endpoint } from '@malha/traffic/config';
import { RetryBudget } from '@malha/traffic/retry';
import { ProxyError } from '../exchange/proxy-error.ts';
import type { DialEnvironment, HttpVersion } from './dial.ts';
import { EndpointPool, type FreeConnection, keyOf, type PoolOwner, type RawDialResult } from './endpoint-pool.ts';
import { type StreamRequester, Waiting } from './stream-requester.ts';

/** Counts that telemetry keeps for the whole proxy. */
export type ClusterEvent = 'endpoint-ejected' | 'limit-reached' | 'peer-rejected';

export interface ClusterEnvironment extends DialEnvironment {
  readonly random: () => number;
  count(event: ClusterEvent): void;
}

export interface ClusterStats {
  readonly name: string;
  readonly connections: number;
  readonly idleConnections: number;
  readonly activeRequests: number;
  readonly pendingRequests: number;
  readonly limits: Cluster['limits'];
  readonly endpoints: readonly {
    readonly workload: string;
    readonly address: string;
    readonly port: number;
    readonly tls: boolean;
    readonly activeRequests: number;
    readonly connections: number;
    readonly isEjected: boolean;
  }[];
}

/** A connection that is being opened for bytes. */
export interface RawDial {
  cancel(): void;
}

export class ClusterRuntime implements PoolOwner {
  cluster: Cluster;
  readonly environment: ClusterEnvironment;
  readonly retryBudget = new RetryBudget({ percent: 20, minConcurrent: 3 });
  activeRequests = 0;
  private balancer: Balancer;
  private readonly pools = new Map<BalancedEndpoint, EndpointPool>();
  private readonly pending: Waiting[] = [];
  private connectionCount = 0;
  private endpoints: readonly Endpoint[] = [];
  /** Of the pick in progress. */
  private avoided: Endpoint | undefined;
  private ejectedCount = 0;
  private isClosed = false;

  constructor(cluster: Cluster, environment: ClusterEnvironment) {
    this.cluster = cluster;
    this.environment = environment;
    this.balancer = createBalancer(cluster.loadBalancer, environment.random);
  }

  /** Takes what changed; connections stay as long as they lead to the same peer by the same rules. */
  configure(cluster: Cluster): void {
    const previous = this.cluster;
    this.cluster = cluster;
    if (previous.protocol !== cluster.protocol || !isSameTls(previous, cluster)) this.dropPools();
    if (previous.loadBalancer.type !== cluster.loadBalancer.type) {
      this.dropPools();
      this.balancer = createBalancer(cluster.loadBalancer, this.environment.random);
      this.balancer.update(this.endpoints);
    }
    this.servePending();
  }

  updateEndpoints(endpoints: readonly Endpoint[]): void {
    if (endpoints === this.endpoints) return;
    this.endpoints = endpoints;
    this.balancer.update(endpoints);
    const current = new Set(this.balancer.endpoints);
    for (const [balanced, pool] of this.pools) {
      if (current.has(balanced) && keyOf(balanced) === pool.key) continue;
      this.pools.delete(balanced);
      pool.drain();
    }
    this.recountEjected();
    this.servePending();
  }

  /**
   * Asks for a stream; `avoid` is the endpoint of a failed attempt, `isFresh` wants no connection that stood idle. The
   * requester is told before this returns, or later, when a place in the queue is returned.
   */
  acquire(requester: StreamRequester, avoid: Endpoint | undefined, isFresh: boolean): Waiting | undefined {
    const balanced = this.pick(avoid);
    if (balanced === undefined) {
      requester.streamFailed(new ProxyError('noHealthyUpstream', this.cluster.name));
      return undefined;
    }
    const pool = this.poolOf(balanced);
    const stream = pool.take(requester, requester.needsHttp1, isFresh);
    if (stream !== undefined) {
      requester.streamReady(stream, balanced);
      return undefined;
    }
    const { maxConnections, maxPending } = this.cluster.limits;
    const waiting = new Waiting(requester);
    if (pool.joinedCount < maxPending && pool.join(waiting)) return waiting;
    if (this.connectionCount < maxConnections || this.evictIdle()) this.dial(pool, waiting);
    else if (this.pending.length < maxPending) this.pending.push(waiting);
    else {
      this.environment.count('limit-reached');
      requester.streamFailed(new ProxyError('overflow', `${this.cluster.name}: ${maxPending} requests are waiting`));
      return undefined;
    }
    // A dial can fail within the call: what the requester began then is not to be mistaken for this place.
    return waiting.isCancelled ? undefined : waiting;
  }

  /**
   * A connection of the client's own, for bytes: told by `result`, once, perhaps within the call. It counts against the
   * limit of connections until it closes; there is no queue, as nobody says how long the others last.
   */
  connectRaw(avoid: Endpoint | undefined, result: RawDialResult): RawDial | undefined {
    const balanced = this.pick(avoid);
    if (balanced === undefined) {
      result.failed(new ProxyError('noHealthyUpstream', this.cluster.name), undefined);
      return undefined;
    }
    const { maxConnections } = this.cluster.limits;
    if (this.connectionCount >= maxConnections) {
      this.environment.count('limit-reached');
      result.failed(new ProxyError('overflow', `${this.cluster.name}: ${maxConnections} connections`), undefined);
      return undefined;
    }
    this.connectionCount++;
    const pool = this.poolOf(balanced);
    const dial = pool.dialRaw({
      connected: (socket, endpoint) => {
        balanced.started();
        socket.once('close', (hadError) => {
          balanced.finished(!hadError);
          this.connectionGone();
        });
        result.connected(socket, endpoint);
      },
      failed: (error, endpoint) => result.failed(error, endpoint),
    });
    return { cancel: () => pool.cancelRaw(dial) };
  }

  /** Gives the place in the queue up. */
  abandon(waiting: Waiting): void {
    waiting.cancel();
    const index = this.pending.indexOf(waiting);
    if (index !== -1) this.pending.splice(index, 1);
  }

  /** False: the limit of concurrent requests is reached. */
  requestStarted(): boolean {
    if (this.activeRequests >= this.cluster.limits.maxRequests) {
      this.environment.count('limit-reached');
      return false;
    }
    this.activeRequests++;
    this.retryBudget.requestStarted();
    return true;
  }

  requestFinished(): void {
    this.activeRequests--;
    this.retryBudget.requestFinished();
  }

  /** No new requests come; those in flight end on their connections. */
  drain(): void {
    this.isClosed = true;
    this.dropPools();
    this.failPending(new ProxyError('noCluster', `${this.cluster.name} was removed`));
  }

  destroy(): void {
    this.isClosed = true;
    for (const pool of this.pools.values()) pool.destroy();
    this.pools.clear();
    this.failPending(new ProxyError('noCluster', `${this.cluster.name}: the proxy ends`));
  }

  stats(): ClusterStats {
    const nowMs = this.environment.monotonic();
    let idleConnections = 0;
    for (const pool of this.pools.values()) idleConnections += pool.idleCount;
    return {
      name: this.cluster.name,
      connections: this.connectionCount,
      idleConnections,
      activeRequests: this.activeRequests,
      pendingRequests: this.pending.length,
      limits: this.cluster.limits,
      endpoints: this.balancer.endpoints.map((balanced) => {
        const pool = this.pools.get(balanced);
        const { workload, address, port, tls } = balanced.endpoint;
        const isEjected = pool !== undefined && pool.ejectedUntilMs > nowMs;
        return {
          workload,
          address,
          port,
          tls,
          activeRequests: balanced.active,
          connections: pool?.connectionCount ?? 0,
          isEjected,
        };
      }),
    };
  }

  // ——— of its pools ———

  offer(pool: EndpointPool, connection: FreeConnection, version: HttpVersion): boolean {
    if (this.isClosed) return false;
    for (let index = 0; index < this.pending.length; ) {
      const waiting = this.pending[index];
      if (waiting?.needsHttp1 === true && version === 'h2') {
        index++;
        continue;
      }
      this.pending.splice(index, 1);
      const taken = waiting?.take();
      if (taken === undefined) continue;
      taken.streamReady(connection.begin(taken), pool.balanced);
      return true;
    }
    return false;
  }

  get isAwaited(): boolean {
    return this.pending.length > 0 && !this.isClosed;
  }

  connectionGone(): void {
    this.connectionCount--;
    this.servePending();
  }

  dialSucceeded(): void {
    if (this.ejectedCount > 0) this.recountEjected();
  }

  dialFailed(error: ProxyError): void {
    this.environment.count(error.failure === 'peerIdentity' ? 'peer-rejected' : 'endpoint-ejected');
    this.connectionCount--;
    this.recountEjected();
    this.servePending();
  }

  requeue(pool: EndpointPool, waiting: Waiting): void {
    if (pool.join(waiting)) return;
    if (!this.isClosed && this.connectionCount < this.cluster.limits.maxConnections) this.dial(pool, waiting);
    else this.pending.unshift(waiting);
  }

  reassign(waiting: Waiting): boolean {
    if (this.isClosed || waiting.isCancelled || this.balancer.endpoints.length === 0) return false;
    this.pending.push(waiting);
    this.servePending();
    return true;
  }

  private dial(pool: EndpointPool, waiting: Waiting): void {
    this.connectionCount++;
    pool.dial(waiting);
  }

  /** Ejected endpoints are used only when no other is left: a guess is better than a certain failure. */
  private pick(avoid: Endpoint | undefined): BalancedEndpoint | undefined {
    if (avoid === undefined && this.ejectedCount === 0) return this.balancer.pick();
    this.avoided = avoid;
    const picked = this.balancer.pick(this.isExcluded);
    this.avoided = undefined;
    return picked ?? this.balancer.pick();
  }

  private readonly isExcluded = (endpoint: Endpoint): boolean => {
    if (this.avoided !== undefined && endpoint.workload === this.avoided.workload) return true;
    if (this.ejectedCount === 0) return false;
    const nowMs = this.environment.monotonic();
    for (const pool of this.pools.values())
      if (pool.ejectedUntilMs > nowMs && pool.balanced.endpoint === endpoint) return true;
    return false;
  };

  private recountEjected(): void {
    const nowMs = this.environment.monotonic();
    let count = 0;
    for (const pool of this.pools.values()) if (pool.ejectedUntilMs > nowMs) count++;
    this.ejectedCount = count;
  }

  private poolOf(balanced: BalancedEndpoint): EndpointPool {
    const known = this.pools.get(balanced);
    if (known !== undefined) return known;
    const pool = new EndpointPool(balanced, this);
    this.pools.set(balanced, pool);
    return pool;
  }

  private evictIdle(): boolean {
    for (const pool of this.pools.values())
      if (pool.evictIdle()) return this.connectionCount < this.cluster.limits.maxConnections;
    return false;
  }

  private dropPools(): void {
    for (const pool of this.pools.values()) pool.drain();
    this.pools.clear();
    this.ejectedCount = 0;
  }

  private servePending(): void {
    while (this.pending.length > 0 && !this.isClosed && this.connectionCount < this.cluster.limits.maxConnections) {
      const waiting = this.pending.shift();
      if (waiting === undefined || waiting.isCancelled) continue;
      const balanced = this.pick(undefined);
      if (balanced === undefined) {
        waiting.take()?.streamFailed(new ProxyError('noHealthyUpstream', this.cluster.name));
        continue;
      }
      const pool = this.poolOf(balanced);
      if (!pool.serveNow(waiting) && !pool.join(waiting)) this.dial(pool, waiting);
    }
  }

  private failPending(error: ProxyError): void {
    for (const waiting of this.pending.splice(0)) waiting.take()?.streamFailed(error);
  }
}

function isSameTls(a: Cluster, b: Cluster): boolean {
  return (
    a.tls.serverName === b.tls.serverName &&
    a.tls.spiffeIds.length === b.tls.spiffeIds.length &&
    a.tls.spiffeIds.every((id, index) => id === b.tls.spiffeIds[index])
  );
}
