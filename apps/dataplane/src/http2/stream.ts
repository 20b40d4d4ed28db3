// One stream of a session: its two halves, its windows, and what waits to be sent.
import type { FrameWriter } from './frame-writer.ts';
import { ErrorCode, type ErrorCodeValue, StreamError, WINDOW_MAX } from './protocol.ts';
import type { LocalSettings, PeerSettings } from './settings.ts';

/** What a stream needs of its session. */
export interface SessionCore {
  readonly writer: FrameWriter;
  readonly local: LocalSettings;
  readonly peer: PeerSettings;
  sendWindow: number;
  writeHeaders(streamId: number, fields: Iterable<readonly [string, string]>, isEnd: boolean): void;
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
  /** The peer, or the end of the connection, cut the stream off. */
  streamReset(errorCode: number): void;
  /** `sendData` returned false before; now there is room. */
  writable(): void;
}

/** No content-length was given. */
export const ANY_LENGTH = -1;

export class Http2Stream {
  readonly id: number;
  readonly #session: SessionCore;
  events: StreamEvents | undefined;
  sendWindow: number;
  isLocalEnded = false;
  isRemoteEnded = false;
  isClosed = false;
  /** What the head announced, `ANY_LENGTH` = nothing (RFC 9113 §8.1.1). */
  expectedLength = ANY_LENGTH;
  #receivedLength = 0;
  #receiveWindow: number;
  #unacknowledged = 0;
  #isPaused = false;
  #queue: Buffer[] = [];
  #isEndQueued = false;
  #trailers: readonly string[] | undefined;
  #isWritableAwaited = false;

  constructor(id: number, session: SessionCore, sendWindow: number, receiveWindow: number) {
    this.id = id;
    this.#session = session;
    this.sendWindow = sendWindow;
    this.#receiveWindow = receiveWindow;
  }

  get hasWaitingData(): boolean {
    return this.#queue.length > 0 || this.#isEndQueued;
  }

  // ——— to the peer ———

  /** `fields`: name, value, … with the pseudo-headers first. */
  sendHeaders(fields: Iterable<readonly [string, string]>, isEnd: boolean): void {
    if (this.isClosed || this.isLocalEnded) return;
    this.#session.writeHeaders(this.id, fields, isEnd);
    if (isEnd) this.#localEnded();
  }

  /** False: wait for `writable`. */
  sendData(chunk: Buffer): boolean {
    if (this.isClosed || this.isLocalEnded || chunk.length === 0) return true;
    this.#queue.push(chunk);
    this.pump();
    if (this.#queue.length === 0 && !this.#session.writer.isFull) return true;
    this.#isWritableAwaited = true;
    return false;
  }

  sendEnd(trailers?: readonly string[]): void {
    if (this.isClosed || this.isLocalEnded || this.#isEndQueued) return;
    this.#isEndQueued = true;
    this.#trailers = trailers;
    this.pump();
  }

  reset(errorCode: ErrorCodeValue): void {
    if (!this.isClosed) this.#session.resetStream(this, errorCode);
  }

  /** Sends what the windows allow; the rest waits for a WINDOW_UPDATE. */
  pump(): void {
    const session = this.#session;
    while (this.#queue.length > 0) {
      const chunk = this.#queue[0];
      if (chunk === undefined) break;
      const room = Math.min(this.sendWindow, session.sendWindow, session.peer.maxFrameSize);
      if (room <= 0) {
        session.blocked(this);
        return;
      }
      const size = Math.min(room, chunk.length);
      if (size === chunk.length) this.#queue.shift();
      else this.#queue[0] = chunk.subarray(size);
      this.sendWindow -= size;
      session.sendWindow -= size;
      session.writer.data(this.id, size === chunk.length ? chunk : chunk.subarray(0, size), false);
    }
    if (!this.#isEndQueued) {
      this.notifyWritable();
      return;
    }
    this.#isEndQueued = false;
    if (this.#trailers !== undefined && this.#trailers.length > 0)
      session.writeHeaders(this.id, pairs(this.#trailers), true);
    else session.writer.end(this.id);
    this.#localEnded();
  }

  notifyWritable(): void {
    if (!this.#isWritableAwaited || this.#queue.length > 0 || this.#session.writer.isFull) return;
    this.#isWritableAwaited = false;
    this.events?.writable();
  }

  /** Throws StreamError FLOW_CONTROL_ERROR. */
  grantSend(increment: number): void {
    this.sendWindow += increment;
    if (this.sendWindow > WINDOW_MAX) {
      throw new StreamError(this.id, ErrorCode.FlowControlError, 'the window grew beyond 2^31-1');
    }
    if (this.hasWaitingData) this.pump();
  }

  // ——— from the peer ———

  /** Stops the grants of window: what was granted may still come. */
  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#grantReceive();
  }

  /** `size` counts padding too. Throws StreamError. */
  received(data: Buffer, size: number, isEnd: boolean): void {
    if (size > this.#receiveWindow) {
      throw new StreamError(this.id, ErrorCode.FlowControlError, 'data beyond the window');
    }
    this.#receiveWindow -= size;
    this.#unacknowledged += size;
    this.#receivedLength += data.length;
    this.checkLength(isEnd);
    if (isEnd) this.isRemoteEnded = true;
    if (data.length > 0) this.events?.dataReceived(data);
    if (isEnd) this.remoteEnded();
    else if (!this.#isPaused) this.#grantReceive();
  }

  /** Throws StreamError when the body and its announced length part (RFC 9113 §8.1.1). */
  checkLength(isEnd: boolean): void {
    const { expectedLength } = this;
    if (expectedLength === ANY_LENGTH) return;
    if (this.#receivedLength > expectedLength || (isEnd && this.#receivedLength < expectedLength)) {
      throw new StreamError(this.id, ErrorCode.ProtocolError, 'content-length and body differ');
    }
  }

  /** END_STREAM came with the last data. */
  remoteEnded(): void {
    this.isRemoteEnded = true;
    this.events?.endReceived();
    this.closeIfDone();
  }

  closeIfDone(): void {
    if (this.isLocalEnded && this.isRemoteEnded && !this.isClosed) this.#session.forget(this, false);
  }

  discard(): void {
    this.isClosed = true;
    this.#queue = [];
    this.#isEndQueued = false;
  }

  #localEnded(): void {
    this.isLocalEnded = true;
    this.closeIfDone();
  }

  #grantReceive(): void {
    if (this.isClosed || this.isRemoteEnded) return;
    if (this.#unacknowledged < this.#session.local.initialWindowSize / 2) return;
    this.#session.writer.windowUpdate(this.id, this.#unacknowledged);
    this.#receiveWindow += this.#unacknowledged;
    this.#unacknowledged = 0;
  }
}

function* pairs(fields: readonly string[]): IterableIterator<readonly [string, string]> {
  for (let index = 0; index < fields.length; index += 2) yield [fields[index] ?? '', fields[index + 1] ?? ''];
}
