// Slows a request and its response down to the bandwidth of a fault: stands between the exchange and its codec for the
// response, and between the exchange and its consumer for the body of the request.
import { Pace } from '@malha/traffic/fault/pace';
import type { FaultRule } from '@malha/traffic/fault/rule';
import type { Exchange, RequestConsumer, ResponseHead, ResponsePace, ResponseSink } from '../../exchange/exchange.ts';
import type { HeaderBlock } from '../../exchange/header-block.ts';
import { PacedBytes, type PaceEnvironment } from '../../exchange/paced-bytes.ts';
import type { ProxyError } from '../../exchange/proxy-error.ts';

export type Bandwidth = NonNullable<FaultRule['bandwidth']>;

export class Throttle implements ResponseSink, RequestConsumer, ResponsePace {
  private readonly exchange: Exchange;
  private readonly sink: ResponseSink;
  private readonly response: PacedBytes | undefined;
  private readonly request: PacedBytes | undefined;
  private consumer: RequestConsumer | undefined;
  private responseTrailers: HeaderBlock | undefined;
  private requestTrailers: HeaderBlock | undefined;
  /** The consumer takes no more for now. */
  private isConsumerFull = false;

  /** Before the response begins; `follow` once the request has its consumer. Not for tunnels, whose ends are two. */
  static on(exchange: Exchange, bandwidth: Bandwidth, environment: PaceEnvironment): Throttle {
    return exchange.interpose((sink) => new Throttle(exchange, sink, bandwidth, environment));
  }

  private constructor(exchange: Exchange, sink: ResponseSink, bandwidth: Bandwidth, environment: PaceEnvironment) {
    const { responseBytesPerSecond, requestBytesPerSecond } = bandwidth;
    const nowMs = environment.monotonic();
    this.exchange = exchange;
    this.sink = sink;
    if (responseBytesPerSecond !== undefined)
      this.response = new PacedBytes(new Pace(responseBytesPerSecond, nowMs), environment, {
        write: (chunk) => sink.sendData(chunk),
        end: () => this.endResponse(),
        drained: () => this.consumer?.responseDrained(),
      });
    if (requestBytesPerSecond !== undefined)
      this.request = new PacedBytes(new Pace(requestBytesPerSecond, nowMs), environment, {
        write: (chunk) => {
          this.consumer?.requestData(chunk);
          return !this.isConsumerFull;
        },
        end: () => this.endRequest(),
        drained: () => sink.resumeRequest(),
      });
  }

  get leftMs(): number {
    return this.response?.leftMs ?? 0;
  }

  follow(): void {
    const { exchange } = this;
    if (exchange.isFinished || exchange.consumer === undefined) return;
    this.consumer = exchange.consumer;
    exchange.consumer = this;
  }

  // ——— the response, to the client ———

  sendInformational(head: ResponseHead): void {
    this.sink.sendInformational(head);
  }

  sendHead(head: ResponseHead, isUpgrade: boolean): void {
    this.sink.sendHead(head, isUpgrade);
  }

  sendData(chunk: Buffer): boolean {
    return this.response === undefined ? this.sink.sendData(chunk) : this.response.push(chunk);
  }

  sendEnd(trailers: HeaderBlock | undefined): void {
    this.responseTrailers = trailers;
    if (this.response === undefined) this.endResponse();
    else this.response.end();
  }

  abortResponse(): void {
    this.drop();
    this.sink.abortResponse();
  }

  /** From the consumer: it takes no more of the request. */
  pauseRequest(): void {
    this.isConsumerFull = true;
    this.request?.hold();
    this.sink.pauseRequest();
  }

  resumeRequest(): void {
    this.isConsumerFull = false;
    this.request?.resume();
    if (this.request?.isHolding !== true) this.sink.resumeRequest();
  }

  // ——— the request, from the client ———

  requestData(chunk: Buffer): void {
    if (this.request === undefined) this.consumer?.requestData(chunk);
    else if (!this.request.push(chunk)) this.sink.pauseRequest();
  }

  /** Whoever takes the request has to see its body before its end. */
  requestEnded(trailers: HeaderBlock | undefined): void {
    this.requestTrailers = trailers;
    if (this.request === undefined) this.consumer?.requestEnded(trailers);
    else {
      this.exchange.isRequestEnded = false;
      this.request.end();
    }
  }

  requestAborted(error: ProxyError): void {
    this.drop();
    this.consumer?.requestAborted(error);
  }

  responseDrained(): void {
    if (this.response === undefined) this.consumer?.responseDrained();
    else this.response.resume();
  }

  private endResponse(): void {
    this.request?.drop();
    this.exchange.isFinished = true;
    this.sink.sendEnd(this.responseTrailers);
  }

  private endRequest(): void {
    this.exchange.isRequestEnded = true;
    this.consumer?.requestEnded(this.requestTrailers);
  }

  private drop(): void {
    this.response?.drop();
    this.request?.drop();
  }
}
