// Who may go now, who waits for a moment, and who is shed, when a service has as many requests as it can work on. Critical
// requests go first, sheddable ones never wait.
import type { OverloadConfig, Priority } from './config.ts';
import { GradientLimit } from './gradient-limit.ts';
import type { Ending } from './latency-window.ts';

/** While the queue has not been empty for the time of a whole wait, ordinary ones are shorter by this factor (as CoDel's). */
const STANDING_FACTOR = 10;

/** A request that waits; exactly one of the two is called, unless it was withdrawn. */
export interface Waiter {
  readonly priority: Priority;
  /** Its turn: it counts as in flight from now on. */
  admitted(): void;
  shed(): void;
}

export type Verdict =
  | { readonly type: 'go' }
  /** The caller sees to it that `expire` is called then. */
  | { readonly type: 'wait'; readonly untilMs: number }
  | { readonly type: 'shed' };

const GO: Verdict = { type: 'go' };
const SHED: Verdict = { type: 'shed' };

export class Admission {
  #config: OverloadConfig;
  readonly #limit: GradientLimit;
  /** In order of arrival. */
  readonly #critical = new Set<Waiter>();
  readonly #ordinary = new Set<Waiter>();
  #inFlight = 0;
  /** Of the time when nobody waited, the latest that is known. */
  #emptyMs = 0;

  constructor(config: OverloadConfig, nowMs: number) {
    this.#config = config;
    this.#limit = new GradientLimit(config, nowMs);
  }

  get limit(): number {
    return this.#limit.limit;
  }

  get baselineMs(): number {
    return this.#limit.baselineMs;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  get waiting(): number {
    return this.#critical.size + this.#ordinary.size;
  }

  /** What was learned stays; who waits goes on waiting, as long as was said. */
  reconfigure(config: OverloadConfig): void {
    this.#config = config;
    this.#limit.rebound(config);
  }

  /** One more request. With `go` it is in flight; with `wait` it is when its waiter is told so. */
  ask(waiter: Waiter, nowMs: number): Verdict {
    const { waiting } = this;
    if (waiting === 0) {
      this.#emptyMs = nowMs;
      if (this.#inFlight < this.limit) {
        this.#begin(nowMs);
        return GO;
      }
    }
    const { maxQueue, queueTimeoutMs } = this.#config;
    if (waiter.priority === 'sheddable' || (waiting >= maxQueue && !this.#makeRoom(waiter))) return SHED;
    this.#queueOf(waiter).add(waiter);
    const isStanding = waiter.priority !== 'critical' && nowMs - this.#emptyMs > queueTimeoutMs;
    return { type: 'wait', untilMs: nowMs + (isStanding ? queueTimeoutMs / STANDING_FACTOR : queueTimeoutMs) };
  }

  /** It has waited long enough. */
  expire(waiter: Waiter): void {
    if (this.#queueOf(waiter).delete(waiter)) waiter.shed();
  }

  /** Its client is gone; true: it did wait. */
  withdraw(waiter: Waiter): boolean {
    return this.#queueOf(waiter).delete(waiter);
  }

  /** How long an answer to one in flight took, once for each, before its place is free. */
  learn(how: Ending, startMs: number, nowMs: number): void {
    this.#limit.ended(how, startMs, nowMs, this.#inFlight);
  }

  /** The place of one in flight is free; who waits may go at once. */
  release(nowMs: number): void {
    this.#inFlight--;
    while (this.#inFlight < this.limit) {
      const next = first(this.#critical) ?? first(this.#ordinary);
      if (next === undefined) return;
      this.#queueOf(next).delete(next);
      this.#begin(nowMs);
      next.admitted();
    }
  }

  #begin(nowMs: number): void {
    this.#inFlight++;
    this.#limit.started(nowMs);
  }

  /** Of those that wait, one of lower priority goes for one of higher: the one that is nearest to its end. */
  #makeRoom({ priority }: Waiter): boolean {
    const displaced = priority === 'critical' ? first(this.#ordinary) : undefined;
    if (displaced === undefined) return false;
    this.#ordinary.delete(displaced);
    displaced.shed();
    return true;
  }

  #queueOf({ priority }: Waiter): Set<Waiter> {
    return priority === 'critical' ? this.#critical : this.#ordinary;
  }
}

function first(waiters: Set<Waiter>): Waiter | undefined {
  for (const waiter of waiters) return waiter;
  return undefined;
}
