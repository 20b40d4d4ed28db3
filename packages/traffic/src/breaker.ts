// Circuit breaker by success rate: closed while enough requests succeed, open for a while when they do not, then half-open,
// when a few requests decide. One for a service or for a route.
import type { BreakerConfig } from './config.ts';

/** Parts of the window: it slides by one of them at a time. */
const SLICES = 10;

export type BreakerState =
  | { readonly type: 'closed' }
  | { readonly type: 'open'; readonly untilMs: number }
  /** `admitted` requests have been let through, `passed` of them have succeeded. */
  | { readonly type: 'half-open'; readonly admitted: number; readonly passed: number };

/** A state as others are told it, whose clocks began elsewhere. */
export type BreakerReport =
  | { readonly type: 'closed' }
  /** `forMs` from now; 0 = the next request is let through. */
  | { readonly type: 'open'; readonly forMs: number }
  | { readonly type: 'half-open'; readonly passed: number; readonly needed: number };

const CLOSED = { type: 'closed' } as const;

export class Breaker {
  config: BreakerConfig;
  #state: BreakerState = CLOSED;
  readonly #successes = new Uint32Array(SLICES);
  readonly #failures = new Uint32Array(SLICES);
  /** Number of the slice that is filled now, counted from the beginning of time. */
  #slice = 0;
  /** Opened so often without closing between: each time for longer. */
  #openings = 0;

  constructor(config: BreakerConfig) {
    this.config = config;
  }

  get state(): BreakerState {
    return this.#state;
  }

  report(nowMs: number): BreakerReport {
    const state = this.#state;
    switch (state.type) {
      case 'closed':
        return CLOSED;
      case 'open':
        return { type: 'open', forMs: Math.max(0, state.untilMs - nowMs) };
      case 'half-open':
        return { type: 'half-open', passed: state.passed, needed: this.config.halfOpenRequests };
    }
  }

  /** Whether one more request may go; each that may is to be reported by `ended` or `abandoned`. */
  allow(nowMs: number): boolean {
    const state = this.#state;
    switch (state.type) {
      case 'closed':
        return true;
      case 'open':
        if (nowMs < state.untilMs) return false;
        this.#state = { type: 'half-open', admitted: 1, passed: 0 };
        return true;
      case 'half-open':
        if (state.admitted >= this.config.halfOpenRequests) return false;
        this.#state = { ...state, admitted: state.admitted + 1 };
        return true;
    }
  }

  /** True: it opened by this. Requests that began before it opened say nothing any more. */
  ended(ok: boolean, nowMs: number): boolean {
    switch (this.#state.type) {
      case 'closed':
        return this.#count(ok, nowMs);
      case 'open':
        return false;
      case 'half-open':
        if (!ok) return this.#open(nowMs);
        this.#passed(this.#state.passed + 1, this.#state.admitted);
        return false;
    }
  }

  /** It ended without saying anything about the service: its client went. Another may be let through for it. */
  abandoned(): void {
    const state = this.#state;
    if (state.type === 'half-open' && state.admitted > state.passed)
      this.#state = { ...state, admitted: state.admitted - 1 };
  }

  #passed(passed: number, admitted: number): void {
    if (passed < this.config.halfOpenRequests) {
      this.#state = { type: 'half-open', admitted, passed };
      return;
    }
    this.#state = CLOSED;
    this.#openings = 0;
    this.#forget();
  }

  #count(ok: boolean, nowMs: number): boolean {
    this.#slideTo(nowMs);
    const counts = ok ? this.#successes : this.#failures;
    const index = this.#slice % SLICES;
    counts[index] = (counts[index] ?? 0) + 1;
    if (ok) return false;
    const successes = sum(this.#successes);
    const requests = successes + sum(this.#failures);
    const { minRequests, successRate } = this.config;
    return requests >= minRequests && successes < successRate * requests && this.#open(nowMs);
  }

  #open(nowMs: number): true {
    const { openMs, openMaxMs } = this.config;
    const forMs = Math.min(openMs * 2 ** Math.min(this.#openings, 16), Math.max(openMs, openMaxMs));
    this.#openings++;
    this.#state = { type: 'open', untilMs: nowMs + forMs };
    this.#forget();
    return true;
  }

  #slideTo(nowMs: number): void {
    const slice = Math.floor((nowMs * SLICES) / this.config.windowMs);
    for (let gone = this.#slice + 1; gone <= slice && gone <= this.#slice + SLICES; gone++) {
      this.#successes[gone % SLICES] = 0;
      this.#failures[gone % SLICES] = 0;
    }
    // After more than a window all slices were emptied above, in whatever order.
    this.#slice = Math.max(this.#slice, slice);
  }

  #forget(): void {
    this.#successes.fill(0);
    this.#failures.fill(0);
  }
}

function sum(counts: Uint32Array): number {
  let total = 0;
  for (const count of counts) total += count;
  return total;
}
