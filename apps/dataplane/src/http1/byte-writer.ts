// Collects what one turn of the event loop writes to a socket and hands it over in one write.
import type { Socket } from 'node:net';

/** Up to this size pieces are copied into one buffer; above, they go out as a vector. */
const COALESCE_BYTES_MAX = 32 * 1024;

/** Small bodies join the head as text (latin1 keeps bytes), which spares a buffer. */
const TEXT_BYTES_MAX = 2 * 1024;

/** From so many bytes on they leave when the event that wrote them ends: others of the turn would not make the write cheaper. */
const EAGER_BYTES = 32 * 1024;

/**
 * Writes that leave together: one after the other they wake a peer once for all of them, while a write in each event finds
 * it asleep again.
 */
class FlushQueue {
  private readonly schedule: (flush: () => void) => void;
  private writers: ByteWriter[] = [];

  constructor(schedule: (flush: () => void) => void) {
    this.schedule = schedule;
  }

  add(writer: ByteWriter): void {
    this.writers.push(writer);
    if (this.writers.length === 1) this.schedule(this.flush);
  }

  private readonly flush = (): void => {
    const { writers } = this;
    this.writers = [];
    for (let index = 0; index < writers.length; index++) writers[index]?.flush();
  };
}

const atEndOfTurn = new FlushQueue(setImmediate);
const atEndOfEvent = new FlushQueue(queueMicrotask);

export class ByteWriter {
  /** Bytes that wait in this writer and in the socket; above, it takes no more. */
  private static readonly highWaterBytes = 256 * 1024;

  /** Bytes that were handed to the socket, over the life of the connection. */
  flushedBytes = 0;
  private readonly socket: Socket;
  private readonly drained: () => void;
  private text = '';
  private pieces: (Buffer | string)[] | undefined;
  private pendingBytes = 0;
  private isScheduled = false;
  private isEager = false;
  private isDrainAwaited = false;

  /** `drained`: it takes bytes again after `takesMore` has said no. */
  constructor(socket: Socket, drained: () => void) {
    this.socket = socket;
    this.drained = drained;
    socket.on('drain', () => this.noteRoom());
  }

  /** False: wait for `drained`. */
  takesMore(): boolean {
    if (this.pendingBytes + this.socket.writableLength < ByteWriter.highWaterBytes) return true;
    this.isDrainAwaited = true;
    return false;
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
    this.isDrainAwaited = false;
    this.empty();
  }

  flush(): void {
    this.isScheduled = false;
    this.isEager = false;
    const { text, pieces, pendingBytes } = this;
    if (pendingBytes === 0) return;
    this.empty();
    this.flushedBytes += pendingBytes;
    if (this.socket.destroyed) return;
    this.hand(text, pieces, pendingBytes);
    // A socket that gave everything away at once has nothing to tell later.
    if (!this.socket.writableNeedDrain) this.noteRoom();
  }

  private empty(): void {
    this.text = '';
    this.pieces = undefined;
    this.pendingBytes = 0;
  }

  private hand(text: string, pieces: (Buffer | string)[] | undefined, length: number): void {
    if (pieces === undefined) {
      this.socket.write(text, 'latin1');
      return;
    }
    if (text !== '') pieces.push(text);
    if (pieces.length === 1) this.socket.write(pieces[0] ?? '', 'latin1');
    else if (length <= COALESCE_BYTES_MAX) this.socket.write(join(pieces, length));
    else this.writeVector(pieces);
  }

  private noteRoom(): void {
    if (!this.isDrainAwaited) return;
    this.isDrainAwaited = false;
    this.drained();
  }

  private writeVector(pieces: readonly (Buffer | string)[]): void {
    this.socket.cork();
    for (const piece of pieces) this.socket.write(piece, 'latin1');
    this.socket.uncork();
  }

  private schedule(): void {
    if (this.pendingBytes >= EAGER_BYTES && !this.isEager) {
      this.isEager = true;
      atEndOfEvent.add(this);
    }
    if (this.isScheduled) return;
    this.isScheduled = true;
    atEndOfTurn.add(this);
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
