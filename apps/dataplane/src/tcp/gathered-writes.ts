// Writes to a plaintext socket, gathered: what TLS hands over record by record goes to the kernel together.
import type { Socket } from 'node:net';

/** A record of TLS that is full (RFC 8446 §5.1): more of the same message is likely to follow at once. */
const FULL_RECORD_BYTES = 16 * 1024;

const BUFFER_BYTES = 128 * 1024;

/** Buffers of finished writes that are kept for the next ones, of all connections. */
const SPARE_BUFFERS_MAX = 32;
const spareBuffers: Buffer[] = [];

let written: GatheredWrites[] = [];

export class GatheredWrites {
  private readonly to: Socket;
  /** Bytes wait in it for the end of the turn. */
  private buffer: Buffer | undefined;
  private length = 0;

  constructor(to: Socket) {
    this.to = to;
  }

  /** What the kernel has not taken yet. */
  get heldBytes(): number {
    return this.length + this.to.writableLength;
  }

  /** Copies the bytes; they leave when the turn ends, or at once when a message seems to end with them. */
  add(chunk: Buffer): void {
    for (let copied = 0; copied < chunk.length; ) {
      if (this.buffer === undefined) this.begin();
      copied += this.fill(chunk, copied);
      if (this.length === BUFFER_BYTES) this.flush();
    }
    if (chunk.length < FULL_RECORD_BYTES) this.flush();
  }

  flush(): void {
    const { to, buffer } = this;
    if (buffer === undefined) return;
    const bytes = buffer.subarray(0, this.length);
    this.buffer = undefined;
    this.length = 0;
    if (to.destroyed) {
      giveBack(buffer);
      return;
    }
    let isGivenBack = false;
    to.write(bytes, () => {
      if (!isGivenBack) giveBack(buffer);
    });
    // The kernel has it all: the next connection of this turn can use the buffer while it is in the cache.
    if (to.writableLength > 0) return;
    isGivenBack = true;
    giveBack(buffer);
  }

  private begin(): void {
    this.buffer = spareBuffers.pop() ?? Buffer.allocUnsafeSlow(BUFFER_BYTES);
    if (written.length === 0) setImmediate(flushWritten);
    written.push(this);
  }

  private fill(chunk: Buffer, from: number): number {
    const length = this.buffer === undefined ? 0 : chunk.copy(this.buffer, this.length, from);
    this.length += length;
    return length;
  }
}

function flushWritten(): void {
  const turn = written;
  written = [];
  for (const writes of turn) writes.flush();
}

function giveBack(buffer: Buffer): void {
  if (spareBuffers.length < SPARE_BUFFERS_MAX) spareBuffers.push(buffer);
}
