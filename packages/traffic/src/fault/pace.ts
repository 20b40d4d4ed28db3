// A pace for bytes: how many may go at a time so that they come at a rate. Clock passed in.

/** Bytes go out in so many pieces a second: more of them cost time, fewer come in jerks. */
const SLICES_PER_SECOND = 20;
/** What a timer that came late may make up for. */
const BACKLOG_SLICES = 5;
const MS_PER_SECOND = 1000;

export class Pace {
  readonly #bytesPerMs: number;
  readonly #sliceBytes: number;
  #credit = 0;
  #countedMs: number;

  /** The first slice may go after its time, not at once. */
  constructor(bytesPerSecond: number, nowMs: number) {
    this.#bytesPerMs = bytesPerSecond / MS_PER_SECOND;
    this.#sliceBytes = Math.max(1, Math.floor(bytesPerSecond / SLICES_PER_SECOND));
    this.#countedMs = nowMs;
  }

  /** Of `wanted` bytes, how many may go now. */
  take(wanted: number, nowMs: number): number {
    const elapsedMs = Math.max(0, nowMs - this.#countedMs);
    this.#countedMs = nowMs;
    this.#credit = Math.min(this.#sliceBytes * BACKLOG_SLICES, this.#credit + elapsedMs * this.#bytesPerMs);
    const taken = Math.min(wanted, Math.floor(this.#credit));
    this.#credit -= taken;
    return taken;
  }

  /** Milliseconds until so many bytes more have gone, if nobody holds them up. */
  leftMs(bytes: number): number {
    return Math.max(0, (bytes - this.#credit) / this.#bytesPerMs);
  }

  /** When the next piece of `wanted` bytes is worth a timer. */
  nextMs(wanted: number, nowMs: number): number {
    const missing = Math.min(wanted, this.#sliceBytes) - this.#credit;
    return nowMs + Math.max(1, missing / this.#bytesPerMs);
  }
}
