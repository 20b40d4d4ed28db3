// Streams that ended a moment ago: a late frame on one of them is no fault of the peer's, unless it ended the stream itself.

const REMEMBERED_MAX = 256;

export class EndedStreams {
  private readonly resetByUs = new Map<number, boolean>();

  add(streamId: number, wasResetByUs: boolean): void {
    this.resetByUs.set(streamId, wasResetByUs);
    if (this.resetByUs.size <= REMEMBERED_MAX) return;
    for (const oldest of this.resetByUs.keys()) {
      this.resetByUs.delete(oldest);
      return;
    }
  }

  /** Undefined: ended too long ago to know. */
  wasResetByUs(streamId: number): boolean | undefined {
    return this.resetByUs.get(streamId);
  }
}
