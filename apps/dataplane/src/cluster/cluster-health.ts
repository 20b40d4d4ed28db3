// Which endpoints of a cluster are out, and when they come back: connect failures, outlier detection, health checks. The
// rules are packages/traffic's; here are the clock and the timer.
import type { BalancedEndpoint, Balancer } from '@malha/traffic/balancer';
import type { OutlierDetectionConfig } from '@malha/traffic/config';
import type { EjectionReason } from '@malha/traffic/endpoint-health';
import { OutlierDetector } from '@malha/traffic/outlier';
import { type TimerTarget, type TimerWheel, WheelTimer } from '../exchange/timer-wheel.ts';

export type HealthEvent = 'endpoint-ejected' | `ejected-${EjectionReason}` | 'ejection-refused';

export interface HealthEnvironment {
  readonly wheel: TimerWheel;
  readonly monotonic: () => number;
  readonly random: () => number;
  count(event: HealthEvent): void;
}

export class ClusterHealth implements TimerTarget {
  private readonly environment: HealthEnvironment;
  /** The balancer is replaced when its kind changes. */
  private readonly balancer: () => Balancer;
  private readonly timer = new WheelTimer(this);
  private detector: OutlierDetector | undefined;
  private sweepDueMs = Number.POSITIVE_INFINITY;

  constructor(environment: HealthEnvironment, balancer: () => Balancer) {
    this.environment = environment;
    this.balancer = balancer;
  }

  configure(config: OutlierDetectionConfig | undefined): void {
    if (config === undefined) {
      this.detector = undefined;
      this.sweepDueMs = Number.POSITIVE_INFINITY;
      // Who is out for a rule that is off now comes back.
      for (const item of this.balancer().endpoints) if (item.health.reason !== 'connect-failure') this.return(item);
    } else if (this.detector === undefined) this.detector = new OutlierDetector(config, this.environment.random);
    else this.detector.config = config;
    this.watch();
  }

  /** The list of endpoints changed: some that are out may be gone, others may have come back. */
  endpointsChanged(): void {
    this.watch();
  }

  close(): void {
    this.environment.wheel.disarm(this.timer);
  }

  connectFailed(item: BalancedEndpoint): void {
    const nowMs = this.environment.monotonic();
    this.counted('connect-failure');
    this.judge(item, this.detector?.failed(item), nowMs);
    item.health.connectFailed(nowMs);
    this.settle(item);
    this.watch();
  }

  /** Its proxy says that the application takes no connection. */
  appUnreachable(item: BalancedEndpoint): void {
    const nowMs = this.environment.monotonic();
    // Many requests may have been on their way there.
    if (!item.health.isEjected) {
      this.counted('connect-failure');
      item.health.appUnreachable(nowMs);
      this.settle(item);
      this.balancer().probationChanged();
    }
    this.judge(item, this.detector?.failed(item), nowMs);
    this.watch();
  }

  connected(item: BalancedEndpoint): void {
    if (item.health.connected()) this.settle(item);
  }

  /** The endpoint answered, with this status. */
  responded(item: BalancedEndpoint, status: number): void {
    const wasProbing = item.health.isProbing;
    if (status < 500) {
      item.health.answeredWell();
      item.losses.answered();
    }
    const reason = this.detector?.responded(item, status);
    if (reason !== undefined) this.judge(item, reason, this.environment.monotonic());
    if (wasProbing && !item.health.isProbing) this.balancer().probationChanged();
  }

  /** It took the request and gave no answer: reset or too slow. */
  failed(item: BalancedEndpoint): void {
    if (this.detector !== undefined) this.judge(item, this.detector.failed(item), this.environment.monotonic());
  }

  /** Of the active checks. */
  checked(item: BalancedEndpoint, isPassing: boolean): void {
    if (item.health.isPassingChecks === isPassing) return;
    item.health.isPassingChecks = isPassing;
    this.settle(item);
  }

  timerFired(): void {
    const nowMs = this.environment.monotonic();
    const { endpoints } = this.balancer();
    for (const item of endpoints) if (item.health.isEjected && item.health.ejectedUntilMs <= nowMs) this.return(item);
    if (this.detector !== undefined && nowMs >= this.sweepDueMs) {
      for (const { item, reason } of this.detector.sweep(endpoints)) this.judge(item, reason, nowMs);
      this.sweepDueMs = Number.POSITIVE_INFINITY;
    }
    this.watch();
  }

  private judge(item: BalancedEndpoint, reason: EjectionReason | undefined, nowMs: number): void {
    if (reason === undefined || this.detector === undefined) return;
    const untilMs = this.detector.eject(item, reason, this.balancer().endpoints, nowMs);
    if (untilMs === undefined) {
      this.environment.count('ejection-refused');
      return;
    }
    this.counted(reason);
    this.settle(item);
    this.watch();
  }

  private counted(reason: EjectionReason): void {
    this.environment.count('endpoint-ejected');
    this.environment.count(`ejected-${reason}`);
  }

  private return(item: BalancedEndpoint): void {
    if (!item.health.isEjected) return;
    item.health.comeBack();
    this.settle(item);
    this.balancer().probationChanged();
  }

  private settle(item: BalancedEndpoint): void {
    this.balancer().setAvailable(item, !item.health.isEjected && item.health.isPassingChecks);
  }

  /** One timer for the next return and the next look at all; none while nothing is to be done. */
  private watch(): void {
    const { environment, detector } = this;
    let dueMs = Number.POSITIVE_INFINITY;
    let isGrown = false;
    for (const { health } of this.balancer().endpoints) {
      if (health.isEjected) dueMs = Math.min(dueMs, health.ejectedUntilMs);
      isGrown ||= health.multiplier > 0;
    }
    if (detector !== undefined && (isGrown || looksAtAll(detector.config))) {
      const nextMs = environment.monotonic() + detector.config.intervalMs;
      this.sweepDueMs = Math.min(this.sweepDueMs, nextMs);
    }
    dueMs = Math.min(dueMs, this.sweepDueMs);
    if (dueMs === Number.POSITIVE_INFINITY) environment.wheel.disarm(this.timer);
    else if (!this.timer.isArmed || this.timer.dueMs !== dueMs) environment.wheel.arm(this.timer, dueMs);
  }
}

function looksAtAll({ successRate, failurePercentage }: OutlierDetectionConfig): boolean {
  return successRate !== undefined || failurePercentage !== undefined;
}
