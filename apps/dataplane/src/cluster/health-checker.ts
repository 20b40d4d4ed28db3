// Active health checks of a cluster: each endpoint is probed at intervals on a connection of its own, outside of all limits.
import { isDeepStrictEqual } from 'node:util';
import { BalancedEndpoint } from '@malha/traffic/balancer';
import type { Cluster, HealthCheckConfig } from '@malha/traffic/config';
import { HealthCheckState } from '@malha/traffic/health-check';
import { type TimerTarget, WheelTimer } from '../exchange/timer-wheel.ts';
import type { DialEnvironment } from './dial.ts';
import { EndpointPool, keyOf, type PoolOwner } from './endpoint-pool.ts';
import { Probe } from './health-probe.ts';

export interface HealthCheckEnvironment extends DialEnvironment {
  readonly random: () => number;
  count(event: 'health-check-failed'): void;
}

type Verdict = (item: BalancedEndpoint, isPassing: boolean) => void;

export class HealthChecker {
  private readonly environment: HealthCheckEnvironment;
  private readonly verdict: Verdict;
  private readonly checks = new Map<BalancedEndpoint, EndpointCheck>();
  /** What the probes under way ask, and how they are asked. */
  private question: ({ readonly config: HealthCheckConfig } & Pick<Cluster, 'tls' | 'protocol'>) | undefined;

  constructor(environment: HealthCheckEnvironment, verdict: Verdict) {
    this.environment = environment;
    this.verdict = verdict;
  }

  /** Probes these endpoints from now on, and no others. */
  watch(cluster: Cluster, endpoints: readonly BalancedEndpoint[]): void {
    const { healthCheck: config, tls, protocol } = cluster;
    const question = config === undefined ? undefined : { config, tls, protocol };
    // Other probes are other questions: nothing is known yet.
    if (this.question !== undefined && !isDeepStrictEqual(question, this.question)) this.close();
    this.question = question;
    if (config === undefined) return;
    const wanted = new Set(endpoints);
    for (const [item, check] of this.checks) {
      if (wanted.has(item) && check.leadsTo(item)) continue;
      this.checks.delete(item);
      check.close();
    }
    for (const item of endpoints) {
      if (this.checks.has(item)) continue;
      const check = new EndpointCheck(item, { cluster, config, environment: this.environment }, this.verdict);
      this.checks.set(item, check);
      check.schedule();
    }
  }

  /** Without probes every endpoint passes. */
  close(): void {
    for (const [item, check] of this.checks) {
      check.close();
      this.verdict(item, true);
    }
    this.checks.clear();
  }
}

interface CheckOptions {
  readonly cluster: Cluster;
  readonly config: HealthCheckConfig;
  readonly environment: HealthCheckEnvironment;
}

class EndpointCheck implements TimerTarget {
  private readonly item: BalancedEndpoint;
  private readonly options: CheckOptions;
  private readonly verdict: Verdict;
  private readonly state = new HealthCheckState();
  private readonly timer = new WheelTimer(this);
  private readonly pool: EndpointPool;
  private readonly key: string;
  private probe: Probe | undefined;
  private isClosed = false;

  constructor(item: BalancedEndpoint, options: CheckOptions, verdict: Verdict) {
    this.item = item;
    this.options = options;
    this.verdict = verdict;
    this.key = keyOf(item);
    // Its counts and ejections are not those of the requests.
    this.pool = new EndpointPool(new BalancedEndpoint(item.endpoint), probePoolOwner(options));
  }

  leadsTo(item: BalancedEndpoint): boolean {
    return keyOf(item) === this.key;
  }

  schedule(): void {
    const { environment, config } = this.options;
    const delayMs = this.state.delayMs(config, environment.random);
    environment.wheel.arm(this.timer, environment.monotonic() + delayMs);
  }

  close(): void {
    this.isClosed = true;
    this.options.environment.wheel.disarm(this.timer);
    this.probe?.cancel();
    this.pool.destroy();
  }

  /** Either the next probe is due, or the one under way has taken too long. */
  timerFired(): void {
    const { environment, config, cluster } = this.options;
    if (this.probe !== undefined) {
      this.probe.cancel();
      this.ended(false);
      return;
    }
    environment.wheel.arm(this.timer, environment.monotonic() + config.timeoutMs);
    const probe = new Probe(config, cluster, (ok) => this.ended(ok));
    this.probe = probe;
    probe.start(this.pool);
  }

  private ended(ok: boolean): void {
    if (this.isClosed || this.probe === undefined) return;
    this.probe = undefined;
    const { config, environment } = this.options;
    if (!ok) environment.count('health-check-failed');
    this.verdict(this.item, this.state.observe(ok, config));
    this.schedule();
  }
}

/** Nobody but one probe at a time waits for its connection. */
function probePoolOwner({ cluster, environment }: CheckOptions): PoolOwner {
  return {
    environment,
    cluster,
    isAwaited: false,
    offer: () => false,
    connectionGone: () => undefined,
    dialSucceeded: () => undefined,
    dialFailed: () => undefined,
    requeue: (pool, waiting) => pool.dial(waiting),
    reassign: () => false,
  };
}
