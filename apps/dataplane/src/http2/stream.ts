// One stream of a session: its two halves, its windows, and what waits to be sent.
import type { HeaderBlock } from '../exchange/header-block.ts';
import { UNKNOWN_LENGTH } from '../exchange/request-head.ts';
import type { FrameWriter } from './frame-writer.ts';
import { ErrorCode, type ErrorCodeValue, StreamError, WINDOW_MAX } from './protocol.ts';
import { ReceiveWindow } from './receive-window.ts';
import type { LocalSettings, PeerSettings } from './settings.ts';

/** What a stream needs of its session. */
export interface SessionCore {
  readonly writer: FrameWriter;
  readonly local: LocalSettings;
  readonly peer: PeerSettings;
  sendWindow: number;
  writeHeaders(streamId: number, pseudo: readonly string[], headers: HeaderBlock | undefined, isEnd: boolean): void;
  resetStream(stream: Http2Stream, errorCode: ErrorCodeValue): void;
  blocked(stream: Http2Stream): void;
  forget(stream: Http2Stream, isReset: boolean): void;
}

/** What the two sides of HTTP/2 do differently with a stream. */
export interface StreamEvents {
  /** Head, interim head or trailers: name, value, … Throws StreamError. */
  headersReceived(fields: string[], isEnd: boolean): void;
  dataReceived(data: Buffer): void;
  /** After the last data, when no trailers ended the stream. */
  endReceived(): void;
  /** The stream was cut off: by the peer, by the end of the connection, or by us for the fault that `error` tells. */
  streamReset(errorCode: number, error: StreamError | undefined): void;
  /** `sendData` returned false before; now there is room. */
  writable(): void;
}

/** A WINDOW_UPDATE goes out when this share of the window is used up. */
const GRANT_SHARE = 0.5;

const NO_FIELDS: readonly string[] = [];

export class Http2Stream {
  readonly id: number;
  readonly openedMs: number;
  events: StreamEvents | undefined;
  sendWindow: number;
  isLocalEnded = false;
  isRemoteEnded = false;
  isClosed = false;
  /** What the head announced, UNKNOWN_LENGTH = nothing (RFC 9113 §8.1.1). */
  expectedLength = UNKNOWN_LENGTH;
  private readonly session: SessionCore;
  private readonly receiveWindow: ReceiveWindow;
  private receivedLength = 0;
  private isPaused = false;
  private queue: Buffer[] | undefined;
  private isEndQueued = false;
  private isResetAfterEnd = false;
  private trailers: HeaderBlock | undefined;
  private isWritableAwaited = false;

  constructor(id: number, session: SessionCore, openedMs: number) {
    this.id = id;
    this.openedMs = openedMs;
    this.session = session;
    this.sendWindow = session.peer.initialWindowSize;
    this.receiveWindow = new ReceiveWindow(session.local.initialWindowSize, GRANT_SHARE);
  }

  private get isQueueEmpty(): boolean {
    return this.queue === undefined || this.queue.length === 0;
  }

  // ——— to the peer ———

  /** `pseudo`: name, value, … before those of `headers`. */
  sendHeaders(pseudo: readonly string[], headers: HeaderBlock | undefined, isEnd: boolean): void {
    if (this.isClosed || this.isLocalEnded) return;
    this.session.writeHeaders(this.id, pseudo, headers, isEnd);
    if (isEnd) this.localEnded();
  }

  /** False: wait for `writable`. */
  sendData(chunk: Buffer): boolean {
    if (this.isClosed || this.isLocalEnded || chunk.length === 0) return true;
    const { session } = this;
    const { length } = chunk;
    const { writer, peer } = session;
    if (this.isQueueEmpty && length <= this.sendWindow && length <= peer.maxFrameSize && this.mayWrite(length)) {
      this.sendWindow -= length;
      session.sendWindow -= length;
      writer.data(this.id, chunk, false);
    } else {
      this.queue ??= [];
      this.queue.push(chunk);
      this.pump();
    }
    if (this.isQueueEmpty && !writer.isFull) return true;
    this.isWritableAwaited = true;
    return false;
  }

  /** `thenReset`: what the peer still sends is of no use, and it is told so after the end (RFC 9113 §8.1). */
  sendEnd(trailers: HeaderBlock | undefined, thenReset: boolean): void {
    if (this.isClosed || this.isLocalEnded || this.isEndQueued) return;
    this.isEndQueued = true;
    this.isResetAfterEnd = thenReset;
    this.trailers = trailers;
    this.pump();
  }

  reset(errorCode: ErrorCodeValue): void {
    if (!this.isClosed) this.session.resetStream(this, errorCode);
  }

  /** Sends what the windows and the socket allow; the rest waits. */
  pump(): void {
    while (this.sendFrame()) if (this.isQueueEmpty) break;
    this.finishPump();
  }

  /** One frame, so that streams which wait for the same window take turns. */
  pumpFrame(): void {
    if (this.sendFrame() && !this.isQueueEmpty) this.session.blocked(this);
    this.finishPump();
  }

  notifyWritable(): void {
    if (!this.isWritableAwaited || !this.isQueueEmpty || this.session.writer.isFull) return;
    this.isWritableAwaited = false;
    this.events?.writable();
  }

  private mayWrite(length: number): boolean {
    return length <= this.session.sendWindow && !this.session.writer.isFull;
  }

  /** False: nothing to send, or it must wait. */
  private sendFrame(): boolean {
    const { session } = this;
    const chunk = this.queue?.[0];
    // A stream without window is pumped by its WINDOW_UPDATE.
    if (chunk === undefined || this.sendWindow <= 0) return false;
    if (!this.mayWrite(1)) {
      session.blocked(this);
      return false;
    }
    const size = Math.min(chunk.length, this.sendWindow, session.sendWindow, session.peer.maxFrameSize);
    if (size === chunk.length) this.queue?.shift();
    else if (this.queue !== undefined) this.queue[0] = chunk.subarray(size);
    this.sendWindow -= size;
    session.sendWindow -= size;
    session.writer.data(this.id, size === chunk.length ? chunk : chunk.subarray(0, size), false);
    return true;
  }

  private finishPump(): void {
    if (!this.isQueueEmpty) return;
    if (!this.isEndQueued) {
      this.notifyWritable();
      return;
    }
    this.isEndQueued = false;
    if (this.trailers !== undefined) this.session.writeHeaders(this.id, NO_FIELDS, this.trailers, true);
    else this.session.writer.end(this.id);
    this.localEnded();
  }

  /** Throws StreamError FLOW_CONTROL_ERROR. */
  grantSend(increment: number): void {
    this.sendWindow += increment;
    if (this.sendWindow > WINDOW_MAX)
      throw new StreamError(this.id, ErrorCode.FlowControlError, 'the window grew beyond 2^31-1');
    this.pumpIfWaiting();
  }

  pumpIfWaiting(): void {
    if (!this.isQueueEmpty) this.pump();
  }

  // ——— from the peer ———

  /** Stops the grants of window: what was granted may still come. */
  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    if (!this.isPaused) return;
    this.isPaused = false;
    this.grantReceive();
  }

  /** `size` counts padding too. Throws StreamError. */
  received(data: Buffer, size: number, isEnd: boolean): void {
    if (!this.receiveWindow.take(size))
      throw new StreamError(this.id, ErrorCode.FlowControlError, 'data beyond the window');
    this.receivedLength += data.length;
    this.checkLength(isEnd);
    if (isEnd) this.isRemoteEnded = true;
    if (data.length > 0) this.events?.dataReceived(data);
    if (isEnd) this.remoteEnded();
    else if (!this.isPaused) this.grantReceive();
  }

  /** Throws StreamError when the body and its announced length part (RFC 9113 §8.1.1). */
  checkLength(isEnd: boolean): void {
    const { expectedLength } = this;
    if (expectedLength === UNKNOWN_LENGTH) return;
    if (this.receivedLength > expectedLength || (isEnd && this.receivedLength < expectedLength))
      throw new StreamError(this.id, ErrorCode.ProtocolError, 'content-length and body differ');
  }

  closeIfDone(): void {
    if (this.isLocalEnded && this.isRemoteEnded && !this.isClosed) this.session.forget(this, false);
  }

  discard(): void {
    this.isClosed = true;
    this.queue = undefined;
    this.isEndQueued = false;
  }

  /** END_STREAM came with the last data. */
  private remoteEnded(): void {
    this.events?.endReceived();
    this.closeIfDone();
  }

  private localEnded(): void {
    this.isLocalEnded = true;
    if (this.isResetAfterEnd && !this.isRemoteEnded) this.session.resetStream(this, ErrorCode.NoError);
    else this.closeIfDone();
  }

  private grantReceive(): void {
    if (this.isClosed || this.isRemoteEnded) return;
    const increment = this.receiveWindow.grant();
    if (increment > 0) this.session.writer.windowUpdate(this.id, increment);
  }
}
