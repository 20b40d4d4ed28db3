// One request of an HTTP/2 client: frames of its stream to an exchange, and the response back.
import {
  type ConnectionFacts,
  Exchange,
  type ExchangeHandler,
  type ResponseHead,
  type ResponseSink,
} from '../exchange/exchange.ts';
import type { HeaderBlock } from '../exchange/header-block.ts';
import { CONTENT_LENGTH } from '../exchange/known-headers.ts';
import { ProxyError } from '../exchange/proxy-error.ts';
import { type RequestHead, UNKNOWN_LENGTH } from '../exchange/request-head.ts';
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
      if (request.method === 'CONNECT') this.refuseConnect();
      else this.start(request, isEnd);
      return;
    }
    if (!isEnd) throw malformed(id, 'a second head');
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

  /** A tunnel of HTTP/2 has no other end here: nobody of the mesh opens one, and no client is told that it may. */
  private refuseConnect(): void {
    this.context.handler.requestRefused('http2', 'CONNECT');
    this.stream.sendHeaders([':status', '405', 'content-length', '0'], undefined, true);
    if (!this.stream.isRemoteEnded) this.stream.reset(ErrorCode.NoError);
  }

  /** The head went beyond what we take: nothing of it is looked at. */
  refuseTooLarge(): void {
    this.context.handler.requestRefused('head-too-large', 'a head that is too large');
    this.stream.sendHeaders([':status', '431', 'content-length', '0'], undefined, true);
    if (!this.stream.isRemoteEnded) this.stream.reset(ErrorCode.NoError);
  }

  // ——— to the client ———

  sendInformational(head: ResponseHead): void {
    if (head.status === 101) return;
    head.headers.remove('content-length');
    this.stream.sendHeaders([':status', String(head.status)], head.headers, false);
  }

  sendHead(head: ResponseHead): void {
    const { status, headers, contentLength } = head;
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
    const isRequestEnded = this.exchange?.isRequestEnded !== false;
    this.exchange = undefined;
    stream.sendEnd(trailers, !isRequestEnded);
  }

  abortResponse(): void {
    this.exchange = undefined;
    this.stream.reset(ErrorCode.InternalError);
  }

  pauseRequest(): void {
    this.stream.pause();
  }

  resumeRequest(): void {
    this.stream.resume();
  }

  private start(request: RequestHead, isEnd: boolean): void {
    const { context, stream } = this;
    const exchange = new Exchange(request, context.facts, this, stream.openedMs);
    exchange.isRequestEnded = isEnd;
    this.exchange = exchange;
    if (!isEnd) stream.expectedLength = request.contentLength;
    context.handler.requestStarted(exchange);
  }
}

function statusText(status: number): string {
  return status === 200 ? '200' : String(status);
}
