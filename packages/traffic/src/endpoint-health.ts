// What is known of the health of one endpoint: counts of its answers, and why it gets no requests. Written by the rules of
// outlier.ts, connect failures and health checks; read by who picks and by who reports.

/** In words for the operator: docs/lifecycle.md. */
export type EjectionReason =
  | 'connect-failure'
  | 'consecutive-5xx'
  | 'consecutive-gateway-errors'
  | 'consecutive-local-errors'
  | 'success-rate'
  | 'failure-percentage';

/** A connect failure takes an endpoint out at once: briefly, doubled while it goes on failing. */
const CONNECT_EJECTION_BASE_MS = 500;
const CONNECT_EJECTION_MAX_MS = 10_000;

export class EndpointHealth {
  /** Set while it is ejected. */
  reason: EjectionReason | undefined;
  ejectedUntilMs = Number.NEGATIVE_INFINITY;
  /** Length of the next ejection in units of the configured one; grows by each and shrinks by each healthy interval. */
  multiplier = 0;
  /** It came back and has not answered well yet: the first failure ejects it again. */
  isProbing = false;
  /** False while it fails the active health checks. */
  isPassingChecks = true;
  /** Its proxy answers, its application takes no connection. */
  isAppGone = false;
  /** In a row, without a success between. */
  consecutive5xx = 0;
  consecutiveGatewayErrors = 0;
  consecutiveLocalErrors = 0;
  /** Of the interval that runs. */
  successes = 0;
  requests = 0;
  private connectFailures = 0;

  get isEjected(): boolean {
    return this.reason !== undefined;
  }

  eject(reason: EjectionReason, untilMs: number): void {
    this.reason = reason;
    this.ejectedUntilMs = untilMs;
    this.isProbing = false;
    this.forgetFailures();
  }

  /** Its time is over. */
  comeBack(): void {
    this.isProbing = this.reason !== 'connect-failure' || this.isAppGone;
    this.reason = undefined;
    this.ejectedUntilMs = Number.NEGATIVE_INFINITY;
  }

  /** Until when it is ejected; an ejection that lasts longer stays. */
  connectFailed(nowMs: number): number {
    const forMs = Math.min(CONNECT_EJECTION_BASE_MS * 2 ** Math.min(this.connectFailures, 16), CONNECT_EJECTION_MAX_MS);
    this.connectFailures++;
    const untilMs = Math.max(this.ejectedUntilMs, nowMs + forMs);
    this.reason ??= 'connect-failure';
    this.ejectedUntilMs = untilMs;
    return untilMs;
  }

  /** As `connectFailed`, said by its proxy: that one can be connected to says nothing, so it returns by a probation. */
  appUnreachable(nowMs: number): void {
    this.isAppGone = true;
    this.isProbing = false;
    this.connectFailed(nowMs);
  }

  answeredWell(): void {
    if (!this.isAppGone) return;
    this.isAppGone = false;
    this.isProbing = false;
    this.connectFailures = 0;
  }

  /** True: it was ejected for that alone, and no longer is. */
  connected(): boolean {
    if (this.isAppGone) return false;
    this.connectFailures = 0;
    if (this.reason !== 'connect-failure') return false;
    this.comeBack();
    return true;
  }

  forgetFailures(): void {
    this.consecutive5xx = 0;
    this.consecutiveGatewayErrors = 0;
    this.consecutiveLocalErrors = 0;
  }
}
