// Streams that ended a moment ago: a late frame on one of them is no fault of the peer's, unless it ended the stream itself.

const ENDED_MAX = 256;
/** Many requests may be given up at once: as many as a peer of the mesh may have open, twice. */
const RESET_MAX = 2_048;

export class EndedStreams {
  /** Made when they are needed: an idle connection has neither. */
  private endedByPeer: Set<number> | undefined;
  private resetByUs: Set<number> | undefined;

  add(streamId: number, wasResetByUs: boolean): void {
    if (wasResetByUs) {
      this.resetByUs ??= new Set();
      remember(this.resetByUs, streamId, RESET_MAX);
    } else {
      this.endedByPeer ??= new Set();
      remember(this.endedByPeer, streamId, ENDED_MAX);
    }
  }

  /** Undefined: ended too long ago to know. */
  wasResetByUs(streamId: number): boolean | undefined {
    if (this.resetByUs?.has(streamId) === true) return true;
    return this.endedByPeer?.has(streamId) === true ? false : undefined;
  }
}

function remember(streams: Set<number>, streamId: number, max: number): void {
  streams.add(streamId);
  if (streams.size <= max) return;
  for (const oldest of streams) {
    streams.delete(oldest);
    return;
  }
}
