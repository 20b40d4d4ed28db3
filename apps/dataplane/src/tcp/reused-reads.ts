// Reading a connection that we opened into one buffer that is used again: bytes that are only passed on cost no memory of
// their own for each read, and no collection of it. Node offers that for sockets which the program connects itself.
import type { OnReadOpts, Socket } from 'node:net';

/** What the kernel has is read in large pieces. */
export const PLAINTEXT_READ_BYTES = 128 * 1024;
/** TLS hands over one record at a time (RFC 8446 §5.1). */
export const TLS_READ_BYTES = 16 * 1024;

/** Takes bytes that are overwritten after the call, so it keeps none; false = no more for now. */
export type ReadConsumer = (chunk: Buffer) => boolean;

const readsOfSocket = new WeakMap<Socket, ReusedReads>();

export class ReusedReads {
  /** To open the socket with. */
  readonly onread: OnReadOpts;
  private readonly size: number;
  private buffer: Buffer;
  /** Called when there are bytes and nobody has asked for them yet. */
  onEarly: (() => void) | undefined;
  private consumer: ReadConsumer | undefined;
  private early: Buffer[] = [];

  constructor(size: number) {
    this.size = size;
    this.buffer = Buffer.allocUnsafeSlow(size);
    this.onread = { buffer: () => this.buffer, callback: (length) => this.read(length) };
  }

  static of(socket: Socket): ReusedReads | undefined {
    return readsOfSocket.get(socket);
  }

  belongTo(socket: Socket): void {
    readsOfSocket.set(socket, this);
  }

  /** Everything from now on, beginning with what came before. */
  deliver(consumer: ReadConsumer): void {
    this.onEarly = undefined;
    this.consumer = consumer;
    for (const chunk of this.early.splice(0)) consumer(chunk);
  }

  /** What was read last stays with whoever has it. */
  release(): void {
    this.buffer = Buffer.allocUnsafeSlow(this.size);
  }

  private read(length: number): boolean {
    const chunk = this.buffer.subarray(0, length);
    if (this.consumer !== undefined) return this.consumer(chunk);
    // Reading stops with the first; TLS may have decrypted some more.
    this.early.push(Buffer.from(chunk));
    this.onEarly?.();
    return this.consumer !== undefined;
  }
}
