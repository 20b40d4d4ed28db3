// Collects what one turn of the event loop writes to a socket and hands it over in one write.
import type { Socket } from 'node:net';

/** Up to this size pieces are copied into one buffer; above, they go out as a vector. */
const COALESCE_BYTES_MAX = 32 * 1024;

/** Small bodies join the head as text (latin1 keeps bytes), which spares a buffer. */
const TEXT_BYTES_MAX = 2 * 1024;

let dirty: ByteWriter[] = [];
let isFlushScheduled = false;

/** Runs as a microtask: after the event that wrote, before the next one. */
function flushDirty(): void {
  isFlushScheduled = false;
  const writers = dirty;
  dirty = [];
  for (let index = 0; index < writers.length; index++) writers[index]?.flush();
}

export class ByteWriter {
  /** Bytes that wait in this writer and in the socket; above, `isFull`. */
  private static readonly highWaterBytes = 256 * 1024;

  /** Bytes that were handed to the socket, over the life of the connection. */
  flushedBytes = 0;
  private readonly socket: Socket;
  private text = '';
  private pieces: (Buffer | string)[] | undefined;
  private pendingBytes = 0;
  private isDirty = false;

  constructor(socket: Socket) {
    this.socket = socket;
  }

  get isFull(): boolean {
    return this.pendingBytes + this.socket.writableLength >= ByteWriter.highWaterBytes;
  }

  get isEmpty(): boolean {
    return this.pendingBytes === 0;
  }

  writeText(text: string): void {
    this.text += text;
    this.pendingBytes += text.length;
    this.schedule();
  }

  writeBytes(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.pendingBytes += bytes.length;
    if (this.pieces === undefined && this.pendingBytes <= TEXT_BYTES_MAX) {
      this.text += bytes.toString('latin1');
    } else {
      this.pieces ??= [];
      if (this.text !== '') {
        this.pieces.push(this.text);
        this.text = '';
      }
      this.pieces.push(bytes);
    }
    this.schedule();
  }

  /** Forgets what has not been handed to the socket: nothing of it reaches the peer. */
  discard(): void {
    this.text = '';
    this.pieces = undefined;
    this.pendingBytes = 0;
  }

  flush(): void {
    this.isDirty = false;
    const { text, pieces, pendingBytes } = this;
    if (pendingBytes === 0) return;
    this.discard();
    this.flushedBytes += pendingBytes;
    if (this.socket.destroyed) return;
    if (pieces === undefined) {
      this.socket.write(text, 'latin1');
      return;
    }
    if (text !== '') pieces.push(text);
    if (pieces.length === 1) this.socket.write(pieces[0] ?? '', 'latin1');
    else if (pendingBytes <= COALESCE_BYTES_MAX) this.socket.write(join(pieces, pendingBytes));
    else this.writeVector(pieces);
  }

  private writeVector(pieces: readonly (Buffer | string)[]): void {
    this.socket.cork();
    for (const piece of pieces) this.socket.write(piece, 'latin1');
    this.socket.uncork();
  }

  private schedule(): void {
    if (this.isDirty) return;
    this.isDirty = true;
    dirty.push(this);
    if (isFlushScheduled) return;
    isFlushScheduled = true;
    queueMicrotask(flushDirty);
  }
}

function join(pieces: readonly (Buffer | string)[], length: number): Buffer {
  const joined = Buffer.allocUnsafe(length);
  let at = 0;
  for (const piece of pieces) {
    if (typeof piece === 'string') at += joined.write(piece, at, 'latin1');
    else {
      joined.set(piece, at);
      at += piece.length;
    }
  }
  return joined;
}
