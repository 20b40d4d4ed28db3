// Server side of HTTP/1.1 on one socket: requests in order, one exchange at a time, responses framed for the client.
import type { Socket } from 'node:net';
import { type ConnectionFacts, Exchange, type ResponseHead, type ResponseSink } from '../exchange/exchange.ts';
import type { HeaderBlock } from '../exchange/header-block.ts';
import { CONTENT_LENGTH } from '../exchange/known-headers.ts';
import { ProxyError } from '../exchange/proxy-error.ts';
import { UNKNOWN_LENGTH } from '../exchange/request-head.ts';
import { type TimerTarget, WheelTimer } from '../exchange/timer-wheel.ts';
import type { ServedConnection, ServerContext } from '../listener/server-context.ts';
import { ByteWriter } from './byte-writer.ts';
import { ChunkedDecoder, type ChunkedSink } from './chunked-decoder.ts';
import { HEAD_LIMITS, HeadParser } from './head-parser.ts';
import { ProtocolError } from './protocol-error.ts';
import { refusalText } from './refusal.ts';
import { requestOf } from './request-head.ts';
import { statusLine } from './status-line.ts';

const State = { Head: 0, LengthBody: 1, ChunkedBody: 2, Waiting: 3, Tunnel: 4, Closing: 5 } as const;

export class ServerConnection implements ServedConnection, ResponseSink, ChunkedSink, TimerTarget {
  private readonly socket: Socket;
  private readonly facts: ConnectionFacts;
  private readonly context: ServerContext;
  private readonly writer: ByteWriter;
  private readonly parser = new HeadParser('request', HEAD_LIMITS);
  private readonly timer = new WheelTimer(this);
  private decoder: ChunkedDecoder | undefined;
  private state: number = State.Head;
  private exchange: Exchange | undefined;
  private remaining = 0;
  private versionMinor = 1;
  private isPersistent = true;
  private isChunkedResponse = false;
  private isBodyless = false;
  private isResponseEnded = false;
  private isClientEnded = false;
  private isReadPaused = false;
  private pipelined: Buffer | undefined;
  private headStartedMs = 0;
  private idleSinceMs: number;
  private closingSinceMs = 0;

  constructor(socket: Socket, facts: ConnectionFacts, context: ServerContext) {
    this.socket = socket;
    this.facts = facts;
    this.context = context;
    this.writer = new ByteWriter(socket, () => this.exchange?.responseDrained());
    this.idleSinceMs = context.monotonic();
    context.wheel.arm(this.timer, this.idleSinceMs + context.timeouts.headTimeoutMs);
    socket.on('data', (chunk: Buffer) => this.received(chunk));
    socket.on('end', () => this.clientEnded());
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.closed());
  }

  get isIdle(): boolean {
    return this.state === State.Head && !this.parser.isPartial;
  }

  destroy(): void {
    this.socket.destroy();
  }

  /** Nothing to say ahead of the next response: HTTP/1.1 has no word for it. */
  drain(): void {}

  // ——— from the client ———

  private received(chunk: Buffer): void {
    try {
      this.consume(chunk);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.refuse(error);
    }
  }

  private consume(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      switch (this.state) {
        case State.Head: {
          const length = this.parser.feed(chunk, at);
          if (length === -1) {
            this.headBegun();
            return;
          }
          at += length;
          this.startExchange();
          break;
        }
        case State.LengthBody: {
          const end = Math.min(chunk.length, at + this.remaining);
          this.remaining -= end - at;
          this.exchange?.requestData(at === 0 && end === chunk.length ? chunk : chunk.subarray(at, end));
          at = end;
          if (this.remaining === 0 && this.state === State.LengthBody) this.requestComplete(undefined);
          break;
        }
        case State.ChunkedBody: {
          const decoder = this.decoder;
          if (decoder === undefined) return;
          at = decoder.decode(chunk, at, this);
          if (decoder.isDone && this.state === State.ChunkedBody) this.requestComplete(decoder.trailers);
          break;
        }
        case State.Tunnel:
          this.exchange?.requestData(at === 0 ? chunk : chunk.subarray(at));
          return;
        case State.Waiting:
          this.hold(at === 0 ? chunk : chunk.subarray(at));
          return;
        default:
          return;
      }
    }
  }

  /** Of the chunked decoder. */
  chunkedData(data: Buffer): void {
    if (this.state === State.ChunkedBody) this.exchange?.requestData(data);
  }

  private startExchange(): void {
    const { head, framing, versionMinor, isPersistent } = requestOf(this.parser, this.facts.client?.scheme === 'https');
    this.parser.reset();
    this.headStartedMs = 0;
    this.versionMinor = versionMinor;
    this.isPersistent = isPersistent;
    this.isResponseEnded = false;
    const exchange = new Exchange(head, this.facts, this, this.context.monotonic());
    this.exchange = exchange;
    if (framing.mode === 'length') {
      this.state = State.LengthBody;
      this.remaining = framing.contentLength;
    } else if (framing.mode === 'chunked') {
      this.state = State.ChunkedBody;
      this.decoder = new ChunkedDecoder(HEAD_LIMITS);
    } else {
      this.state = State.Waiting;
      // An offer to switch protocols stays open: if it is taken, the client's bytes follow.
      exchange.isRequestEnded = head.upgrade === '';
    }
    this.context.handler.requestStarted(exchange);
  }

  private requestComplete(trailers: HeaderBlock | undefined): void {
    this.state = State.Waiting;
    this.decoder = undefined;
    this.exchange?.requestEnded(trailers);
  }

  /** A pipelined request waits for its turn; reading stops, so what waits is bounded by one read. */
  private hold(chunk: Buffer): void {
    this.pipelined = this.pipelined === undefined ? chunk : Buffer.concat([this.pipelined, chunk]);
    this.socket.pause();
  }

  private headBegun(): void {
    if (this.headStartedMs !== 0) return;
    this.headStartedMs = this.context.monotonic();
    this.context.wheel.arm(this.timer, this.headStartedMs + this.context.timeouts.headTimeoutMs);
  }

  private refuse(error: ProtocolError): void {
    const { exchange } = this;
    this.context.handler.requestRefused(error.rejection, error.message);
    if (exchange !== undefined) {
      const canAnswer = !exchange.isResponseStarted;
      exchange.requestAborted(new ProxyError('malformedRequest', error.message));
      this.exchange = undefined;
      if (!canAnswer) {
        this.socket.destroy();
        return;
      }
    }
    if (!error.isForeign) this.writer.writeText(refusalText(error.status, Date.now()));
    this.closeGently();
  }

  private clientEnded(): void {
    this.isClientEnded = true;
    const { exchange } = this;
    switch (this.state) {
      case State.Tunnel:
        exchange?.requestEnded(undefined);
        if (this.isResponseEnded) this.socket.end();
        return;
      case State.Waiting:
        this.isPersistent = false;
        // A peer over TLS never half-closes: it is gone, and so is the use of the answer.
        if (this.facts.peer !== undefined) this.socket.destroy();
        return;
      case State.LengthBody:
      case State.ChunkedBody:
        this.socket.destroy();
        return;
      default:
        this.writer.flush();
        this.socket.end();
    }
  }

  private closed(): void {
    this.context.wheel.disarm(this.timer);
    this.state = State.Closing;
    const { exchange } = this;
    this.exchange = undefined;
    exchange?.requestAborted(
      new ProxyError('clientGone', 'the connection was closed before the response was complete'),
    );
    this.context.connectionClosed(this);
  }

  // ——— to the client ———

  sendInformational(head: ResponseHead): void {
    if (this.versionMinor === 0 || this.state === State.Closing) return;
    head.headers.remove('content-length');
    this.writer.writeText(`${statusLine(head.status, head.reason)}${head.headers.toLines()}\r\n`);
  }

  sendHead(head: ResponseHead, isUpgrade: boolean): void {
    const { exchange } = this;
    if (exchange === undefined || this.state === State.Closing) return;
    if (isUpgrade) {
      this.startTunnel(exchange, head);
      return;
    }
    const { status, headers, contentLength } = head;
    if (exchange.request.upgrade !== '' && !exchange.isRequestEnded) exchange.requestEnded(undefined);
    if (!exchange.isRequestEnded || this.context.isDraining || this.isClientEnded) this.isPersistent = false;
    this.isBodyless = status === 204 || status === 304 || exchange.request.method === 'HEAD';
    if (status === 204) headers.remove('content-length');
    this.isChunkedResponse = !this.isBodyless && contentLength === UNKNOWN_LENGTH && this.versionMinor === 1;
    let text = statusLine(status, head.reason) + headers.toLines();
    if (this.isChunkedResponse) text += 'transfer-encoding: chunked\r\n';
    else if (!this.isBodyless) {
      if (contentLength === UNKNOWN_LENGTH) this.isPersistent = false;
      else if ((headers.known & CONTENT_LENGTH) === 0) text += `content-length: ${contentLength}\r\n`;
    }
    if (!this.isPersistent) text += 'connection: close\r\n';
    else if (this.versionMinor === 0) text += 'connection: keep-alive\r\n';
    this.writer.writeText(`${text}\r\n`);
  }

  sendData(chunk: Buffer): boolean {
    if (this.state === State.Closing || this.isBodyless || chunk.length === 0) return true;
    if (this.isChunkedResponse) {
      this.writer.writeText(`${chunk.length.toString(16)}\r\n`);
      this.writer.writeBytes(chunk);
      this.writer.writeText('\r\n');
    } else this.writer.writeBytes(chunk);
    return this.writer.takesMore();
  }

  sendEnd(trailers: HeaderBlock | undefined): void {
    if (this.state === State.Closing) return;
    this.isResponseEnded = true;
    if (this.state === State.Tunnel) {
      this.writer.flush();
      this.socket.end();
      return;
    }
    if (this.isChunkedResponse) this.writer.writeText(`0\r\n${trailers?.toLines() ?? ''}\r\n`);
    if (this.exchange?.isRequestEnded !== true) this.closeGently();
    else if (this.state === State.Waiting) this.exchangeDone();
  }

  abortResponse(): void {
    if (this.state === State.Closing) return;
    this.writer.flush();
    // A response that only the end of the connection delimits must not look complete; over TLS, the missing
    // close_notify tells.
    if (this.isChunkedResponse || this.versionMinor === 1 || this.facts.peer !== undefined) this.socket.destroy();
    else this.socket.resetAndDestroy();
  }

  pauseRequest(): void {
    if (this.isReadPaused) return;
    this.isReadPaused = true;
    this.socket.pause();
  }

  resumeRequest(): void {
    if (!this.isReadPaused) return;
    this.isReadPaused = false;
    if (this.pipelined === undefined) this.socket.resume();
  }

  private startTunnel(exchange: Exchange, head: ResponseHead): void {
    const { upgrade } = exchange.request;
    this.isPersistent = false;
    this.isBodyless = false;
    this.isChunkedResponse = false;
    this.state = State.Tunnel;
    // Each direction of a tunnel ends by itself, over TLS too.
    this.socket.allowHalfOpen = true;
    const lines = `${head.headers.toLines()}connection: upgrade\r\nupgrade: ${upgrade}\r\n\r\n`;
    this.writer.writeText(statusLine(101, head.reason) + lines);
    this.releasePipelined();
    if (this.isClientEnded) exchange.requestEnded(undefined);
  }

  private exchangeDone(): void {
    this.exchange = undefined;
    this.isReadPaused = false;
    if (!this.isPersistent) {
      this.closeGently();
      return;
    }
    this.state = State.Head;
    this.idleSinceMs = this.context.monotonic();
    this.releasePipelined();
  }

  private releasePipelined(): void {
    const { pipelined } = this;
    if (pipelined !== undefined) {
      this.pipelined = undefined;
      this.received(pipelined);
      if (this.pipelined !== undefined) return;
    }
    if (this.socket.isPaused() && !this.isReadPaused) this.socket.resume();
  }

  /** Ends our side, then takes and drops what the client still sends for a while: a reset could destroy the answer on its way. */
  private closeGently(): void {
    this.state = State.Closing;
    this.exchange = undefined;
    this.pipelined = undefined;
    this.isReadPaused = false;
    this.writer.flush();
    this.socket.end();
    this.socket.resume();
    this.closingSinceMs = this.context.monotonic();
    this.context.wheel.arm(this.timer, this.closingSinceMs + this.context.timeouts.lingerMs);
  }

  /** Deadlines are checked when the timer fires instead of being moved on every request. */
  timerFired(timer: WheelTimer): void {
    const { wheel, monotonic, timeouts } = this.context;
    const nowMs = monotonic();
    if (this.state === State.Closing) {
      this.socket.destroy();
      return;
    }
    if (this.state !== State.Head) {
      wheel.arm(timer, nowMs + timeouts.headTimeoutMs);
      return;
    }
    const isPartial = this.headStartedMs !== 0;
    const dueMs = isPartial ? this.headStartedMs + timeouts.headTimeoutMs : this.idleSinceMs + timeouts.idleTimeoutMs;
    if (nowMs < dueMs) wheel.arm(timer, dueMs);
    else if (isPartial) this.refuse(new ProtocolError(408, 'the request head took too long'));
    else {
      this.context.handler.limitMet('idle-closed');
      this.socket.destroy();
    }
  }
}
