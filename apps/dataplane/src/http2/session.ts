// One HTTP/2 connection (RFC 9113): streams, windows, limits and the ways it ends. Server and client differ in who opens
// streams and in what a head means; that is left to the owner.
import type { Socket } from 'node:net';
import type { HeaderBlock } from '../exchange/header-block.ts';
import { AbuseBudget } from './abuse-budget.ts';
import { EndedStreams } from './ended-streams.ts';
import { type FrameHandler, FrameParser } from './frame-parser.ts';
import { FrameWriter } from './frame-writer.ts';
import { type DecodedBlock, HpackDecoder } from './hpack/decoder.ts';
import { HpackEncoder } from './hpack/encoder.ts';
import { HpackError } from './hpack/hpack-error.ts';
import {
  ConnectionError,
  ErrorCode,
  type ErrorCodeValue,
  STREAM_ID_MAX,
  StreamError,
  WINDOW_DEFAULT,
  WINDOW_MAX,
} from './protocol.ts';
import { ReceiveWindow } from './receive-window.ts';
import {
  initialPeerSettings,
  type LocalSettings,
  readSettings,
  settingsEntries,
  UNLIMITED_STREAMS,
} from './settings.ts';
import { Http2Stream, type SessionCore, type StreamEvents } from './stream.ts';
import { StreamTable } from './stream-table.ts';

export interface SessionOwner {
  /** A peer opened a stream (servers only): who takes its events. */
  streamOpened(stream: Http2Stream): StreamEvents;
  /** A head beyond `maxHeaderListSize`: the owner answers. */
  headTooLarge(stream: Http2Stream): void;
  /** A stream beyond `maxConcurrentStreams`, or after we said that we go, was refused. */
  streamRefused(): void;
  /** A stream has ended, or the peer allows more: another may begin. */
  streamsChanged(): void;
  /** Once; every stream was reset before. `error` says why when it was not in order. */
  sessionClosed(error: Error | undefined): void;
}

export interface SessionOptions {
  readonly role: 'server' | 'client';
  readonly local: LocalSettings;
  readonly monotonic: () => number;
}

/** Our connection window: streams hold their own bounds, so this one only must not be in the way. */
const CONNECTION_WINDOW = 16 * 1_024 * 1_024;
const GRANT_SHARE = 0.25;
/** A peer that was told to go and stays. */
const CLOSE_WITHIN_MS = 1_000;
/** A peer that was told to go and does not take the rest of its responses. */
const UNREAD_WITHIN_MS = 15_000;
/** The largest table that our encoder fills, whatever the peer offers. */
const ENCODER_TABLE_BYTES_MAX = 4_096;
/** What a peer may cost us at once, see `abuse-budget.ts`. */
const FRAMES_BURST = 1_000;
const STREAMS_BURST = 1_000;
/**
 * What a peer may say about windows without being sent anything, and for each DATA frame that it is sent: some tell of
 * every read, for stream and connection.
 */
const WINDOW_UPDATES_BURST = 1_000;
const WINDOW_UPDATES_PER_DATA = 10;
/** All our requests may be given up at once, and each answer may come late in some frames. */
const LATE_FRAMES_BURST = 4_096;
/** A stream that its client resets before it is so old was opened to be reset. */
const RAPID_RESET_MS = 1_000;
/** Of the PINGs that go out with a GOAWAY. */
const DRAIN_PING = Buffer.from('draining', 'latin1');
const LIVENESS_PING = Buffer.from('are you?', 'latin1');

const HOST = 'host';
const NO_FIELD = '';

export class Http2Session implements SessionCore, FrameHandler {
  readonly local: LocalSettings;
  readonly peer = initialPeerSettings();
  readonly writer: FrameWriter;
  sendWindow = WINDOW_DEFAULT;
  /** Grows with everything that comes: a peer that is silent can be told from one that is not. */
  receivedChunks = 0;
  private readonly streams = new StreamTable<Http2Stream>();
  private readonly socket: Socket;
  private readonly owner: SessionOwner;
  private readonly isServer: boolean;
  private readonly parser: FrameParser;
  private readonly encoder = new HpackEncoder(ENCODER_TABLE_BYTES_MAX);
  private readonly monotonic: () => number;
  private readonly frameBudget: AbuseBudget;
  /** Apart from that of frames: a byte of data is soon sent, the work for a request that is thrown away is not small. */
  private readonly streamBudget: AbuseBudget;
  private readonly receiveWindow = new ReceiveWindow(CONNECTION_WINDOW, GRANT_SHARE);
  private readonly ended = new EndedStreams();
  private readonly blockedStreams = new Set<Http2Stream>();
  /** Its SETTINGS have come. */
  isPeerKnown = false;
  private isDraining = false;
  private isGoingAway = false;
  private isEnding = false;
  private isClosed = false;
  private lastPeerStream = 0;
  private nextStream = 1;
  private windowUpdates = 0;

  constructor(socket: Socket, owner: SessionOwner, options: SessionOptions) {
    const { local, role, monotonic } = options;
    this.socket = socket;
    this.owner = owner;
    this.local = local;
    this.isServer = role === 'server';
    this.writer = new FrameWriter(socket, () => this.drained());
    this.monotonic = monotonic;
    this.frameBudget = new AbuseBudget(this.isServer ? FRAMES_BURST : LATE_FRAMES_BURST, monotonic);
    this.streamBudget = new AbuseBudget(STREAMS_BURST, monotonic);
    const decoder = new HpackDecoder({ tableSizeMax: local.headerTableSize, listSizeMax: local.maxHeaderListSize });
    this.parser = new FrameParser(this, decoder, this.isServer);
    if (!this.isServer) this.writer.preface();
    this.writer.settings(settingsEntries(local, this.isServer));
    this.writer.windowUpdate(0, CONNECTION_WINDOW - WINDOW_DEFAULT);
    socket.on('data', (chunk: Buffer) => this.received(chunk));
    socket.on('error', (error: Error) => this.closed(error));
    socket.on('end', () => {
      this.writer.finish();
      socket.end();
    });
    socket.on('close', () => this.closed(undefined));
  }

  get openStreams(): number {
    return this.streams.size;
  }

  get isIdle(): boolean {
    return this.streams.size === 0;
  }

  /** The peer has begun something that only it can end: its preface, or a header block. */
  get isPartial(): boolean {
    return this.parser.isPartial;
  }

  /** Whether a client may open another stream now. */
  get canOpen(): boolean {
    return (
      !this.isGoingAway &&
      !this.isClosed &&
      this.streams.size < this.peer.maxConcurrentStreams &&
      this.nextStream < STREAM_ID_MAX
    );
  }

  /** Opens a stream of a client; ask `canOpen` before. */
  open(events: StreamEvents): Http2Stream {
    const stream = this.create(this.nextStream);
    this.nextStream += 2;
    stream.events = events;
    return stream;
  }

  /**
   * No new streams; the connection closes when the last one has ended. A server first only announces it, and takes what
   * is on its way, until the client has answered (RFC 9113 §6.8).
   */
  drain(): void {
    if (this.isDraining || this.isClosed) return;
    this.isDraining = true;
    if (!this.isServer) {
      this.goAway();
      return;
    }
    this.writer.goAway(STREAM_ID_MAX, ErrorCode.NoError, '');
    this.writer.ping(DRAIN_PING, false);
    setTimeout(() => this.goAway(), CLOSE_WITHIN_MS).unref();
  }

  /** Asks the peer for a sign of life. */
  ping(): void {
    this.writer.ping(LIVENESS_PING, false);
  }

  destroy(error?: Error): void {
    this.socket.destroy(error);
  }

  // ——— frames of the peer ———

  headersFrame(streamId: number, block: DecodedBlock, isEndStream: boolean, dependsOnItself: boolean): void {
    const known = this.streams.get(streamId);
    const stream = known ?? this.accept(streamId);
    if (stream === undefined) return;
    if (stream.isRemoteEnded) throw new StreamError(streamId, ErrorCode.StreamClosed, 'HEADERS after END_STREAM');
    if (dependsOnItself) throw new StreamError(streamId, ErrorCode.ProtocolError, 'a stream depends on itself');
    if (known === undefined && !block.isTooLarge) stream.events = this.owner.streamOpened(stream);
    if (isEndStream) stream.isRemoteEnded = true;
    if (block.isTooLarge) this.owner.headTooLarge(stream);
    else {
      if (known !== undefined && isEndStream) stream.checkLength(true);
      stream.events?.headersReceived(block.fields, isEndStream);
    }
    if (isEndStream) stream.closeIfDone();
  }

  dataFrame(streamId: number, data: Buffer, flowSize: number, isEndStream: boolean): void {
    if (!this.receiveWindow.take(flowSize))
      throw new ConnectionError(ErrorCode.FlowControlError, 'data beyond the window');
    const increment = this.receiveWindow.grant();
    if (increment > 0) this.writer.windowUpdate(0, increment);
    if (data.length > 0) this.frameBudget.earn();
    else if (!isEndStream) this.frameBudget.spend('empty DATA frames');
    const stream = this.streams.get(streamId);
    if (stream === undefined) {
      this.lateData(streamId);
      return;
    }
    if (stream.isRemoteEnded) throw new StreamError(streamId, ErrorCode.StreamClosed, 'DATA after END_STREAM');
    stream.received(data, flowSize, isEndStream);
  }

  resetFrame(streamId: number, errorCode: number): void {
    if (this.isIdleStream(streamId)) throw new ConnectionError(ErrorCode.ProtocolError, 'RST_STREAM on an idle stream');
    const stream = this.streams.get(streamId);
    // A reset right after the head throws our work away (rapid reset); one of a request that took its time does not.
    // Our own requests are a server's to reset.
    if (stream === undefined) {
      this.frameBudget.spend('late resets');
      return;
    }
    if (this.isServer && this.monotonic() - stream.openedMs < RAPID_RESET_MS) this.streamBudget.spend('resets');
    this.forget(stream, false);
    stream.events?.streamReset(errorCode, undefined);
  }

  settingsFrame(payload: Buffer): void {
    this.frameBudget.spend('SETTINGS frames');
    const { peer } = this;
    if (!this.isPeerKnown) {
      this.isPeerKnown = true;
      peer.maxConcurrentStreams = UNLIMITED_STREAMS;
    }
    const windowBefore = peer.initialWindowSize;
    readSettings(payload, peer, this.isServer);
    this.encoder.setCapacity(Math.min(ENCODER_TABLE_BYTES_MAX, peer.headerTableSize));
    const change = peer.initialWindowSize - windowBefore;
    if (change !== 0) {
      for (const stream of this.streams.list()) {
        if (stream.sendWindow + change > WINDOW_MAX)
          throw new ConnectionError(ErrorCode.FlowControlError, 'INITIAL_WINDOW_SIZE makes a window too large');
        stream.sendWindow += change;
      }
    }
    this.writer.settingsAck();
    if (change > 0) for (const stream of this.streams.list()) stream.pumpIfWaiting();
    this.owner.streamsChanged();
  }

  pingFrame(payload: Buffer, isAck: boolean): void {
    if (isAck) {
      if (this.isDraining && payload.equals(DRAIN_PING)) this.goAway();
      return;
    }
    this.frameBudget.spend('PING frames');
    this.writer.ping(payload, true);
  }

  goAwayFrame(lastStreamId: number): void {
    this.isGoingAway = true;
    if (!this.isServer) {
      for (const stream of this.streams.list()) {
        if (stream.id <= lastStreamId) continue;
        this.forget(stream, false);
        stream.events?.streamReset(ErrorCode.RefusedStream, undefined);
      }
    }
    if (this.isIdle) this.end();
  }

  windowUpdateFrame(streamId: number, increment: number): void {
    this.windowUpdates++;
    if (this.windowUpdates > WINDOW_UPDATES_BURST + WINDOW_UPDATES_PER_DATA * this.writer.dataFrames)
      this.frameBudget.spend('WINDOW_UPDATE frames');
    if (streamId === 0) {
      if (increment === 0) throw new ConnectionError(ErrorCode.ProtocolError, 'WINDOW_UPDATE by 0');
      this.sendWindow += increment;
      if (this.sendWindow > WINDOW_MAX) throw new ConnectionError(ErrorCode.FlowControlError, 'window beyond 2^31-1');
      this.pumpBlocked();
      return;
    }
    const stream = this.streams.get(streamId);
    if (stream === undefined) {
      // On a stream that has just ended it is only late (RFC 9113 §5.1).
      if (this.isIdleStream(streamId))
        throw new ConnectionError(ErrorCode.ProtocolError, 'WINDOW_UPDATE on an idle stream');
      this.frameBudget.spend('late WINDOW_UPDATE frames');
      return;
    }
    if (increment === 0) throw new StreamError(streamId, ErrorCode.ProtocolError, 'WINDOW_UPDATE by 0');
    stream.grantSend(increment);
  }

  ignoredFrame(what: string): void {
    this.frameBudget.spend(what);
  }

  streamFailed(error: StreamError): void {
    this.streamBudget.spend('malformed streams');
    const stream = this.streams.get(error.streamId);
    this.writer.resetStream(error.streamId, error.errorCode);
    if (stream === undefined) {
      this.ended.add(error.streamId, true);
      return;
    }
    this.forget(stream, true);
    stream.events?.streamReset(error.errorCode, error);
  }

  // ——— of the streams ———

  writeHeaders(streamId: number, pseudo: readonly string[], headers: HeaderBlock | undefined, isEnd: boolean): void {
    const { encoder } = this;
    encoder.begin();
    for (let index = 0; index < pseudo.length; index += 2) encoder.field(pseudo[index] ?? '', pseudo[index + 1] ?? '');
    // Requests name their host in :authority.
    headers?.visit(encoder, this.isServer ? NO_FIELD : HOST);
    this.writer.headers(streamId, encoder.end(), isEnd, this.peer.maxFrameSize);
  }

  resetStream(stream: Http2Stream, errorCode: ErrorCodeValue): void {
    this.writer.resetStream(stream.id, errorCode);
    this.forget(stream, true);
  }

  blocked(stream: Http2Stream): void {
    this.blockedStreams.add(stream);
  }

  forget(stream: Http2Stream, isReset: boolean): void {
    stream.discard();
    if (!this.streams.delete(stream.id)) return;
    this.blockedStreams.delete(stream);
    this.ended.add(stream.id, isReset);
    if (stream.isLocalEnded && stream.isRemoteEnded) {
      this.frameBudget.earn();
      this.streamBudget.earn();
    }
    if (this.isGoingAway && this.isIdle) this.end();
    else this.owner.streamsChanged();
  }

  // ——— inside ———

  private received(chunk: Buffer): void {
    if (this.isClosed) return;
    this.receivedChunks++;
    try {
      this.parser.feed(chunk);
      if (this.writer.isOverflowing)
        throw new ConnectionError(ErrorCode.EnhanceYourCalm, 'the peer asks but does not read');
    } catch (error) {
      this.fail(error);
    }
  }

  /** A HEADERS frame on a stream that is not open; undefined = it is to be ignored. */
  private accept(streamId: number): Http2Stream | undefined {
    if (!this.isServer || streamId % 2 === 0 || streamId <= this.lastPeerStream) {
      this.lateHeaders(streamId);
      return undefined;
    }
    this.lastPeerStream = streamId;
    if (this.isGoingAway || this.streams.size >= this.local.maxConcurrentStreams) {
      this.streamBudget.spend('refused streams');
      this.ended.add(streamId, true);
      this.writer.resetStream(streamId, ErrorCode.RefusedStream);
      this.owner.streamRefused();
      return undefined;
    }
    return this.create(streamId);
  }

  /** Returns when the stream was reset by us while this was on its way. */
  private lateHeaders(streamId: number): void {
    switch (this.ended.wasResetByUs(streamId)) {
      case true:
        this.frameBudget.spend('frames on reset streams');
        return;
      case false:
        throw new ConnectionError(ErrorCode.StreamClosed, `HEADERS on stream ${streamId}, which has ended`);
      default:
        // An answer to a request of ours that was given up long ago.
        if (!this.isServer && !this.isIdleStream(streamId)) this.frameBudget.spend('frames on reset streams');
        else
          throw new ConnectionError(ErrorCode.ProtocolError, `HEADERS on stream ${streamId}, which cannot be opened`);
    }
  }

  private lateData(streamId: number): void {
    if (this.isIdleStream(streamId))
      throw new ConnectionError(ErrorCode.ProtocolError, `DATA on idle stream ${streamId}`);
    if (this.ended.wasResetByUs(streamId) === false)
      throw new StreamError(streamId, ErrorCode.StreamClosed, `DATA on stream ${streamId}, which has ended`);
    this.frameBudget.spend('frames on reset streams');
  }

  private isIdleStream(streamId: number): boolean {
    const isPeers = (streamId % 2 === 1) === this.isServer;
    return isPeers ? streamId > this.lastPeerStream : this.isServer || streamId >= this.nextStream;
  }

  private create(streamId: number): Http2Stream {
    const stream = new Http2Stream(streamId, this, this.monotonic());
    this.streams.add(stream);
    return stream;
  }

  /** Streams that wait for the connection take turns: one that has more to send goes to the end of the line. */
  private pumpBlocked(): void {
    const { blockedStreams } = this;
    for (const stream of blockedStreams) {
      if (this.sendWindow <= 0 || this.writer.isFull) return;
      blockedStreams.delete(stream);
      stream.pumpFrame();
    }
  }

  private drained(): void {
    this.pumpBlocked();
    for (const stream of this.streams.list()) stream.notifyWritable();
  }

  // ——— ends ———

  private goAway(): void {
    if (this.isGoingAway || this.isClosed) return;
    this.isGoingAway = true;
    this.writer.goAway(this.lastPeerStream, ErrorCode.NoError, '');
    if (this.isIdle) this.end();
  }

  private fail(error: unknown): void {
    const isCompression = error instanceof HpackError;
    if (!(error instanceof ConnectionError) && !isCompression) throw error;
    const errorCode = isCompression ? ErrorCode.CompressionError : error.errorCode;
    this.writer.goAway(this.lastPeerStream, errorCode, error.message);
    this.end();
    setTimeout(() => this.socket.destroy(), CLOSE_WITHIN_MS).unref();
    this.closed(error);
  }

  /** Our half ends after what is written; a peer that keeps its own open, or stops to read, is cut off. */
  private end(): void {
    if (this.isEnding) return;
    this.isEnding = true;
    this.writer.finish();
    this.socket.end();
    this.closeWithin(CLOSE_WITHIN_MS);
  }

  private closeWithin(delayMs: number): void {
    const { socket } = this;
    const unread = socket.writableLength;
    setTimeout(() => {
      const { writableLength } = socket;
      if (writableLength > 0 && (writableLength < unread || delayMs < UNREAD_WITHIN_MS))
        this.closeWithin(writableLength < unread ? CLOSE_WITHIN_MS : UNREAD_WITHIN_MS);
      else socket.destroy();
    }, delayMs).unref();
  }

  private closed(error: Error | undefined): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.isGoingAway = true;
    const open = this.streams.list();
    this.streams.clear();
    for (const stream of open) {
      stream.discard();
      stream.events?.streamReset(ErrorCode.Cancel, undefined);
    }
    this.owner.sessionClosed(error);
  }
}
