// Collects the frames of one turn of the event loop and hands them to the socket in one write.
import type { Writable } from 'node:stream';
import { ErrorCode, Flag, FRAME_HEADER_BYTES, FrameType, PREFACE } from './protocol.ts';

/** A payload from this size on is passed by reference instead of being copied. */
const REFERENCE_FROM_BYTES = 4_096;
/** More than this waiting in the socket: producers pause. */
const FULL_BYTES = 256 * 1_024;
/** Data stops at `FULL_BYTES`; what goes beyond are heads and answers to a peer that does not read them: it is given up. */
const OVERFLOW_BYTES = 1_024 * 1_024;
/** Grows with what a turn writes; thousands of connections may never write more than this. */
const SCRATCH_BYTES = 1_024;
const EMPTY = Buffer.alloc(0);

export class FrameWriter {
  private readonly socket: Writable;
  private scratch = Buffer.allocUnsafe(SCRATCH_BYTES);
  private length = 0;
  private pieces: Buffer[] = [];
  private piecesLength = 0;
  /** So many went out. */
  dataFrames = 0;
  private isScheduled = false;
  private isFinished = false;
  /** Where the flags of the last frame of `endableStream` stand, as long as nothing was written to the socket since. */
  private endableStream = 0;
  private endableAt = 0;
  private endablePiece: Buffer | undefined;
  private readonly drained: () => void;
  private readonly onImmediate = (): void => this.flush();

  /** `drained`: it may take more than when it was full. */
  constructor(socket: Writable, drained: () => void) {
    this.socket = socket;
    this.drained = drained;
    socket.on('drain', drained);
  }

  get isFull(): boolean {
    return this.waiting >= FULL_BYTES;
  }

  get isOverflowing(): boolean {
    return this.waiting >= OVERFLOW_BYTES;
  }

  private get waiting(): number {
    return this.socket.writableLength + this.length + this.piecesLength;
  }

  preface(): void {
    this.copy(PREFACE);
  }

  /** `entries`: identifier, value, identifier, value … */
  settings(entries: readonly number[]): void {
    this.header((entries.length / 2) * 6, FrameType.Settings, 0, 0);
    for (let index = 0; index < entries.length; index += 2) {
      this.reserve(6);
      this.length = this.scratch.writeUInt16BE(entries[index] ?? 0, this.length);
      this.length = this.scratch.writeUInt32BE(entries[index + 1] ?? 0, this.length);
    }
  }

  settingsAck(): void {
    this.header(0, FrameType.Settings, Flag.Ack, 0);
  }

  ping(payload: Buffer, isAck: boolean): void {
    this.header(8, FrameType.Ping, isAck ? Flag.Ack : 0, 0);
    this.copy(payload);
  }

  windowUpdate(streamId: number, increment: number): void {
    this.header(4, FrameType.WindowUpdate, 0, streamId);
    this.word(increment);
  }

  resetStream(streamId: number, errorCode: number): void {
    this.header(4, FrameType.ResetStream, 0, streamId);
    this.word(errorCode);
  }

  goAway(lastStreamId: number, errorCode: number, words: string): void {
    const debug = errorCode === ErrorCode.NoError ? '' : words.slice(0, 100);
    this.header(8 + debug.length, FrameType.GoAway, 0, 0);
    this.word(lastStreamId);
    this.word(errorCode);
    this.reserve(debug.length);
    this.length += this.scratch.write(debug, this.length, 'latin1');
  }

  /** Splits the block over CONTINUATION frames where the peer takes no larger ones. */
  headers(streamId: number, block: Buffer, isEndStream: boolean, frameSizeMax: number): void {
    const first = Math.min(block.length, frameSizeMax);
    const endHeaders = first === block.length ? Flag.EndHeaders : 0;
    this.header(first, FrameType.Headers, (isEndStream ? Flag.EndStream : 0) | endHeaders, streamId);
    if (!isEndStream) this.markEndable(streamId);
    this.copy(first === block.length ? block : block.subarray(0, first));
    for (let at = first; at < block.length; at += frameSizeMax) {
      const end = Math.min(block.length, at + frameSizeMax);
      this.header(end - at, FrameType.Continuation, end === block.length ? Flag.EndHeaders : 0, streamId);
      this.copy(block.subarray(at, end));
    }
  }

  data(streamId: number, payload: Buffer, isEndStream: boolean): void {
    this.dataFrames++;
    this.header(payload.length, FrameType.Data, isEndStream ? Flag.EndStream : 0, streamId);
    if (!isEndStream) this.markEndable(streamId);
    if (payload.length < REFERENCE_FROM_BYTES) {
      this.copy(payload);
      return;
    }
    this.seal();
    this.pieces.push(payload);
    this.piecesLength += payload.length;
  }

  /** Ends the stream on the frame that was written last, or by an empty one. */
  end(streamId: number): void {
    if (this.endableStream !== streamId) {
      this.data(streamId, EMPTY, true);
      return;
    }
    const out = this.endablePiece ?? this.scratch;
    out[this.endableAt] = (out[this.endableAt] ?? 0) | Flag.EndStream;
    this.endableStream = 0;
  }

  flush(): void {
    const wasFull = this.isFull;
    this.isScheduled = false;
    this.seal();
    this.endableStream = 0;
    this.endablePiece = undefined;
    const pieces = this.pieces;
    if (pieces.length === 0) return;
    this.pieces = [];
    this.piecesLength = 0;
    // An answer to a peer that has not read yet that this was all: a write after the end would destroy what is unread.
    if (this.isFinished) return;
    this.hand(pieces);
    // A socket that gave everything away at once has nothing to tell later.
    if (wasFull && !this.socket.writableNeedDrain) this.drained();
  }

  private hand(pieces: readonly Buffer[]): void {
    const [only] = pieces;
    if (pieces.length === 1 && only !== undefined) {
      this.socket.write(only);
      return;
    }
    this.socket.cork();
    for (const piece of pieces) this.socket.write(piece);
    this.socket.uncork();
  }

  /** Hands over what was collected; everything later is dropped. */
  finish(): void {
    this.flush();
    this.isFinished = true;
  }

  private header(length: number, type: number, flags: number, streamId: number): void {
    this.reserve(FRAME_HEADER_BYTES);
    const at = this.length;
    const out = this.scratch;
    out[at] = length >>> 16;
    out[at + 1] = length >>> 8;
    out[at + 2] = length;
    out[at + 3] = type;
    out[at + 4] = flags;
    out[at + 5] = streamId >>> 24;
    out[at + 6] = streamId >>> 16;
    out[at + 7] = streamId >>> 8;
    out[at + 8] = streamId;
    this.length = at + FRAME_HEADER_BYTES;
    this.endableStream = 0;
    this.schedule();
  }

  /** The frame whose header was just written may still get END_STREAM. */
  private markEndable(streamId: number): void {
    this.endableStream = streamId;
    this.endableAt = this.length - FRAME_HEADER_BYTES + 4;
    this.endablePiece = undefined;
  }

  private word(value: number): void {
    this.reserve(4);
    this.length = this.scratch.writeUInt32BE(value, this.length);
  }

  private copy(bytes: Buffer): void {
    this.reserve(bytes.length);
    this.length += bytes.copy(this.scratch, this.length);
    this.schedule();
  }

  private reserve(bytes: number): void {
    if (this.length + bytes <= this.scratch.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.scratch.length * 2, this.length + bytes));
    this.scratch.copy(larger, 0, 0, this.length);
    this.scratch = larger;
  }

  /** What was collected becomes a piece of its own: the scratch is written again next turn, the socket may hold on to it. */
  private seal(): void {
    if (this.length === 0) return;
    const piece = Buffer.allocUnsafe(this.length);
    this.scratch.copy(piece, 0, 0, this.length);
    this.pieces.push(piece);
    this.piecesLength += this.length;
    if (this.endableStream !== 0 && this.endablePiece === undefined) this.endablePiece = piece;
    this.length = 0;
  }

  private schedule(): void {
    if (this.isScheduled) return;
    this.isScheduled = true;
    setImmediate(this.onImmediate);
  }
}
