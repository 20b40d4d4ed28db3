// One HTTP/2 connection (RFC 9113): frames in and out, streams, windows, limits. Server and client differ in who opens
// streams and in what a head means; that is left to the owner.
import type { Socket } from 'node:net';
import { AbuseBudget } from './abuse-budget.ts';
import { FrameReader, type FrameSink } from './frame-reader.ts';
import { FrameWriter } from './frame-writer.ts';
import { HpackDecoder } from './hpack/decoder.ts';
import { HpackEncoder } from './hpack/encoder.ts';
import { HpackError } from './hpack/hpack-error.ts';
import {
  ConnectionError,
  ErrorCode,
  type ErrorCodeValue,
  Flag,
  FrameType,
  PREFACE,
  StreamError,
  WINDOW_DEFAULT,
  WINDOW_MAX,
} from './protocol.ts';
import { initialPeerSettings, type LocalSettings, readSettings, settingsEntries } from './settings.ts';
import { Http2Stream, type SessionCore, type StreamEvents } from './stream.ts';

export interface SessionOwner {
  /** A peer opened a stream (servers only): who takes its events. */
  streamOpened(stream: Http2Stream): StreamEvents;
  /** A head beyond `maxHeaderListSize`: the owner answers. */
  headTooLarge(stream: Http2Stream): void;
  /** A stream has ended, or the peer allows more: another may begin. */
  streamsChanged(): void;
  /** The peer sent GOAWAY: no new streams on this connection. */
  goingAway(): void;
  /** Once; every stream was reset before. `error` says why when it was not in order. */
  sessionClosed(error: Error | undefined): void;
}

export interface SessionOptions {
  readonly role: 'server' | 'client';
  readonly local: LocalSettings;
  readonly monotonic: () => number;
}

/** Compressed bytes of one header block, and frames it may be spread over (CONTINUATION flood). */
const BLOCK_BYTES_MAX = 128 * 1_024;
const CONTINUATIONS_MAX = 16;
/** Ended streams that are remembered, to tell a late frame from a wrong one. */
const REMEMBERED_MAX = 256;
/** Our connection window: streams hold their own bounds, so this one only must not be in the way. */
const CONNECTION_WINDOW = 16 * 1_024 * 1_024;
/** A peer that was told to go and stays. */
const CLOSE_WITHIN_MS = 1_000;

interface PendingBlock {
  readonly streamId: number;
  readonly isEndStream: boolean;
  readonly dependsOnItself: boolean;
  pieces: Buffer[];
  length: number;
}

export class Http2Session implements SessionCore, FrameSink {
  readonly local: LocalSettings;
  readonly peer = initialPeerSettings();
  readonly writer: FrameWriter;
  readonly streams = new Map<number, Http2Stream>();
  sendWindow = WINDOW_DEFAULT;
  readonly #socket: Socket;
  readonly #owner: SessionOwner;
  readonly #isServer: boolean;
  readonly #reader: FrameReader;
  readonly #encoder = new HpackEncoder();
  readonly #decoder: HpackDecoder;
  readonly #budget: AbuseBudget;
  #prefaceMissing: number;
  #isSettingsSeen = false;
  #isGoingAway = false;
  #isClosed = false;
  #lastPeerStream = 0;
  #nextStream = 1;
  #block: PendingBlock | undefined;
  #receivedUnacknowledged = 0;
  #receiveWindow = CONNECTION_WINDOW;
  #blocked = new Set<Http2Stream>();
  readonly #remembered = new Map<number, boolean>();

  constructor(socket: Socket, owner: SessionOwner, options: SessionOptions) {
    this.#socket = socket;
    this.#owner = owner;
    this.local = options.local;
    this.#isServer = options.role === 'server';
    this.#prefaceMissing = this.#isServer ? PREFACE.length : 0;
    this.writer = new FrameWriter(socket);
    this.#reader = new FrameReader(this);
    this.#budget = new AbuseBudget(options.monotonic);
    this.#decoder = new HpackDecoder({
      tableSizeMax: options.local.headerTableSize,
      listSizeMax: options.local.maxHeaderListSize,
    });
    if (!this.#isServer) this.writer.preface();
    this.writer.settings(settingsEntries(options.local, this.#isServer));
    this.writer.windowUpdate(0, CONNECTION_WINDOW - WINDOW_DEFAULT);
    socket.on('data', (chunk: Buffer) => this.received(chunk));
    socket.on('drain', () => this.#drained());
    socket.on('error', (error: Error) => this.#closed(error));
    socket.on('end', () => socket.end());
    socket.on('close', () => this.#closed(undefined));
  }

  get isIdle(): boolean {
    return this.streams.size === 0;
  }

  /** Whether a client may open another stream now. */
  get canOpen(): boolean {
    return (
      !this.#isGoingAway &&
      !this.#isClosed &&
      this.streams.size < this.peer.maxConcurrentStreams &&
      this.#nextStream < 0x7fffffff
    );
  }

  get isGoingAway(): boolean {
    return this.#isGoingAway;
  }

  /** Opens a stream of a client; ask `canOpen` before. */
  open(events: StreamEvents): Http2Stream {
    const stream = this.#create(this.#nextStream);
    this.#nextStream += 2;
    stream.events = events;
    return stream;
  }

  /** No new streams; the connection closes when the last one has ended. */
  drain(): void {
    if (this.#isGoingAway || this.#isClosed) return;
    this.#isGoingAway = true;
    this.writer.goAway(this.#lastPeerStream, ErrorCode.NoError, '');
    if (this.isIdle) this.#end();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  // ——— from the peer ———

  /** Public for a connection whose first bytes somebody else has read. */
  received(chunk: Buffer): void {
    if (this.#isClosed) return;
    try {
      const bytes = this.#prefaceMissing > 0 ? this.#takePreface(chunk) : chunk;
      if (bytes.length > 0) this.#reader.feed(bytes);
      if (this.writer.isOverflowing && !this.#hasData()) {
        throw new ConnectionError(ErrorCode.EnhanceYourCalm, 'the peer asks but does not read');
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  frame(type: number, flags: number, streamId: number, payload: Buffer): void {
    if (this.#isClosed) return;
    try {
      this.#dispatch(type, flags, streamId, payload);
    } catch (error) {
      if (!(error instanceof StreamError)) throw error;
      this.#budget.spend('malformed streams');
      this.#streamFailed(error);
    }
  }

  #takePreface(chunk: Buffer): Buffer {
    const from = PREFACE.length - this.#prefaceMissing;
    const length = Math.min(this.#prefaceMissing, chunk.length);
    if (PREFACE.compare(chunk, 0, length, from, from + length) !== 0) {
      throw new ConnectionError(ErrorCode.ProtocolError, 'not the preface of HTTP/2');
    }
    this.#prefaceMissing -= length;
    return chunk.subarray(length);
  }

  #dispatch(type: number, flags: number, streamId: number, payload: Buffer): void {
    if (this.#block !== undefined && (type !== FrameType.Continuation || streamId !== this.#block.streamId)) {
      throw new ConnectionError(ErrorCode.ProtocolError, 'a frame inside a header block');
    }
    if (!this.#isSettingsSeen && type !== FrameType.Settings) {
      throw new ConnectionError(ErrorCode.ProtocolError, 'the first frame is not SETTINGS');
    }
    switch (type) {
      case FrameType.Data:
        this.#onData(flags, streamId, payload);
        return;
      case FrameType.Headers:
        this.#onHeaders(flags, streamId, payload);
        return;
      case FrameType.Priority:
        this.#onPriority(streamId, payload);
        return;
      case FrameType.ResetStream:
        this.#onResetStream(streamId, payload);
        return;
      case FrameType.Settings:
        this.#onSettings(flags, streamId, payload);
        return;
      case FrameType.PushPromise:
        throw new ConnectionError(ErrorCode.ProtocolError, 'PUSH_PROMISE, which nobody may send here');
      case FrameType.Ping:
        this.#onPing(flags, streamId, payload);
        return;
      case FrameType.GoAway:
        this.#onGoAway(streamId, payload);
        return;
      case FrameType.WindowUpdate:
        this.#onWindowUpdate(streamId, payload);
        return;
      case FrameType.Continuation:
        this.#onContinuation(flags, streamId, payload);
        return;
      default:
        // Frames of unknown types are ignored (RFC 9113 §5.5), but not without limit.
        this.#budget.spend('unknown frames');
    }
  }

  #onData(flags: number, streamId: number, payload: Buffer): void {
    if (streamId === 0) throw new ConnectionError(ErrorCode.ProtocolError, 'DATA on stream 0');
    this.#connectionReceived(payload.length);
    const data = unpadded(flags, payload);
    const isEnd = (flags & Flag.EndStream) !== 0;
    if (data.length === 0 && !isEnd) this.#budget.spend('empty DATA frames');
    const stream = this.streams.get(streamId);
    if (stream === undefined) {
      this.#lateFrame(streamId, 'DATA');
      return;
    }
    if (stream.isRemoteEnded) throw new StreamError(streamId, ErrorCode.StreamClosed, 'DATA after END_STREAM');
    stream.received(data, payload.length, isEnd);
  }

  #connectionReceived(size: number): void {
    if (size > this.#receiveWindow) throw new ConnectionError(ErrorCode.FlowControlError, 'data beyond the window');
    this.#receiveWindow -= size;
    this.#receivedUnacknowledged += size;
    if (this.#receivedUnacknowledged < CONNECTION_WINDOW / 4) return;
    this.writer.windowUpdate(0, this.#receivedUnacknowledged);
    this.#receiveWindow += this.#receivedUnacknowledged;
    this.#receivedUnacknowledged = 0;
  }

  #onHeaders(flags: number, streamId: number, payload: Buffer): void {
    if (streamId === 0) throw new ConnectionError(ErrorCode.ProtocolError, 'HEADERS on stream 0');
    let fragment = unpadded(flags, payload);
    let dependsOnItself = false;
    if ((flags & Flag.Priority) !== 0) {
      if (fragment.length < 5) throw new ConnectionError(ErrorCode.FrameSizeError, 'HEADERS too short');
      dependsOnItself = (fragment.readUInt32BE(0) & 0x7fffffff) === streamId;
      fragment = fragment.subarray(5);
    }
    const isEndStream = (flags & Flag.EndStream) !== 0;
    if ((flags & Flag.EndHeaders) !== 0) {
      this.#blockComplete(streamId, fragment, isEndStream, dependsOnItself);
      return;
    }
    this.#block = { streamId, isEndStream, dependsOnItself, pieces: [fragment], length: fragment.length };
  }

  #onContinuation(flags: number, streamId: number, payload: Buffer): void {
    const block = this.#block;
    if (block === undefined) throw new ConnectionError(ErrorCode.ProtocolError, 'CONTINUATION without HEADERS');
    block.pieces.push(payload);
    block.length += payload.length;
    if (block.length > BLOCK_BYTES_MAX || block.pieces.length > CONTINUATIONS_MAX + 1) {
      throw new ConnectionError(ErrorCode.EnhanceYourCalm, 'a header block without end');
    }
    if ((flags & Flag.EndHeaders) === 0) return;
    this.#block = undefined;
    this.#blockComplete(streamId, Buffer.concat(block.pieces, block.length), block.isEndStream, block.dependsOnItself);
  }

  /** The block is decoded whatever becomes of its stream: the tables of both ends must stay in step. */
  #blockComplete(streamId: number, block: Buffer, isEndStream: boolean, dependsOnItself: boolean): void {
    const { fields, isTooLarge } = this.#decoder.decode(block);
    const known = this.streams.get(streamId);
    const stream = known ?? this.#accept(streamId);
    if (stream === undefined) return;
    if (stream.isRemoteEnded) throw new StreamError(streamId, ErrorCode.StreamClosed, 'HEADERS after END_STREAM');
    if (dependsOnItself) throw new StreamError(streamId, ErrorCode.ProtocolError, 'a stream depends on itself');
    if (known === undefined && !isTooLarge) stream.events = this.#owner.streamOpened(stream);
    if (isEndStream) stream.isRemoteEnded = true;
    if (isTooLarge) this.#owner.headTooLarge(stream);
    else stream.events?.headersReceived(fields, isEndStream);
    if (isEndStream && !stream.isClosed) stream.closeIfDone();
  }

  /** A HEADERS frame on a stream that is not open; undefined = it is to be ignored. */
  #accept(streamId: number): Http2Stream | undefined {
    if (!this.#isServer || streamId % 2 === 0 || streamId <= this.#lastPeerStream) {
      if (this.#lateHeaders(streamId)) return undefined;
      throw new ConnectionError(ErrorCode.ProtocolError, `HEADERS on stream ${streamId}, which cannot be opened`);
    }
    this.#lastPeerStream = streamId;
    if (this.#isGoingAway || this.streams.size >= this.local.maxConcurrentStreams) {
      this.#budget.spend('refused streams');
      this.#remember(streamId, true);
      this.writer.resetStream(streamId, ErrorCode.RefusedStream);
      return undefined;
    }
    return this.#create(streamId);
  }

  /** True: the stream was reset by us while this was on its way. */
  #lateHeaders(streamId: number): boolean {
    const wasResetByUs = this.#remembered.get(streamId);
    if (wasResetByUs === undefined) return false;
    if (!wasResetByUs)
      throw new ConnectionError(ErrorCode.StreamClosed, `HEADERS on stream ${streamId}, which has ended`);
    this.#budget.spend('frames on reset streams');
    return true;
  }

  #lateFrame(streamId: number, what: string): void {
    if (this.#isIdleStream(streamId)) {
      throw new ConnectionError(ErrorCode.ProtocolError, `${what} on idle stream ${streamId}`);
    }
    if (this.#remembered.get(streamId) === true) {
      this.#budget.spend('frames on reset streams');
      return;
    }
    throw new StreamError(streamId, ErrorCode.StreamClosed, `${what} on stream ${streamId}, which has ended`);
  }

  #isIdleStream(streamId: number): boolean {
    const isPeers = (streamId % 2 === 1) === this.#isServer;
    return isPeers ? streamId > this.#lastPeerStream : this.#isServer || streamId >= this.#nextStream;
  }

  #onPriority(streamId: number, payload: Buffer): void {
    this.#budget.spend('PRIORITY frames');
    if (streamId === 0) throw new ConnectionError(ErrorCode.ProtocolError, 'PRIORITY on stream 0');
    if (payload.length !== 5) throw new StreamError(streamId, ErrorCode.FrameSizeError, 'PRIORITY of a wrong length');
    if ((payload.readUInt32BE(0) & 0x7fffffff) === streamId) {
      throw new StreamError(streamId, ErrorCode.ProtocolError, 'a stream depends on itself');
    }
  }

  #onResetStream(streamId: number, payload: Buffer): void {
    if (streamId === 0 || this.#isIdleStream(streamId)) {
      throw new ConnectionError(ErrorCode.ProtocolError, 'RST_STREAM on an idle stream');
    }
    if (payload.length !== 4) throw new ConnectionError(ErrorCode.FrameSizeError, 'RST_STREAM of a wrong length');
    const stream = this.streams.get(streamId);
    // A reset of a finished stream costs nothing; of an open one it throws our work away (rapid reset).
    this.#budget.spend('resets');
    if (stream === undefined) return;
    this.forget(stream, false);
    stream.events?.streamReset(payload.readUInt32BE(0));
  }

  #onSettings(flags: number, streamId: number, payload: Buffer): void {
    if (streamId !== 0) throw new ConnectionError(ErrorCode.ProtocolError, 'SETTINGS on a stream');
    if ((flags & Flag.Ack) !== 0) {
      if (payload.length !== 0) throw new ConnectionError(ErrorCode.FrameSizeError, 'SETTINGS ACK with a payload');
      return;
    }
    this.#isSettingsSeen = true;
    this.#budget.spend('SETTINGS frames');
    const windowBefore = this.peer.initialWindowSize;
    readSettings(payload, this.peer);
    this.#encoder.setCapacity(Math.min(4_096, this.peer.headerTableSize));
    const change = this.peer.initialWindowSize - windowBefore;
    if (change !== 0) {
      for (const stream of this.streams.values()) {
        if (stream.sendWindow + change > WINDOW_MAX) {
          throw new ConnectionError(ErrorCode.FlowControlError, 'INITIAL_WINDOW_SIZE makes a window too large');
        }
        stream.sendWindow += change;
      }
    }
    this.writer.settingsAck();
    if (change > 0) this.#pumpBlocked();
    this.#owner.streamsChanged();
  }

  #onPing(flags: number, streamId: number, payload: Buffer): void {
    if (streamId !== 0) throw new ConnectionError(ErrorCode.ProtocolError, 'PING on a stream');
    if (payload.length !== 8) throw new ConnectionError(ErrorCode.FrameSizeError, 'PING of a wrong length');
    if ((flags & Flag.Ack) !== 0) return;
    this.#budget.spend('PING frames');
    this.writer.ping(payload, true);
  }

  #onGoAway(streamId: number, payload: Buffer): void {
    if (streamId !== 0) throw new ConnectionError(ErrorCode.ProtocolError, 'GOAWAY on a stream');
    if (payload.length < 8) throw new ConnectionError(ErrorCode.FrameSizeError, 'GOAWAY too short');
    const lastStream = payload.readUInt32BE(0) & 0x7fffffff;
    this.#isGoingAway = true;
    if (!this.#isServer) {
      for (const stream of [...this.streams.values()]) {
        if (stream.id <= lastStream) continue;
        this.forget(stream, false);
        stream.events?.streamReset(ErrorCode.RefusedStream);
      }
    }
    this.#owner.goingAway();
    if (this.isIdle) this.#end();
  }

  #onWindowUpdate(streamId: number, payload: Buffer): void {
    if (payload.length !== 4) throw new ConnectionError(ErrorCode.FrameSizeError, 'WINDOW_UPDATE of a wrong length');
    const increment = payload.readUInt32BE(0) & 0x7fffffff;
    if (streamId === 0) {
      if (increment === 0) throw new ConnectionError(ErrorCode.ProtocolError, 'WINDOW_UPDATE by 0');
      this.sendWindow += increment;
      if (this.sendWindow > WINDOW_MAX) throw new ConnectionError(ErrorCode.FlowControlError, 'window beyond 2^31-1');
      this.#pumpBlocked();
      return;
    }
    const stream = this.streams.get(streamId);
    if (stream === undefined) {
      // On a stream that has just ended it is only late (RFC 9113 §5.1).
      if (this.#isIdleStream(streamId))
        throw new ConnectionError(ErrorCode.ProtocolError, 'WINDOW_UPDATE on an idle stream');
      this.#budget.spend('late WINDOW_UPDATE frames');
      return;
    }
    if (increment === 0) throw new StreamError(streamId, ErrorCode.ProtocolError, 'WINDOW_UPDATE by 0');
    stream.grantSend(increment);
  }

  // ——— of the streams ———

  writeHeaders(streamId: number, fields: Iterable<readonly [string, string]>, isEnd: boolean): void {
    const encoder = this.#encoder;
    encoder.begin();
    for (const [name, value] of fields) encoder.field(name, value);
    this.writer.headers(streamId, encoder.end(), isEnd, this.peer.maxFrameSize);
  }

  resetStream(stream: Http2Stream, errorCode: ErrorCodeValue): void {
    this.writer.resetStream(stream.id, errorCode);
    this.forget(stream, true);
  }

  blocked(stream: Http2Stream): void {
    this.#blocked.add(stream);
  }

  forget(stream: Http2Stream, isReset: boolean): void {
    stream.discard();
    if (!this.streams.delete(stream.id)) return;
    this.#blocked.delete(stream);
    this.#remember(stream.id, isReset);
    if (this.#isGoingAway && this.isIdle) this.#end();
    else this.#owner.streamsChanged();
  }

  #create(streamId: number): Http2Stream {
    const stream = new Http2Stream(streamId, this, this.peer.initialWindowSize, this.local.initialWindowSize);
    this.streams.set(streamId, stream);
    return stream;
  }

  #remember(streamId: number, isReset: boolean): void {
    this.#remembered.set(streamId, isReset);
    if (this.#remembered.size <= REMEMBERED_MAX) return;
    for (const oldest of this.#remembered.keys()) {
      this.#remembered.delete(oldest);
      return;
    }
  }

  /** Streams that wait for the connection's window take turns. */
  #pumpBlocked(): void {
    const waiting = this.#blocked;
    this.#blocked = new Set();
    for (const stream of waiting) if (!stream.isClosed) stream.pump();
  }

  #drained(): void {
    for (const stream of this.streams.values()) stream.notifyWritable();
  }

  #hasData(): boolean {
    for (const stream of this.streams.values()) if (!stream.isLocalEnded) return true;
    return false;
  }

  // ——— ends ———

  #streamFailed(error: StreamError): void {
    const stream = this.streams.get(error.streamId);
    this.writer.resetStream(error.streamId, error.errorCode);
    if (stream === undefined) {
      this.#remember(error.streamId, true);
      return;
    }
    this.forget(stream, true);
    stream.events?.streamReset(error.errorCode);
  }

  #fail(error: unknown): void {
    const isCompression = error instanceof HpackError;
    if (!(error instanceof ConnectionError) && !isCompression) throw error;
    const errorCode = isCompression ? ErrorCode.CompressionError : error.errorCode;
    this.writer.goAway(this.#lastPeerStream, errorCode, error.message);
    this.#end();
    this.#closed(error);
  }

  /** Our half ends after what is written; a peer that keeps its own open is cut off. */
  #end(): void {
    this.writer.flush();
    const socket = this.#socket;
    socket.end();
    setTimeout(() => socket.destroy(), CLOSE_WITHIN_MS).unref();
  }

  #closed(error: Error | undefined): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#isGoingAway = true;
    const open = [...this.streams.values()];
    this.streams.clear();
    for (const stream of open) {
      stream.discard();
      stream.events?.streamReset(ErrorCode.Cancel);
    }
    this.#owner.sessionClosed(error);
  }
}

function unpadded(flags: number, payload: Buffer): Buffer {
  if ((flags & Flag.Padded) === 0) return payload;
  const padding = payload[0];
  if (padding === undefined || padding >= payload.length) {
    throw new ConnectionError(ErrorCode.ProtocolError, 'more padding than payload');
  }
  return payload.subarray(1, payload.length - padding);
}
