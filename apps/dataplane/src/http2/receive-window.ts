// Flow control of what comes in (RFC 9113 §5.2): how much the peer may still send, and when it is told of more.

export class ReceiveWindow {
  private readonly size: number;
  /** Share of the window that is used up before a WINDOW_UPDATE is worth its bytes. */
  private readonly threshold: number;
  private left: number;
  private unacknowledged = 0;

  constructor(size: number, thresholdShare: number) {
    this.size = size;
    this.left = size;
    this.threshold = Math.max(1, Math.floor(size * thresholdShare));
  }

  /** False: the peer sent more than it may. */
  take(bytes: number): boolean {
    if (bytes > this.left) return false;
    this.left -= bytes;
    this.unacknowledged += bytes;
    return true;
  }

  /** The increment that is due, 0 = none yet; it counts as granted. */
  grant(): number {
    const { unacknowledged } = this;
    if (unacknowledged < this.threshold || this.left + unacknowledged > this.size) return 0;
    this.left += unacknowledged;
    this.unacknowledged = 0;
    return unacknowledged;
  }
}
