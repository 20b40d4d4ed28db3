// One cluster at work: picks an endpoint, hands out streams within the limits, queues a bounded number of requests.
import { isDeepStrictEqual } from 'node:util';
import { type BalancedEndpoint, type Balancer, createBalancer } from '@malha/traffic/balancer';
import { Breaker, type BreakerReport } from '@malha/traffic/breaker';
import type { BreakerConfig, Cluster, Endpoint } from '@malha/traffic/config';
import type { EjectionReason } from '@malha/traffic/endpoint-health';
import { connectionHash } from '@malha/traffic/hash-key';
import { RetryBudget } from '@malha/traffic/retry';
import { ProxyError } from '../exchange/proxy-error.ts';
import { ClientShares } from './client-shares.ts';
import { ClusterHealth, type HealthEvent } from './cluster-health.ts';
import type { DialEnvironment } from './dial.ts';
import { EndpointPool, type FreeConnection, keyOf, type PoolOwner, type RawDialResult } from './endpoint-pool.ts';
import { HealthChecker } from './health-checker.ts';
import { type StreamRequester, Waiting } from './stream-requester.ts';

/** Counts that telemetry keeps for the whole proxy. */
export type ClusterEvent = HealthEvent | 'health-check-failed' | 'limit-reached' | 'peer-rejected';

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
  /** So few endpoints are available that requests go to the others too. */
  readonly isPanicking: boolean;
  /** By success rate, where there is one. */
  readonly breaker?: BreakerReport;
  readonly endpoints: readonly {
    readonly workload: string;
    readonly address: string;
    readonly port: number;
    readonly tls: boolean;
    readonly activeRequests: number;
    readonly connections: number;
    readonly isEjected: boolean;
    /** Why it is ejected, and for how long from now. */
    readonly ejection?: { readonly reason: EjectionReason; readonly forMs: number };
    /** It came back from an ejection and has not answered well yet. */
    readonly isProbing: boolean;
    readonly isPassingChecks: boolean;
  }[];
}

export interface RawDialOptions {
  /** Endpoints that could not be connected to. */
  readonly avoid?: readonly BalancedEndpoint[];
  /** Of the client. */
  readonly sourceAddress: string;
}

/** A connection that is being opened for bytes. */
export interface RawDial {
  cancel(): void;
}

export class ClusterRuntime implements PoolOwner {
  cluster: Cluster;
  readonly environment: ClusterEnvironment;
  readonly retryBudget = new RetryBudget({ percent: 20, minConcurrent: 3 });
  readonly health: ClusterHealth;
  /** Of all requests to the cluster; undefined where none is wanted. */
  breaker: Breaker | undefined;
  private readonly checker: HealthChecker;
  activeRequests = 0;
  private balancer: Balancer;
  private readonly pools = new Map<BalancedEndpoint, EndpointPool>();
  private readonly pending: Waiting[] = [];
  private readonly shares = new ClientShares();
  private connectionCount = 0;
  private endpoints: readonly Endpoint[] = [];
  private isClosed = false;

  constructor(cluster: Cluster, environment: ClusterEnvironment) {
    this.cluster = cluster;
    this.environment = environment;
    this.balancer = createBalancer(cluster.loadBalancer, environment);
    this.health = new ClusterHealth(environment, () => this.balancer);
    this.health.configure(cluster.outlierDetection);
    this.breaker = cluster.breaker === undefined ? undefined : new Breaker(cluster.breaker);
    this.checker = new HealthChecker(environment, (item, isPassing) => this.health.checked(item, isPassing));
  }

  /** The endpoint that a session began with, while it may be called. */
  findSession(token: string): BalancedEndpoint | undefined {
    return this.balancer.findSession(token);
  }

  /** Whether an endpoint that can be called is none of these. */
  hasOther(than: readonly BalancedEndpoint[]): boolean {
    return this.balancer.endpoints.some((each) => each.isAvailable && !than.includes(each));
  }

  /** Takes what changed; connections stay as long as they lead to the same peer by the same rules. */
  configure(cluster: Cluster): void {
    const previous = this.cluster;
    this.cluster = cluster;
    if (previous.protocol !== cluster.protocol || !isSameTls(previous, cluster)) this.dropPools();
    if (!isDeepStrictEqual(previous.loadBalancer, cluster.loadBalancer)) {
      this.balancer = createBalancer(cluster.loadBalancer, this.environment, this.balancer);
      this.balancer.update(this.endpoints);
    }
    this.health.configure(cluster.outlierDetection);
    this.checker.watch(cluster, this.balancer.endpoints);
    this.configureBreaker(cluster.breaker);
    this.servePending();
  }

  /** What it has counted stays; where it is open, it stays open. */
  private configureBreaker(config: BreakerConfig | undefined): void {
    if (config === undefined) this.breaker = undefined;
    else if (this.breaker === undefined) this.breaker = new Breaker(config);
    else this.breaker.config = config;
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
    this.health.endpointsChanged();
    this.checker.watch(this.cluster, this.balancer.endpoints);
    this.servePending();
  }

  /**
   * Asks for a stream; `avoid` are the endpoints of failed attempts, `isFresh` wants no connection that stood idle. The
   * requester is told before this returns, or later, when a place in the queue is returned.
   */
  acquire(
    requester: StreamRequester,
    avoid: readonly BalancedEndpoint[] | undefined,
    isFresh: boolean,
  ): Waiting | undefined {
    const balanced = this.preferredBy(requester) ?? this.balancer.pick(requester.hash, avoid);
    if (balanced === undefined) {
      requester.streamFailed(new ProxyError('noHealthyUpstream', this.cluster.name));
      return undefined;
    }
    const pool = this.poolOf(balanced);
    const stream = pool.take(requester, isFresh);
    if (stream !== undefined) {
      requester.streamReady(stream, balanced);
      return undefined;
    }
    const { maxConnections, maxPending } = this.cluster.limits;
    const waiting = new Waiting(requester);
    requester.endpointPicked?.(balanced);
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
  connectRaw(options: RawDialOptions, result: RawDialResult): RawDial | undefined {
    const hash = connectionHash(this.cluster.loadBalancer.hashKeys, options.sourceAddress);
    const balanced = this.balancer.pick(hash, options.avoid);
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
      failed: (error, picked) => result.failed(error, picked),
    });
    return { cancel: () => pool.cancelRaw(dial) };
  }

  /** Gives the place in the queue up. */
  abandon(waiting: Waiting): void {
    waiting.cancel();
    const index = this.pending.indexOf(waiting);
    if (index !== -1) this.pending.splice(index, 1);
  }

  /**
   * False: the limit of concurrent requests is reached. `client` is the address of one of an edge proxy's; among these
   * the limit is shared out.
   */
  requestStarted(client = ''): boolean {
    if (!this.shares.admits(client, this.activeRequests, this.cluster.limits.maxRequests)) {
      this.environment.count('limit-reached');
      return false;
    }
    this.shares.started(client);
    this.activeRequests++;
    this.retryBudget.requestStarted();
    return true;
  }

  requestFinished(client = ''): void {
    this.shares.finished(client);
    this.activeRequests--;
    this.retryBudget.requestFinished();
  }

  /** No new requests come; those in flight end on their connections. */
  drain(): void {
    this.isClosed = true;
    this.checker.close();
    this.health.close();
    this.dropPools();
    this.failPending(new ProxyError('noCluster', `${this.cluster.name} was removed`));
  }

  destroy(): void {
    this.isClosed = true;
    this.checker.close();
    this.health.close();
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
      isPanicking: this.balancer.isPanicking,
      ...(this.breaker !== undefined && { breaker: this.breaker.report(nowMs) }),
      endpoints: this.balancer.endpoints.map((balanced) => {
        const pool = this.pools.get(balanced);
        const { workload, address, port, tls } = balanced.endpoint;
        const { reason, ejectedUntilMs, isProbing, isPassingChecks } = balanced.health;
        return {
          workload,
          address,
          port,
          tls,
          activeRequests: balanced.active,
          connections: pool?.connectionCount ?? 0,
          isEjected: reason !== undefined,
          ...(reason !== undefined && { ejection: { reason, forMs: Math.max(0, ejectedUntilMs - nowMs) } }),
          isProbing,
          isPassingChecks,
        };
      }),
    };
  }

  // ——— of its pools ———

  offer(pool: EndpointPool, connection: FreeConnection): boolean {
    if (this.isClosed) return false;
    for (let index = 0; index < this.pending.length; ) {
      const waiting = this.pending[index];
      if (waiting?.wantsTunnel === true && !connection.takesTunnels) {
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

  dialSucceeded(balanced: BalancedEndpoint): void {
    this.health.connected(balanced);
  }

  dialFailed(balanced: BalancedEndpoint, error: ProxyError): void {
    if (error.failure === 'peerIdentity') this.environment.count('peer-rejected');
    this.connectionCount--;
    this.health.connectFailed(balanced);
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

  /** The endpoint of its session, unless it has gone since it was looked up. */
  private preferredBy({ preferred }: StreamRequester): BalancedEndpoint | undefined {
    if (preferred === undefined) return undefined;
    return this.balancer.find(preferred.endpoint.workload) === preferred ? preferred : undefined;
  }

  private dial(pool: EndpointPool, waiting: Waiting): void {
    this.connectionCount++;
    pool.dial(waiting);
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
  }

  private servePending(): void {
    while (this.pending.length > 0 && !this.isClosed && this.connectionCount < this.cluster.limits.maxConnections) {
      const waiting = this.pending.shift();
      if (waiting === undefined || waiting.isCancelled) continue;
      const balanced = this.balancer.pick(waiting.hash);
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
