// Client side of HTTP/1.1 on one socket: one request at a time, its response parsed strictly, reuse only when it is sure.
import type { Socket } from 'node:net';
import type { HeaderBlock } from '../exchange/header-block.ts';
import { CONTENT_LENGTH } from '../exchange/known-headers.ts';
import { ProxyError } from '../exchange/proxy-error.ts';
import { type RequestHead, UNKNOWN_LENGTH } from '../exchange/request-head.ts';
import type { UpstreamHandler, UpstreamStream } from '../exchange/upstream-stream.ts';
import { ReusedReads } from '../tcp/reused-reads.ts';
import { ByteWriter } from './byte-writer.ts';
import { ChunkedDecoder, type ChunkedSink } from './chunked-decoder.ts';
import { HEAD_LIMITS, HeadParser } from './head-parser.ts';
import { ProtocolError } from './protocol-error.ts';
import { type ParsedResponse, responseOf } from './response-head.ts';

/** The pool that the connection belongs to. */
export interface ConnectionOwner {
  /** It can take the next request. */
  connectionIdle(connection: ClientConnection): void;
  /** Once, after which it is not to be used. */
  connectionClosed(connection: ClientConnection): void;
}

/** An upstream that sends more interim responses than this is broken. */
const INTERIM_RESPONSES_MAX = 32;

const State = { Idle: 0, Head: 1, LengthBody: 2, ChunkedBody: 3, UntilClose: 4, Tunnel: 5, Closed: 6 } as const;

export class ClientConnection implements UpstreamStream, ChunkedSink {
  /** What the upstream said about idle connections, 0 = nothing. */
  keepAliveMs = 0;
  /** By a switch of protocols. */
  readonly takesTunnels = true;
  /** Set by the pool while it is idle. */
  idleSinceMs = 0;
  private readonly socket: Socket;
  private readonly owner: ConnectionOwner;
  private readonly writer: ByteWriter;
  private readonly parser = new HeadParser('response', HEAD_LIMITS);
  /** What is read is overwritten by the next read of any connection: what is passed on is a copy. */
  private readonly isLent: boolean;
  private decoder: ChunkedDecoder | undefined;
  private state: number = State.Idle;
  private handler: UpstreamHandler | undefined;
  private method = '';
  private upgrade = '';
  private remaining = 0;
  private served = 0;
  private interimResponses = 0;
  private isChunkedRequest = false;
  private isRequestEnded = false;
  private isPeerEnded = false;
  private isResponsePersistent = true;
  private isUntouched = true;
  private isPaused = false;
  private flushedBefore = 0;

  constructor(socket: Socket, owner: ConnectionOwner) {
    this.socket = socket;
    this.owner = owner;
    this.writer = new ByteWriter(socket, () => this.handler?.requestDrained());
    const reads = ReusedReads.of(socket);
    this.isLent = reads !== undefined;
    if (reads === undefined) socket.on('data', (chunk: Buffer) => this.received(chunk));
    else {
      // Whether it goes on is said by pausing the socket.
      reads.deliver((chunk) => {
        this.received(chunk);
        return true;
      });
    }
    socket.on('end', () => this.peerEnded());
    socket.on('error', (error: Error) => this.closed(error));
    socket.on('close', () => this.closed(undefined));
  }

  get isReused(): boolean {
    return this.served > 1;
  }

  get isUsable(): boolean {
    return this.state === State.Idle && !this.socket.destroyed && this.socket.writable;
  }

  /** Claims the idle connection for one request. */
  begin(handler: UpstreamHandler): UpstreamStream {
    this.handler = handler;
    this.state = State.Head;
    this.served++;
    this.interimResponses = 0;
    this.flushedBefore = this.writer.flushedBytes;
    this.isUntouched = true;
    this.isRequestEnded = false;
    return this;
  }

  destroy(): void {
    this.socket.destroy();
  }

  // ——— to the upstream ———

  sendHead(request: RequestHead): void {
    const { headers, contentLength, upgrade } = request;
    this.method = request.method;
    this.upgrade = upgrade;
    this.isChunkedRequest = contentLength === UNKNOWN_LENGTH;
    let text = `${request.method} ${request.path} HTTP/1.1\r\n${headers.toLines()}`;
    if (this.isChunkedRequest) text += 'transfer-encoding: chunked\r\n';
    else if (contentLength > 0 && (headers.known & CONTENT_LENGTH) === 0)
      text += `content-length: ${contentLength}\r\n`;
    if (upgrade !== '') text += `connection: upgrade\r\nupgrade: ${upgrade}\r\n`;
    this.writer.writeText(`${text}\r\n`);
  }

  sendData(chunk: Buffer): boolean {
    if (this.handler === undefined || chunk.length === 0) return true;
    if (this.isChunkedRequest) {
      this.writer.writeText(`${chunk.length.toString(16)}\r\n`);
      this.writer.writeBytes(chunk);
      this.writer.writeText('\r\n');
    } else this.writer.writeBytes(chunk);
    return this.writer.takesMore();
  }

  sendEnd(trailers: HeaderBlock | undefined): void {
    if (this.handler === undefined || this.isRequestEnded) return;
    this.isRequestEnded = true;
    if (this.state === State.Tunnel) {
      this.writer.flush();
      this.socket.end();
      if (this.isPeerEnded) this.handler = undefined;
    } else if (this.isChunkedRequest) this.writer.writeText(`0\r\n${trailers?.toLines() ?? ''}\r\n`);
  }

  /**
   * The answer is not wanted, and one cannot know where it would end: the connection goes with it. Where nothing of the
   * request has left yet it is as good as before: a flood of requests that are given up at once must not cost a
   * connection each.
   */
  cancel(): void {
    const hasLeft = this.writer.flushedBytes !== this.flushedBefore;
    this.handler = undefined;
    this.writer.discard();
    if (this.state !== State.Head || hasLeft || !this.isUntouched || !this.socket.writable) {
      this.socket.destroy();
      return;
    }
    this.state = State.Idle;
    this.served--;
    this.resumeResponse();
    this.owner.connectionIdle(this);
  }

  pauseResponse(): void {
    if (this.isPaused) return;
    this.isPaused = true;
    this.socket.pause();
  }

  resumeResponse(): void {
    if (!this.isPaused) return;
    this.isPaused = false;
    this.socket.resume();
  }

  // ——— from the upstream ———

  private received(chunk: Buffer): void {
    if (this.handler === undefined) {
      // Bytes that nobody asked for would be taken for the answer to the next request.
      this.socket.destroy();
      return;
    }
    try {
      this.consume(chunk);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.fail(new ProxyError('malformedResponse', error.message));
    }
  }

  private consume(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      switch (this.state) {
        case State.Head: {
          this.isUntouched = false;
          const length = this.parser.feed(chunk, at);
          if (length === -1) return;
          at += length;
          this.startResponse(chunk.length - at);
          break;
        }
        case State.LengthBody: {
          const end = Math.min(chunk.length, at + this.remaining);
          this.remaining -= end - at;
          const data = at === 0 && end === chunk.length ? chunk : chunk.subarray(at, end);
          at = end;
          this.passOn(data);
          if (this.remaining === 0 && this.state === State.LengthBody) this.complete(undefined, chunk.length - at);
          break;
        }
        case State.ChunkedBody: {
          const { decoder } = this;
          if (decoder === undefined) return;
          at = decoder.decode(chunk, at, this);
          if (decoder.isDone && this.state === State.ChunkedBody) this.complete(decoder.trailers, chunk.length - at);
          break;
        }
        case State.UntilClose:
        case State.Tunnel:
          this.passOn(at === 0 ? chunk : chunk.subarray(at));
          return;
        default:
          return;
      }
    }
  }

  /** Of the chunked decoder. */
  chunkedData(data: Buffer): void {
    this.passOn(data);
  }

  private passOn(data: Buffer): void {
    this.handler?.responseData(this.isLent ? Buffer.from(data) : data);
  }

  private startResponse(bytesLeft: number): void {
    const { handler } = this;
    if (handler === undefined) return;
    const response = responseOf(this.parser, this.method);
    this.parser.reset();
    const { status } = response.head;
    if (status === 101) {
      if (this.upgrade === '' || response.upgrade !== this.upgrade)
        throw new ProtocolError(400, 'a switch of protocols that was not asked for');
      this.state = State.Tunnel;
      this.isResponsePersistent = false;
      // Each direction of a tunnel ends by itself, over TLS too.
      this.socket.allowHalfOpen = true;
      handler.responseStarted(response.head, true);
      return;
    }
    if (status < 200) {
      if (++this.interimResponses > INTERIM_RESPONSES_MAX) throw new ProtocolError(400, 'too many interim responses');
      handler.responseInformational(response.head);
      return;
    }
    this.startBody(response, handler, bytesLeft);
  }

  private startBody(response: ParsedResponse, handler: UpstreamHandler, bytesLeft: number): void {
    const { framing, head } = response;
    this.isResponsePersistent = response.isPersistent;
    this.keepAliveMs = response.keepAliveMs;
    switch (framing.mode) {
      case 'none':
        handler.responseStarted(head, false);
        if (this.handler === handler) this.complete(undefined, bytesLeft);
        return;
      case 'length':
        this.state = State.LengthBody;
        this.remaining = framing.contentLength;
        break;
      case 'chunked':
        this.state = State.ChunkedBody;
        this.decoder = new ChunkedDecoder(HEAD_LIMITS);
        break;
      case 'until-close':
        this.state = State.UntilClose;
        break;
    }
    handler.responseStarted(head, false);
  }

  /** The next request may go out on this connection only if both messages ended exactly and nothing follows. */
  private complete(trailers: HeaderBlock | undefined, bytesLeft: number): void {
    const { handler } = this;
    // Cancelled while its last bytes were handed on: the connection is on its way out.
    if (handler === undefined) return;
    this.handler = undefined;
    this.decoder = undefined;
    this.state = State.Idle;
    const isReusable = this.isResponsePersistent && this.isRequestEnded && bytesLeft === 0 && this.writer.isEmpty;
    if (isReusable) {
      this.resumeResponse();
      this.owner.connectionIdle(this);
    } else this.socket.destroy();
    handler.responseEnded(trailers);
  }

  private peerEnded(): void {
    if (this.state === State.UntilClose) this.complete(undefined, 0);
    else if (this.state === State.Tunnel) this.tunnelPeerEnded();
    else this.closed(undefined);
  }

  /** What the client still sends goes on; the socket closes when both sides have ended. */
  private tunnelPeerEnded(): void {
    const { handler } = this;
    this.isPeerEnded = true;
    if (this.isRequestEnded) this.handler = undefined;
    handler?.responseEnded(undefined);
  }

  private fail(error: ProxyError): void {
    const { handler, isUntouched } = this;
    this.handler = undefined;
    this.writer.discard();
    this.socket.destroy();
    handler?.upstreamFailed(error, isUntouched);
  }

  private closed(cause: Error | undefined): void {
    if (this.state === State.Closed) return;
    this.state = State.Closed;
    this.owner.connectionClosed(this);
    const what = cause === undefined ? 'before its response was complete' : cause.message;
    this.fail(new ProxyError('upstreamReset', what, cause === undefined ? undefined : { cause }));
  }
}
