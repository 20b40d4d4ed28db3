// The times at which something is done about a request if nothing ends it before, all on one timer.
import { type TimerTarget, type TimerWheel, WheelTimer } from '../../exchange/timer-wheel.ts';
import type { ForwardPlan } from './forward-plan.ts';

export const NEVER = Number.POSITIVE_INFINITY;

/**
 * In the order in which they count when several have passed. `call` is the client's own, for gRPC; `backoff` is when the
 * next attempt begins, `hedge` when one more begins beside those under way; `idle` says that nothing happened for so long.
 */
export type Deadline = 'call' | 'request' | 'duration' | 'backoff' | 'hedge' | 'attempt' | 'idle';

export const TOOK_TOO_LONG: Readonly<Record<Exclude<Deadline, 'call' | 'backoff' | 'hedge'>, string>> = {
  request: 'the whole request',
  duration: 'all of it',
  attempt: 'one attempt',
  idle: 'silence on the stream',
};

export interface DeadlineOwner {
  deadlinePassed(deadline: Deadline): void;
}

export class Deadlines implements TimerTarget {
  callMs = NEVER;
  requestMs = NEVER;
  /** Also of streams that last by design, which `requestMs` leaves out. */
  durationMs = NEVER;
  attemptMs = NEVER;
  backoffMs = NEVER;
  hedgeMs = NEVER;
  /** Of `requestMs`, so much is not told to the next hop: see `deadline-headers.ts`. */
  graceMs = 0;
  private idleMs = NEVER;
  private idleTimeoutMs = 0;
  private events = 0;
  private eventsSeen = 0;
  private readonly wheel: TimerWheel;
  private readonly monotonic: () => number;
  private readonly owner: DeadlineOwner;
  private timer: WheelTimer | undefined;
  private isOver = false;

  constructor({ wheel, monotonic }: { wheel: TimerWheel; monotonic: () => number }, owner: DeadlineOwner) {
    this.wheel = wheel;
    this.monotonic = monotonic;
    this.owner = owner;
  }

  /** Of everything that is left to do, attempts to come included. */
  get wholeMs(): number {
    return Math.min(this.callMs, this.requestMs);
  }

  /** What the plan allows to a request that arrived then. A tunnel lasts by design. */
  begin(plan: ForwardPlan, startMs: number, isTunnel: boolean): void {
    if (plan.requestTimeoutMs > 0 && !isTunnel) this.requestMs = startMs + plan.requestTimeoutMs;
    if (plan.maxDurationMs !== undefined) this.durationMs = startMs + plan.maxDurationMs;
    if (plan.streamIdleTimeoutMs === 0) return;
    this.idleTimeoutMs = plan.streamIdleTimeoutMs;
    this.idleMs = startMs + plan.streamIdleTimeoutMs;
  }

  /** Streams that last by design are bounded by silence, not by their length. */
  answered(isLasting: boolean): void {
    this.attemptMs = NEVER;
    this.hedgeMs = NEVER;
    if (isLasting) this.requestMs = NEVER;
  }

  /** What an attempt has left, by its own time and by that of the whole; the next hop is told so. */
  leftMs(attemptDueMs: number, nowMs: number): number {
    return Math.min(this.callMs, this.requestMs - this.graceMs, attemptDueMs) - nowMs;
  }

  /** Something came of the client or the upstream. */
  noteEvent(): void {
    this.events++;
  }

  /** After a change of one of the times. */
  arm(): void {
    if (this.isOver) return;
    const { callMs, requestMs, durationMs, attemptMs, backoffMs, hedgeMs, idleMs } = this;
    const dueMs = Math.min(callMs, requestMs, durationMs, attemptMs, backoffMs, hedgeMs, idleMs);
    if (dueMs === NEVER) return;
    this.timer ??= new WheelTimer(this);
    this.wheel.arm(this.timer, dueMs);
  }

  end(): void {
    this.isOver = true;
    if (this.timer !== undefined) this.wheel.disarm(this.timer);
  }

  timerFired(): void {
    if (this.isOver) return;
    const nowMs = this.monotonic();
    if (nowMs >= this.callMs) this.owner.deadlinePassed('call');
    else if (nowMs >= this.requestMs) this.owner.deadlinePassed('request');
    else if (nowMs >= this.durationMs) this.owner.deadlinePassed('duration');
    else if (nowMs >= this.backoffMs) {
      this.backoffMs = NEVER;
      this.owner.deadlinePassed('backoff');
    } else if (nowMs >= this.hedgeMs) {
      this.hedgeMs = NEVER;
      this.owner.deadlinePassed('hedge');
    } else if (nowMs >= this.attemptMs) this.owner.deadlinePassed('attempt');
    else if (nowMs >= this.idleMs) {
      if (this.events === this.eventsSeen) this.owner.deadlinePassed('idle');
      this.eventsSeen = this.events;
      this.idleMs = nowMs + this.idleTimeoutMs;
    }
    this.arm();
  }
}
