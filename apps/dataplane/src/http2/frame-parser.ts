// What each frame must look like by itself (RFC 9113 §4, §6): preface, lengths, padding, header blocks over CONTINUATION.
// What it means for the connection and its streams is the session's affair.
import { FrameReader, type FrameSink } from './frame-reader.ts';
import type { DecodedBlock, HpackDecoder } from './hpack/decoder.ts';
import { ConnectionError, ErrorCode, Flag, FrameType, PREFACE, StreamError } from './protocol.ts';

/** Takes whole, well-formed frames. Its methods may throw StreamError, which the parser leaves to `streamFailed`. */
export interface FrameHandler {
  headersFrame(streamId: number, block: DecodedBlock, isEndStream: boolean, dependsOnItself: boolean): void;
  /** `flowSize` counts padding too. */
  dataFrame(streamId: number, data: Buffer, flowSize: number, isEndStream: boolean): void;
  resetFrame(streamId: number, errorCode: number): void;
  settingsFrame(payload: Buffer): void;
  pingFrame(payload: Buffer, isAck: boolean): void;
  goAwayFrame(lastStreamId: number, errorCode: number): void;
  windowUpdateFrame(streamId: number, increment: number): void;
  /** Frames without effect: of unknown types, and PRIORITY. */
  ignoredFrame(what: string): void;
  streamFailed(error: StreamError): void;
}

/** Compressed bytes of one header block, and frames it may be spread over (CONTINUATION flood). */
const BLOCK_BYTES_MAX = 128 * 1_024;
const CONTINUATIONS_MAX = 16;

interface PendingBlock {
  readonly streamId: number;
  readonly isEndStream: boolean;
  readonly dependsOnItself: boolean;
  readonly pieces: Buffer[];
  length: number;
}

export class FrameParser implements FrameSink {
  private readonly handler: FrameHandler;
  private readonly decoder: HpackDecoder;
  private readonly reader = new FrameReader(this);
  private prefaceMissing: number;
  private isSettingsSeen = false;
  private block: PendingBlock | undefined;

  constructor(handler: FrameHandler, decoder: HpackDecoder, isServer: boolean) {
    this.handler = handler;
    this.decoder = decoder;
    this.prefaceMissing = isServer ? PREFACE.length : 0;
  }

  /** A header block has begun and not ended, or the connection has not. */
  get isPartial(): boolean {
    return this.block !== undefined || !this.isSettingsSeen;
  }

  /** Throws ConnectionError and HpackError. */
  feed(chunk: Buffer): void {
    const bytes = this.prefaceMissing > 0 ? this.takePreface(chunk) : chunk;
    if (bytes.length > 0) this.reader.feed(bytes);
  }

  frame(type: number, flags: number, streamId: number, payload: Buffer): void {
    try {
      this.dispatch(type, flags, streamId, payload);
    } catch (error) {
      if (!(error instanceof StreamError)) throw error;
      this.handler.streamFailed(error);
    }
  }

  private takePreface(chunk: Buffer): Buffer {
    const from = PREFACE.length - this.prefaceMissing;
    const length = Math.min(this.prefaceMissing, chunk.length);
    if (PREFACE.compare(chunk, 0, length, from, from + length) !== 0)
      throw new ConnectionError(ErrorCode.ProtocolError, 'not the preface of HTTP/2');
    this.prefaceMissing -= length;
    return chunk.subarray(length);
  }

  private dispatch(type: number, flags: number, streamId: number, payload: Buffer): void {
    if (this.block !== undefined && (type !== FrameType.Continuation || streamId !== this.block.streamId))
      throw new ConnectionError(ErrorCode.ProtocolError, 'a frame inside a header block');
    if (!this.isSettingsSeen && type !== FrameType.Settings)
      throw new ConnectionError(ErrorCode.ProtocolError, 'the first frame is not SETTINGS');
    switch (type) {
      case FrameType.Data:
        requireStream(streamId, 'DATA');
        this.handler.dataFrame(streamId, unpadded(flags, payload), payload.length, (flags & Flag.EndStream) !== 0);
        return;
      case FrameType.Headers:
        this.onHeaders(flags, streamId, payload);
        return;
      case FrameType.Priority:
        this.onPriority(streamId, payload);
        return;
      case FrameType.ResetStream:
        requireStream(streamId, 'RST_STREAM');
        requireLength(payload, 4, 'RST_STREAM');
        this.handler.resetFrame(streamId, payload.readUInt32BE(0));
        return;
      case FrameType.Settings:
        this.onSettings(flags, streamId, payload);
        return;
      case FrameType.PushPromise:
        throw new ConnectionError(ErrorCode.ProtocolError, 'PUSH_PROMISE, which nobody may send here');
      case FrameType.Ping:
        requireNoStream(streamId, 'PING');
        requireLength(payload, 8, 'PING');
        this.handler.pingFrame(payload, (flags & Flag.Ack) !== 0);
        return;
      case FrameType.GoAway:
        requireNoStream(streamId, 'GOAWAY');
        if (payload.length < 8) throw new ConnectionError(ErrorCode.FrameSizeError, 'GOAWAY too short');
        this.handler.goAwayFrame(payload.readUInt32BE(0) & 0x7fffffff, payload.readUInt32BE(4));
        return;
      case FrameType.WindowUpdate:
        requireLength(payload, 4, 'WINDOW_UPDATE');
        this.handler.windowUpdateFrame(streamId, payload.readUInt32BE(0) & 0x7fffffff);
        return;
      case FrameType.Continuation:
        this.onContinuation(flags, streamId, payload);
        return;
      default:
        // Of unknown types (RFC 9113 §5.5).
        this.handler.ignoredFrame('unknown frames');
    }
  }

  private onHeaders(flags: number, streamId: number, payload: Buffer): void {
    requireStream(streamId, 'HEADERS');
    let fragment = unpadded(flags, payload);
    let dependsOnItself = false;
    if ((flags & Flag.Priority) !== 0) {
      if (fragment.length < 5) throw new ConnectionError(ErrorCode.FrameSizeError, 'HEADERS too short');
      dependsOnItself = (fragment.readUInt32BE(0) & 0x7fffffff) === streamId;
      fragment = fragment.subarray(5);
    }
    const isEndStream = (flags & Flag.EndStream) !== 0;
    if ((flags & Flag.EndHeaders) !== 0) {
      // Decoded whatever becomes of the stream: the tables of both ends must stay in step.
      this.handler.headersFrame(streamId, this.decoder.decode(fragment), isEndStream, dependsOnItself);
      return;
    }
    this.block = { streamId, isEndStream, dependsOnItself, pieces: [fragment], length: fragment.length };
  }

  private onContinuation(flags: number, streamId: number, payload: Buffer): void {
    const { block } = this;
    if (block === undefined) throw new ConnectionError(ErrorCode.ProtocolError, 'CONTINUATION without HEADERS');
    block.pieces.push(payload);
    block.length += payload.length;
    if (block.length > BLOCK_BYTES_MAX || block.pieces.length > CONTINUATIONS_MAX + 1)
      throw new ConnectionError(ErrorCode.EnhanceYourCalm, 'a header block without end');
    if ((flags & Flag.EndHeaders) === 0) return;
    this.block = undefined;
    const fields = this.decoder.decode(Buffer.concat(block.pieces, block.length));
    this.handler.headersFrame(streamId, fields, block.isEndStream, block.dependsOnItself);
  }

  private onPriority(streamId: number, payload: Buffer): void {
    requireStream(streamId, 'PRIORITY');
    this.handler.ignoredFrame('PRIORITY frames');
    if (payload.length !== 5) throw new StreamError(streamId, ErrorCode.FrameSizeError, 'PRIORITY of a wrong length');
    if ((payload.readUInt32BE(0) & 0x7fffffff) === streamId)
      throw new StreamError(streamId, ErrorCode.ProtocolError, 'a stream depends on itself');
  }

  private onSettings(flags: number, streamId: number, payload: Buffer): void {
    requireNoStream(streamId, 'SETTINGS');
    if ((flags & Flag.Ack) !== 0) {
      requireLength(payload, 0, 'SETTINGS ACK');
      return;
    }
    this.isSettingsSeen = true;
    this.handler.settingsFrame(payload);
  }
}

function requireStream(streamId: number, frame: string): void {
  if (streamId === 0) throw new ConnectionError(ErrorCode.ProtocolError, `${frame} on stream 0`);
}

function requireNoStream(streamId: number, frame: string): void {
  if (streamId !== 0) throw new ConnectionError(ErrorCode.ProtocolError, `${frame} on a stream`);
}

function requireLength(payload: Buffer, length: number, frame: string): void {
  if (payload.length !== length) throw new ConnectionError(ErrorCode.FrameSizeError, `${frame} of a wrong length`);
}

function unpadded(flags: number, payload: Buffer): Buffer {
  if ((flags & Flag.Padded) === 0) return payload;
  const padding = payload[0];
  if (padding === undefined || padding >= payload.length)
    throw new ConnectionError(ErrorCode.ProtocolError, 'more padding than payload');
  return payload.subarray(1, payload.length - padding);
}
