// Whether this replica may judge others: one that was stalled, or without Postgres, has heard nobody and removes nobody.
import type { Clock } from '@malha/traffic/clock';

export const TICK_MS = 250;
/** Ticks later than this mean that the process did not run: suspended, starved, or blocked. */
const STALL_MS = 1_000;

export class Health {
  readonly #clock: Clock;
  #lastTickMs: number;
  #healthySinceMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#lastTickMs = clock.monotonic();
    this.#healthySinceMs = this.#lastTickMs;
  }

  /** To be called every TICK_MS. */
  tick(): void {
    const nowMs = this.#clock.monotonic();
    if (nowMs - this.#lastTickMs > STALL_MS) this.#healthySinceMs = nowMs;
    this.#lastTickMs = nowMs;
  }

  /** Postgres did not answer (in time): silence counts anew from now. */
  interrupted(): void {
    this.#healthySinceMs = this.#clock.monotonic();
  }

  /** Silence before this moment is not held against anybody. Monotonic milliseconds. */
  get healthySinceMs(): number {
    return this.#healthySinceMs;
  }

  get healthyForMs(): number {
    return this.#clock.monotonic() - this.#healthySinceMs;
  }
}
