// The open streams of one connection by their identifiers: an open-addressed table in one array, which nothing of a stream
// that has ended stays in. (A `Map` leaves its outgrown tables linked to each other, which keeps ended streams for long.)

export interface NumberedStream {
  readonly id: number;
}

/** Of an idle connection; a power of two, as every size of it. */
const SLOTS_MIN = 8;

export class StreamTable<S extends NumberedStream> {
  /** At most half of them are taken. */
  private slots: (S | undefined)[] = emptySlots(SLOTS_MIN);
  private count = 0;

  get size(): number {
    return this.count;
  }

  get(id: number): S | undefined {
    return this.slots[this.slotOf(id)];
  }

  /** There is none of its identifier. */
  add(stream: S): void {
    if (this.count * 2 >= this.slots.length) this.grow();
    this.slots[this.slotOf(stream.id)] = stream;
    this.count++;
  }

  /** False: it was not there. */
  delete(id: number): boolean {
    const { slots } = this;
    const mask = slots.length - 1;
    let gap = this.slotOf(id);
    if (slots[gap] === undefined) return false;
    this.count--;
    slots[gap] = undefined;
    // Those behind the gap that a look-up would no longer reach move into it.
    for (let at = (gap + 1) & mask; ; at = (at + 1) & mask) {
      const stream = slots[at];
      if (stream === undefined) return true;
      const distance = (at - homeOf(stream.id, mask)) & mask;
      if (distance < ((at - gap) & mask)) continue;
      slots[gap] = stream;
      slots[at] = undefined;
      gap = at;
    }
  }

  /** In the order in which they were opened; a copy, so that streams may come and go meanwhile. */
  list(): S[] {
    const streams: S[] = [];
    for (const stream of this.slots) if (stream !== undefined) streams.push(stream);
    return streams.sort((a, b) => a.id - b.id);
  }

  clear(): void {
    this.slots = emptySlots(SLOTS_MIN);
    this.count = 0;
  }

  /** Where it is, or where it would be put. */
  private slotOf(id: number): number {
    const { slots } = this;
    const mask = slots.length - 1;
    let at = homeOf(id, mask);
    for (let stream = slots[at]; stream !== undefined && stream.id !== id; stream = slots[at]) at = (at + 1) & mask;
    return at;
  }

  private grow(): void {
    const streams = this.slots;
    this.slots = emptySlots(streams.length * 2);
    for (const stream of streams) if (stream !== undefined) this.slots[this.slotOf(stream.id)] = stream;
  }
}

/** The identifiers of one side differ by two (RFC 9113 §5.1.1): neighbours lie beside each other. */
function homeOf(id: number, mask: number): number {
  return (id >> 1) & mask;
}

function emptySlots<S>(length: number): (S | undefined)[] {
  return new Array<S | undefined>(length).fill(undefined);
}
