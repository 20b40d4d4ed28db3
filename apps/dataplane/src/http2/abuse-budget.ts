// Frames that cost us work and carry nothing: a peer may send some, not a flood (rapid reset, PING and SETTINGS floods…).
// What carries something earns the right to more: a peer that sends much data may also send many PINGs and WINDOW_UPDATEs.
import { ConnectionError, ErrorCode } from './protocol.ts';

const REFILL_PER_SECOND = 200;

export class AbuseBudget {
  private readonly burst: number;
  private readonly monotonic: () => number;
  private tokens: number;
  private refilledMs: number;

  constructor(burst: number, monotonic: () => number) {
    this.burst = burst;
    this.tokens = burst;
    this.monotonic = monotonic;
    this.refilledMs = monotonic();
  }

  /** For something of use: a frame with content, a stream that ended in order. */
  earn(): void {
    if (this.tokens < this.burst) this.tokens += 1;
  }

  /** Throws ConnectionError ENHANCE_YOUR_CALM when the peer has used up what it may. */
  spend(what: string): void {
    if (this.tokens < 1) {
      const nowMs = this.monotonic();
      this.tokens = Math.min(this.burst, ((nowMs - this.refilledMs) / 1_000) * REFILL_PER_SECOND);
      this.refilledMs = nowMs;
      if (this.tokens < 1) throw new ConnectionError(ErrorCode.EnhanceYourCalm, `too many ${what}`);
    }
    this.tokens -= 1;
  }
}
