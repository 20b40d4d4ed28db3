// Requests and connections that are under way: before each snapshot they tell of the bytes that came since the last one.

/** Something that may last for hours. */
export interface OpenStream {
  /** Its place among those that are open, `NOT_OPEN` = none; for `OpenStreams` alone to set. */
  openIndex: number;
  reportProgress(): void;
}

export const NOT_OPEN = -1;

/**
 * An array, not a `Set`: V8 links each table that a Set has outgrown to the next one, so once one of them is old, all that
 * follow outlive the young generation, with every request that they ever held.
 */
export class OpenStreams {
  private readonly streams: OpenStream[] = [];

  get size(): number {
    return this.streams.length;
  }

  add(stream: OpenStream): void {
    if (stream.openIndex !== NOT_OPEN) return;
    stream.openIndex = this.streams.length;
    this.streams.push(stream);
  }

  /** The last one takes its place. */
  delete(stream: OpenStream): void {
    const { openIndex } = stream;
    if (openIndex === NOT_OPEN) return;
    stream.openIndex = NOT_OPEN;
    const last = this.streams.pop();
    if (last === undefined || last === stream) return;
    this.streams[openIndex] = last;
    last.openIndex = openIndex;
  }

  reportProgress(): void {
    for (const stream of [...this.streams]) if (stream.openIndex !== NOT_OPEN) stream.reportProgress();
  }
}
