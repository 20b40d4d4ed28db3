// Reading connections that we opened into one buffer of the process: bytes that are only passed on cost no memory of their
// own, neither for each read nor for each connection. Node offers that for sockets which the program connects itself.
import type { OnReadOpts, Socket } from 'node:net';

/** What the kernel has is read in large pieces; TLS hands over one record of 16 KiB at a time (RFC 8446 §5.1). */
const READ_BYTES = 256 * 1024;

/** Shared by all connections: each read is consumed before the next one of any of them begins. */
const shared = Buffer.allocUnsafeSlow(READ_BYTES);

/** Takes bytes that are overwritten after the call, so it keeps none; false = no more for now. */
export type ReadConsumer = (chunk: Buffer) => boolean;

const readsOfSocket = new WeakMap<Socket, ReusedReads>();

export class ReusedReads {
  /** To open the socket with. */
  readonly onread: OnReadOpts = { buffer: shared, callback: (length) => this.read(length) };
  /** Called when there are bytes and nobody has asked for them yet. */
  onEarly: (() => void) | undefined;
  private consumer: ReadConsumer | undefined;
  private early: Buffer[] = [];

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

  private read(length: number): boolean {
    const chunk = shared.subarray(0, length);
    if (this.consumer !== undefined) return this.consumer(chunk);
    // Reading stops with the first; TLS may have decrypted some more.
    this.early.push(Buffer.from(chunk));
    this.onEarly?.();
    return this.consumer !== undefined;
  }
}
