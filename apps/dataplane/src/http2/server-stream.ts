// One request of an HTTP/2 client: frames of its stream to an exchange, and the response back.
import {
  type ConnectionFacts,
  Exchange,
  type ExchangeHandler,
  type ResponseHead,
  type ResponseSink,
} from '../exchange/exchange.ts';
import type { HeaderBlock } from '../exchange/header-block.ts';
import { httpDate } from '../exchange/http-date.ts';
import { CONTENT_LENGTH } from '../exchange/known-headers.ts';
import { ProxyError } from '../exchange/proxy-error.ts';
import { ALLOWED_METHODS, type RequestHead, UNKNOWN_LENGTH } from '../exchange/request-head.ts';
import { malformed, trailersFrom } from './field-list.ts';
import { ErrorCode, type StreamError } from './protocol.ts';
import { requestFrom } from './request-fields.ts';
import type { Http2Stream, StreamEvents } from './stream.ts';

/** What all streams of a connection share. */
export interface StreamContext {
  readonly handler: ExchangeHandler;
  readonly facts: ConnectionFacts;
}

export class ServerStream implements StreamEvents, ResponseSink {
  private readonly stream: Http2Stream;
  private readonly context: StreamContext;
  private exchange: Exchange | undefined;
  private isHeadReceived = false;
  private isBodyless = false;
  /** Asked for by an extended CONNECT. */
  private wantsTunnel = false;
  private isTunnel = false;

  constructor(stream: Http2Stream, context: StreamContext) {
    this.stream = stream;
    this.context = context;
  }

  // ——— from the client ———

  headersReceived(fields: string[], isEnd: boolean): void {
    const { id } = this.stream;
    if (!this.isHeadReceived) {
      this.isHeadReceived = true;
      const request = requestFrom(id, fields, isEnd);
      this.wantsTunnel = request.upgrade !== '';
      if (request.method === 'CONNECT') this.refuse('CONNECT', METHOD_NOT_ALLOWED);
      else if (this.wantsTunnel && request.upgrade !== 'websocket') this.refuse('a tunnel', NOT_IMPLEMENTED);
      else this.start(request, isEnd);
      return;
    }
    if (!isEnd || this.wantsTunnel) throw malformed(id, 'a second head');
    // The response may be complete already, and only wait for window.
    const trailers = trailersFrom(id, fields);
    this.exchange?.requestEnded(trailers);
  }

  dataReceived(data: Buffer): void {
    this.exchange?.requestData(data);
  }

  endReceived(): void {
    this.exchange?.requestEnded(undefined);
  }

  streamReset(_errorCode: number, error: StreamError | undefined): void {
    const { exchange } = this;
    this.exchange = undefined;
    if (error === undefined) {
      exchange?.requestAborted(new ProxyError('clientGone', 'the stream was reset'));
      return;
    }
    this.context.handler.requestRefused('http2', error.message);
    exchange?.requestAborted(new ProxyError('malformedRequest', error.message));
  }

  writable(): void {
    this.exchange?.responseDrained();
  }

  /** Of tunnels only WebSocket has another end here. */
  private refuse(what: string, answer: readonly string[]): void {
    this.context.handler.requestRefused('method', what);
    this.sendOwn(answer);
  }

  /** The head went beyond what we take: nothing of it is looked at. */
  refuseTooLarge(): void {
    this.context.handler.requestRefused('head-too-large', 'a head that is too large');
    this.sendOwn(TOO_LARGE);
  }

  private sendOwn(answer: readonly string[]): void {
    const { stream } = this;
    stream.sendHeaders([...answer, 'date', httpDate(Date.now()), 'content-length', '0'], undefined, true);
    if (!stream.isRemoteEnded) stream.reset(ErrorCode.NoError);
  }

  // ——— to the client ———

  sendInformational(head: ResponseHead): void {
    if (head.status === 101) return;
    head.headers.remove('content-length');
    this.stream.sendHeaders([':status', String(head.status)], head.headers, false);
  }

  sendHead(head: ResponseHead, isUpgrade: boolean): void {
    const { status, headers, contentLength } = head;
    if (isUpgrade) {
      this.isTunnel = true;
      headers.remove('content-length');
      this.stream.sendHeaders(TUNNEL_OPEN, headers, false);
      return;
    }
    if (this.wantsTunnel && status >= 200 && status < 300) {
      this.sendNoTunnel();
      return;
    }
    this.isBodyless = status === 204 || status === 304 || this.exchange?.request.method === 'HEAD';
    if (status === 204) headers.remove('content-length');
    else if (!this.isBodyless && contentLength !== UNKNOWN_LENGTH && (headers.known & CONTENT_LENGTH) === 0)
      headers.add('content-length', String(contentLength));
    this.stream.sendHeaders([':status', statusText(status)], headers, false);
  }

  sendData(chunk: Buffer): boolean {
    return this.isBodyless || this.stream.sendData(chunk);
  }

  sendEnd(trailers: HeaderBlock | undefined): void {
    const { stream } = this;
    if (this.isTunnel) {
      // Each direction of a tunnel ends by itself.
      stream.sendEnd(undefined, false);
      return;
    }
    const isRequestEnded = this.exchange?.isRequestEnded !== false;
    this.exchange = undefined;
    stream.sendEnd(trailers, !isRequestEnded);
  }

  abortResponse(): void {
    this.exchange = undefined;
    this.stream.reset(this.isTunnel ? ErrorCode.ConnectError : ErrorCode.InternalError);
  }

  pauseRequest(): void {
    this.stream.pause();
  }

  resumeRequest(): void {
    this.stream.resume();
  }

  /**
   * Every 2xx opens a tunnel here (RFC 9113 §8.5), but this answer came from an upstream that did not switch: its words must
   * not be taken for those of the other end.
   */
  private sendNoTunnel(): void {
    if (this.exchange !== undefined) this.exchange.status = 502;
    this.isBodyless = true;
    this.stream.sendHeaders([':status', '502', 'content-length', '0'], undefined, false);
  }

  private start(request: RequestHead, isEnd: boolean): void {
    const { context, stream } = this;
    const exchange = new Exchange(request, context.facts, this, stream.openedMs);
    exchange.isRequestEnded = isEnd;
    this.exchange = exchange;
    if (!isEnd && !this.wantsTunnel) stream.expectedLength = request.contentLength;
    context.handler.requestStarted(exchange);
  }
}

const METHOD_NOT_ALLOWED = [':status', '405', 'allow', ALLOWED_METHODS];
const NOT_IMPLEMENTED = [':status', '501'];
const TOO_LARGE = [':status', '431'];
const TUNNEL_OPEN = [':status', '200'];

function statusText(status: number): string {
  return status === 200 ? '200' : String(status);
}
