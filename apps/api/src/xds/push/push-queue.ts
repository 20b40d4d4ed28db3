// When to push: the first change at once, changes that follow within a short time merged.
import type { Timers } from '@malha/xds/timers';

const QUIET_MS = 50;
const DELAY_MAX_MS = 500;

export interface PushQueueOptions {
  readonly push: () => void;
  readonly timers: Timers;
  /** Milliseconds of a clock that never goes back. */
  readonly monotonic: () => number;
}

/** Idle, or merging since a push: then a change waits for 50 ms without another one, at most 500 ms. */
export class PushQueue {
  readonly #options: PushQueueOptions;
  #cancel: (() => void) | undefined;
  /** When the oldest change that is not pushed yet came. */
  #waitingSinceMs: number | undefined;

  constructor(options: PushQueueOptions) {
    this.#options = options;
  }

  changed(): void {
    if (this.#cancel === undefined) {
      this.#pushNow();
      return;
    }
    const now = this.#options.monotonic();
    this.#waitingSinceMs ??= now;
    this.#cancel();
    this.#wait(Math.min(QUIET_MS, Math.max(0, this.#waitingSinceMs + DELAY_MAX_MS - now)));
  }

  close(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#waitingSinceMs = undefined;
  }

  #pushNow(): void {
    this.#waitingSinceMs = undefined;
    this.#wait(QUIET_MS);
    this.#options.push();
  }

  #wait(ms: number): void {
    this.#cancel = this.#options.timers.after(ms, () => {
      this.#cancel = undefined;
      if (this.#waitingSinceMs !== undefined) this.#pushNow();
    });
  }
}
