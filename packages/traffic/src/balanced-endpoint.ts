// One endpoint as a balancer sees it, with all that is learned about it; kept over updates of the list.
import type { Endpoint } from './config.ts';
import { EndpointHealth } from './endpoint-health.ts';
import { LossAllowance } from './loss-allowance.ts';
import { sessionToken } from './session.ts';

/** Time constant of the moving latency: what was seen this long ago counts e times less. */
const LATENCY_TAU_MS = 10_000;

export class BalancedEndpoint {
  /** The newest description; replaced by an update of the same workload. */
  endpoint: Endpoint;
  /** Requests, or connections of bytes, between `started` and `finished`. */
  active = 0;
  /** Requests that ended with `finished(false)`. */
  failures = 0;
  /** False while it is ejected or fails its health checks; changed by the balancer alone. */
  isAvailable = true;
  readonly health = new EndpointHealth();
  readonly losses = new LossAllowance();
  /** When it joined, for its slow start; NEGATIVE_INFINITY = it was there from the beginning. */
  readonly joinedMs: number;
  private token = '';
  private latencyMs = 0;
  private observedMs = 0;

  constructor(endpoint: Endpoint, joinedMs = Number.NEGATIVE_INFINITY) {
    this.endpoint = endpoint;
    this.joinedMs = joinedMs;
  }

  get sessionToken(): string {
    if (this.token === '') this.token = sessionToken(this.endpoint.workload);
    return this.token;
  }

  started(): void {
    this.active++;
  }

  /** `ok` = the endpoint answered and its connection held. */
  finished(ok: boolean): void {
    if (this.active > 0) this.active--;
    if (!ok) this.failures++;
  }

  /** A response came after so long. A rise counts at once, a fall over time: that is the peak in peak EWMA. */
  answered(latencyMs: number, nowMs: number): void {
    const decayed = this.latency(nowMs);
    const weight = Math.exp(-Math.max(0, nowMs - this.observedMs) / LATENCY_TAU_MS);
    this.latencyMs =
      latencyMs > decayed || this.observedMs === 0 ? latencyMs : this.latencyMs * weight + latencyMs * (1 - weight);
    this.observedMs = nowMs;
  }

  /** The moving latency, which fades while nothing is observed: an endpoint that was slow once is tried again. 0 = unknown. */
  latency(nowMs: number): number {
    if (this.latencyMs === 0) return 0;
    return this.latencyMs * Math.exp(-Math.max(0, nowMs - this.observedMs) / LATENCY_TAU_MS);
  }
}
