// Cuts the bytes of a connection into frames, whatever the pieces in which they come.
import { ConnectionError, ErrorCode, FRAME_HEADER_BYTES, FRAME_SIZE_DEFAULT } from './protocol.ts';

export interface FrameSink {
  /** `payload` is a view on received bytes, which nobody writes to again. */
  frame(type: number, flags: number, streamId: number, payload: Buffer): void;
}

export class FrameReader {
  private readonly sink: FrameSink;
  private rest: Buffer | undefined;
  /** Pieces that follow `rest`, until a whole frame is there. */
  private pieces: Buffer[] = [];
  private piecesLength = 0;
  /** Bytes that the frame at the start of `rest` needs in all; 0 = its header is not complete. */
  private needed = 0;

  constructor(sink: FrameSink) {
    this.sink = sink;
  }

  /** Throws ConnectionError for a frame beyond the size that we take. */
  feed(chunk: Buffer): void {
    let bytes = chunk;
    const rest = this.rest;
    if (rest !== undefined) {
      const have = rest.length + this.piecesLength + chunk.length;
      this.pieces.push(chunk);
      this.piecesLength += chunk.length;
      if (have < Math.max(this.needed, FRAME_HEADER_BYTES)) return;
      bytes = Buffer.concat([rest, ...this.pieces], have);
      this.rest = undefined;
      this.pieces = [];
      this.piecesLength = 0;
    }
    let at = 0;
    while (bytes.length - at >= FRAME_HEADER_BYTES) {
      const length = bytes.readUIntBE(at, 3);
      const type = bytes[at + 3] ?? 0;
      if (length > FRAME_SIZE_DEFAULT) {
        throw new ConnectionError(ErrorCode.FrameSizeError, `a frame of ${length} bytes`);
      }
      const end = at + FRAME_HEADER_BYTES + length;
      if (end > bytes.length) {
        this.keep(bytes, at, FRAME_HEADER_BYTES + length);
        return;
      }
      const flags = bytes[at + 4] ?? 0;
      const streamId = bytes.readUInt32BE(at + 5) & 0x7fffffff;
      this.sink.frame(type, flags, streamId, bytes.subarray(at + FRAME_HEADER_BYTES, end));
      at = end;
    }
    if (at < bytes.length) this.keep(bytes, at, 0);
  }

  private keep(bytes: Buffer, at: number, needed: number): void {
    this.rest = at === 0 ? bytes : bytes.subarray(at);
    this.needed = needed;
  }
}
