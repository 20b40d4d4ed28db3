// Frames that cost us work and carry nothing: a peer may send some, not a flood (rapid reset, PING and SETTINGS floods…).
// What carries something earns the right to more: a peer that sends much data may also send many PINGs and WINDOW_UPDATEs.
import { ConnectionError, ErrorCode } from './protocol.ts';

const BURST = 1_000;
const REFILL_PER_SECOND = 200;

export class AbuseBudget {
  private readonly monotonic: () => number;
  private tokens = BURST;
  private refilledMs: number;

  constructor(monotonic: () => number) {
    this.monotonic = monotonic;
    this.refilledMs = monotonic();
  }

  /** For a frame with content, or a stream that ended in order. */
  earn(): void {
    if (this.tokens < BURST) this.tokens += 1;
  }

  /** Throws ConnectionError ENHANCE_YOUR_CALM when the peer has used up what it may. */
  spend(what: string): void {
    if (this.tokens < 1) {
      const nowMs = this.monotonic();
      this.tokens = Math.min(BURST, ((nowMs - this.refilledMs) / 1_000) * REFILL_PER_SECOND);
      this.refilledMs = nowMs;
      if (this.tokens < 1) throw new ConnectionError(ErrorCode.EnhanceYourCalm, `too many ${what}`);
    }
    this.tokens -= 1;
  }
}
