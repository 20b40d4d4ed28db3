// Requests and connections that are under way: before each snapshot they tell of the bytes that came since the last one.

/** Something that may last for hours. */
export interface OpenStream {
  reportProgress(): void;
}

export class OpenStreams {
  private readonly streams = new Set<OpenStream>();

  add(stream: OpenStream): void {
    this.streams.add(stream);
  }

  delete(stream: OpenStream): void {
    this.streams.delete(stream);
  }

  reportProgress(): void {
    for (const stream of this.streams) stream.reportProgress();
  }
}
