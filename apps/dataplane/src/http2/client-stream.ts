// One request to an HTTP/2 upstream: its head and body out, its response as events of the handler.
import type { ResponseHead } from '../exchange/exchange.ts';
import type { HeaderBlock } from '../exchange/header-block.ts';
import { CONTENT_LENGTH } from '../exchange/known-headers.ts';
import { ProxyError } from '../exchange/proxy-error.ts';
import { type RequestHead, UNKNOWN_LENGTH } from '../exchange/request-head.ts';
import type { UpstreamHandler, UpstreamStream } from '../exchange/upstream-stream.ts';
import { malformed, trailersFrom } from './field-list.ts';
import { ErrorCode, errorName, type StreamError } from './protocol.ts';
import { pseudoHeadersOf } from './request-fields.ts';
import { responseFrom } from './response-fields.ts';
import type { Http2Session } from './session.ts';
import type { Http2Stream, StreamEvents } from './stream.ts';

/** An upstream that sends more interim responses than this is broken. */
const INTERIM_RESPONSES_MAX = 32;

export class ClientStream implements UpstreamStream, StreamEvents {
  readonly isReused: boolean;
  readonly isHttp2 = true;
  private readonly stream: Http2Stream;
  private handler: UpstreamHandler | undefined;
  private method = '';
  private isResponseStarted = false;
  private wantsTunnel = false;
  private isTunnel = false;
  private interimResponses = 0;

  constructor(session: Http2Session, handler: UpstreamHandler, isReused: boolean) {
    this.handler = handler;
    this.isReused = isReused;
    this.stream = session.open(this);
  }

  // ——— to the upstream ———

  sendHead(request: RequestHead): void {
    const { headers, contentLength } = request;
    this.method = request.method;
    this.wantsTunnel = request.upgrade !== '';
    const pseudo = pseudoHeadersOf(request);
    if (request.takesTrailers) pseudo.push('te', 'trailers');
    if (contentLength > 0 && !this.wantsTunnel && (headers.known & CONTENT_LENGTH) === 0)
      pseudo.push('content-length', String(contentLength));
    this.stream.sendHeaders(pseudo, headers, false);
  }

  sendData(chunk: Buffer): boolean {
    return this.stream.sendData(chunk);
  }

  sendEnd(trailers: HeaderBlock | undefined): void {
    this.stream.sendEnd(trailers, false);
  }

  cancel(): void {
    this.handler = undefined;
    this.stream.reset(ErrorCode.Cancel);
  }

  pauseResponse(): void {
    this.stream.pause();
  }

  resumeResponse(): void {
    this.stream.resume();
  }

  // ——— from the upstream ———

  headersReceived(fields: string[], isEnd: boolean): void {
    const { handler, stream } = this;
    if (handler === undefined) return;
    if (this.isResponseStarted) {
      if (!isEnd || this.isTunnel) throw malformed(stream.id, 'a second head');
      this.complete(trailersFrom(stream.id, fields));
      return;
    }
    const { head, bodyLength } = responseFrom(stream.id, fields, this.method, isEnd);
    if (head.status < 200) {
      if (++this.interimResponses > INTERIM_RESPONSES_MAX) throw malformed(stream.id, 'too many interim responses');
      handler.responseInformational(head);
      return;
    }
    this.isResponseStarted = true;
    if (this.wantsTunnel && head.status < 300) {
      this.tunnelOpened(head, handler, isEnd);
      return;
    }
    stream.expectedLength = bodyLength;
    handler.responseStarted(head, false);
    if (isEnd) this.complete(undefined);
  }

  dataReceived(data: Buffer): void {
    if (!this.isResponseStarted) throw malformed(this.stream.id, 'data before a head');
    this.handler?.responseData(data);
  }

  endReceived(): void {
    if (!this.isResponseStarted) throw malformed(this.stream.id, 'an end before a head');
    if (this.isTunnel) this.tunnelEnded();
    else this.complete(undefined);
  }

  streamReset(errorCode: number, error: StreamError | undefined): void {
    const { handler } = this;
    this.handler = undefined;
    handler?.upstreamFailed(failureOf(errorCode, error), !this.isResponseStarted);
  }

  writable(): void {
    this.handler?.requestDrained();
  }

  /** What HTTP/1.1 says by 101. */
  private tunnelOpened({ headers }: ResponseHead, handler: UpstreamHandler, isEnd: boolean): void {
    this.isTunnel = true;
    headers.remove('content-length');
    handler.responseStarted({ status: 101, reason: '', headers, contentLength: UNKNOWN_LENGTH }, true);
    if (isEnd) this.tunnelEnded();
  }

  /** What the client still sends goes on; the stream closes when both sides have ended. */
  private tunnelEnded(): void {
    const { handler, stream } = this;
    if (stream.isLocalEnded) this.handler = undefined;
    handler?.responseEnded(undefined);
  }

  private complete(trailers: HeaderBlock | undefined): void {
    const { handler, stream } = this;
    this.handler = undefined;
    // The rest of a request that was answered early is of no use to anybody (RFC 9113 §8.1).
    if (!stream.isLocalEnded) stream.reset(ErrorCode.Cancel);
    handler?.responseEnded(trailers);
  }
}

function failureOf(errorCode: number, error: StreamError | undefined): ProxyError {
  if (error !== undefined) return new ProxyError('malformedResponse', error.message);
  if (errorCode === ErrorCode.RefusedStream) return new ProxyError('streamRefused', 'the upstream did not take it');
  return new ProxyError('upstreamReset', `the stream was reset: ${errorName(errorCode)}`);
}
