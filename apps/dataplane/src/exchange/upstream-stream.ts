// The upstream half of an exchange: one request on some connection, whatever its HTTP version.
import type { ResponseHead } from './exchange.ts';
import type { HeaderBlock } from './header-block.ts';
import type { ProxyError } from './proxy-error.ts';
import type { RequestHead } from './request-head.ts';

/** Takes the response; every call before `responseEnded` or `upstreamFailed`, exactly one of which is the last. */
export interface UpstreamHandler {
  responseInformational(head: ResponseHead): void;
  responseStarted(head: ResponseHead, isUpgrade: boolean): void;
  responseData(chunk: Buffer): void;
  responseEnded(trailers: HeaderBlock | undefined): void;
  /** `isUntouched`: no byte of a response was seen. */
  upstreamFailed(error: ProxyError, isUntouched: boolean): void;
  /** The upstream takes bytes again after `sendData` returned false. */
  requestDrained(): void;
}

export interface UpstreamStream {
  /** The connection has served a request before: it may have been closed by the peer just now. */
  readonly isReused: boolean;
  /** Of the connection, for telemetry; absent = HTTP/1.1. */
  readonly isHttp2?: boolean;
  sendHead(request: RequestHead): void;
  /** False: wait for `requestDrained`. */
  sendData(chunk: Buffer): boolean;
  sendEnd(trailers: HeaderBlock | undefined): void;
  /** Nobody wants the response any more; no further call to the handler. */
  cancel(): void;
  pauseResponse(): void;
  resumeResponse(): void;
}
