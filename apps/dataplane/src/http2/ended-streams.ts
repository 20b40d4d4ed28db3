// Streams that ended a moment ago: a late frame on one of them is no fault of the peer's, unless it ended the stream itself.

const ENDED_MAX = 256;
/** Many requests may be given up at once: as many as a peer of the mesh may have open, twice. */
const RESET_MAX = 2_048;

export class EndedStreams {
  private readonly endedByPeer = new LastNumbers(ENDED_MAX);
  private readonly resetByUs = new LastNumbers(RESET_MAX);

  add(streamId: number, wasResetByUs: boolean): void {
    if (wasResetByUs) this.resetByUs.add(streamId);
    else this.endedByPeer.add(streamId);
  }

  /** Undefined: ended too long ago to know. */
  wasResetByUs(streamId: number): boolean | undefined {
    if (this.resetByUs.has(streamId)) return true;
    return this.endedByPeer.has(streamId) ? false : undefined;
  }
}

/** A ring: adding happens for every stream, looking up only for frames that come late. Empty until it is needed. */
class LastNumbers {
  private readonly numbers: number[] = [];
  private readonly max: number;
  private oldest = 0;

  constructor(max: number) {
    this.max = max;
  }

  add(number: number): void {
    if (this.numbers.length < this.max) {
      this.numbers.push(number);
      return;
    }
    this.numbers[this.oldest] = number;
    this.oldest = (this.oldest + 1) % this.max;
  }

  has(number: number): boolean {
    return this.numbers.includes(number);
  }
}
