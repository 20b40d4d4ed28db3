// One request and its response as events with back-pressure both ways; neither side knows the other's HTTP version.
import type { HeaderValue } from '@malha/traffic/config';
import type { ConnectionLimit, RejectionReason, TraceRef } from '../telemetry/record.ts';
import type { HeaderBlock } from './header-block.ts';
import { httpDate } from './http-date.ts';
import { DATE } from './known-headers.ts';
import type { ProxyError } from './proxy-error.ts';
import type { RequestHead } from './request-head.ts';

export interface ResponseHead {
  readonly status: number;
  /** Reason phrase as the upstream sent it; empty = the registered one. */
  readonly reason: string;
  readonly headers: HeaderBlock;
  /** As in a request; what a `Content-Length` says for a HEAD or 304 response stays in the headers. */
  readonly contentLength: number;
}

/** Implemented by the stack behind a listener: it takes every request of a connection. */
export interface ExchangeHandler {
  /** The head is complete. The handler sets `exchange.consumer` or responds before it returns. */
  requestStarted(exchange: Exchange): void;
  /** What a client sent was refused by the codec, which has answered it; `detail` is for the operator. */
  requestRefused(reason: RejectionReason, detail: string): void;
  /** A limit of the connection was met, which concerns no request of its own. */
  limitMet(event: ConnectionLimit): void;
}

/** The rest of one request goes here. */
export interface RequestConsumer {
  requestData(chunk: Buffer): void;
  requestEnded(trailers: HeaderBlock | undefined): void;
  /** The client is gone, or its message turned out malformed: no response can be delivered any more. */
  requestAborted(error: ProxyError): void;
  /** The client takes bytes again after `sendData` returned false. */
  responseDrained(): void;
}

/** Implemented by a codec: the way back to the client, for one exchange at a time. */
export interface ResponseSink {
  sendInformational(head: ResponseHead): void;
  /** `isUpgrade`: after this head (101) both directions are bytes without HTTP, and each ends by itself. */
  sendHead(head: ResponseHead, isUpgrade: boolean): void;
  /** False: wait for `responseDrained`. */
  sendData(chunk: Buffer): boolean;
  sendEnd(trailers: HeaderBlock | undefined): void;
  /** The response has begun and cannot be completed: the client must see that. */
  abortResponse(): void;
  pauseRequest(): void;
  resumeRequest(): void;
}

/** Told of the response to a request that holds a place. */
export interface ResponseWatcher {
  responseStarted(head: ResponseHead, isUpgrade: boolean): void;
  /** The request is over, whether it was answered or not; `flags` are those of its record. */
  requestOver(flags: number): void;
}

/** Facts about the connection that an exchange came on; one object per connection. */
export interface ConnectionFacts {
  readonly remoteAddress: string;
  /** Set for connections over mutual TLS. */
  readonly peer: PeerFacts | undefined;
  /** Set for clients of an edge proxy: how they came. */
  readonly client?: ClientFacts;
}

export interface ClientFacts {
  readonly scheme: 'http' | 'https';
  /** SNI of the handshake, lower case; empty without one. */
  readonly serverName: string;
}

export interface PeerFacts {
  readonly spiffeId: string;
  readonly namespace: string;
  readonly serviceAccount: string;
  /** SNI of the handshake, lower case. */
  readonly serverName: string;
  /** SHA-256 of the certificate, lower-case hex. */
  readonly certificateSha256: string;
}

/** What slows the response down on its way to the client. */
export interface ResponsePace {
  /** Milliseconds until what has come of the response has gone. */
  readonly leftMs: number;
}

export interface ExchangeNotes {
  route: string;
  requestId: string;
  trace: TraceRef | undefined;
  authorizationPolicy: string;
  shadowPolicy: string;
  /** `<kind> <namespace>/<name>…` of the limit or fault that answered or changed it; empty = none. */
  protection: string;
  /** How long a fault makes it wait before it is carried on; 0 = none does. */
  faultDelayMs: number;
  /** A fault lets the bytes through slowly. */
  pace: ResponsePace | undefined;
  /** 0 = OK, none was said, or no gRPC. */
  grpcStatus: number;
}

/** One per request; the codec owns the client's side, the consumer the upstream's. */
export class Exchange {
  readonly request: RequestHead;
  readonly connection: ConnectionFacts;
  readonly startMs: number;
  consumer: RequestConsumer | undefined;
  requestBytes = 0;
  responseBytes = 0;
  /** Status that was sent, 0 while none was. */
  status = 0;
  /** True from the start for a request without a body: `consumer.requestEnded` is not called then. */
  isRequestEnded = false;
  /** The response is complete, or will never be: every later call is ignored. */
  isFinished = false;
  /** Set on the response, whoever makes it. */
  addedHeaders: readonly HeaderValue[] | undefined;
  /** Undefined for most. */
  watcher: ResponseWatcher | undefined;
  /** What the record of the request says of it; filled by the filters. */
  readonly notes: ExchangeNotes;
  private sink: ResponseSink;
  /** Somebody stands before the codec, and says when the response is over. */
  private isInterposed = false;

  constructor(request: RequestHead, connection: ConnectionFacts, sink: ResponseSink, startMs: number) {
    this.request = request;
    this.connection = connection;
    this.sink = sink;
    this.startMs = startMs;
    this.notes = {
      route: '',
      requestId: '',
      trace: undefined,
      authorizationPolicy: '',
      shadowPolicy: '',
      protection: '',
      faultDelayMs: 0,
      pace: undefined,
      grpcStatus: 0,
    };
  }

  /** Before the response begins: from now on it goes to what `make` returns, which passes it on and sets `isFinished`. */
  interpose<S extends ResponseSink>(make: (sink: ResponseSink) => S): S {
    const interposed = make(this.sink);
    this.sink = interposed;
    this.isInterposed = true;
    return interposed;
  }

  get isResponseStarted(): boolean {
    return this.status !== 0;
  }

  sendInformational(head: ResponseHead): void {
    if (!this.isFinished && this.status === 0) this.sink.sendInformational(head);
  }

  sendHead(head: ResponseHead, isUpgrade: boolean): void {
    if (this.isFinished || this.status !== 0) return;
    this.status = head.status;
    if (this.addedHeaders !== undefined)
      for (const { name, value } of this.addedHeaders) setHeader(head.headers, name, value);
    // Whoever answers last says when, if nobody before has (RFC 9110 §6.6.1).
    if (!isUpgrade && (head.headers.known & DATE) === 0) head.headers.add('date', httpDate(Date.now()));
    this.watcher?.responseStarted(head, isUpgrade);
    this.sink.sendHead(head, isUpgrade);
  }

  sendData(chunk: Buffer): boolean {
    if (this.isFinished) return true;
    this.responseBytes += chunk.length;
    return this.sink.sendData(chunk);
  }

  sendEnd(trailers: HeaderBlock | undefined): void {
    if (this.isFinished) return;
    this.isFinished = !this.isInterposed;
    this.sink.sendEnd(trailers);
  }

  /** Of a tunnel: the upstream has nothing more to say, and still listens. */
  sendHalfEnd(): void {
    if (!this.isFinished) this.sink.sendEnd(undefined);
  }

  /** Of a tunnel whose directions have both ended. */
  tunnelEnded(): void {
    this.isFinished = true;
  }

  abortResponse(): void {
    if (this.isFinished) return;
    this.isFinished = true;
    this.sink.abortResponse();
  }

  pauseRequest(): void {
    this.sink.pauseRequest();
  }

  resumeRequest(): void {
    this.sink.resumeRequest();
  }

  /** From the codec. */
  requestData(chunk: Buffer): void {
    this.requestBytes += chunk.length;
    this.consumer?.requestData(chunk);
  }

  /** From the codec. */
  requestEnded(trailers: HeaderBlock | undefined): void {
    this.isRequestEnded = true;
    this.consumer?.requestEnded(trailers);
  }

  /** From the codec. */
  requestAborted(error: ProxyError): void {
    if (this.isFinished) return;
    this.isFinished = true;
    this.consumer?.requestAborted(error);
  }

  /** From the codec. */
  responseDrained(): void {
    if (!this.isFinished) this.consumer?.responseDrained();
  }
}

/** `Vary` is a list to which others add; everything else is replaced. */
function setHeader(headers: HeaderBlock, name: string, value: string): void {
  if (name === 'vary') headers.add(name, value);
  else headers.set(name, value);
}
