// What came of a request body while it may have to be sent (again): bounded, given up when it grows beyond.
import type { HeaderBlock } from '../../exchange/header-block.ts';

/** Bodies above are not kept for another attempt. */
export const REPLAY_BYTES_MAX = 64 * 1024;

export class ReplayBody {
  private chunks: Buffer[] = [];
  private bytes = 0;
  /** Nothing of the body has been dropped. */
  isWhole = true;
  /** Set with the end of the request, if it has any. */
  trailers: HeaderBlock | undefined;
  /** The client has been told to wait. */
  isPaused = false;

  get isFull(): boolean {
    return this.bytes >= REPLAY_BYTES_MAX;
  }

  get kept(): readonly Buffer[] {
    return this.chunks;
  }

  keep(chunk: Buffer): void {
    this.chunks.push(chunk);
    this.bytes += chunk.length;
  }

  /** No further attempt can be made from here. */
  drop(): void {
    this.isWhole = false;
    this.chunks = [];
    this.bytes = 0;
  }
}
