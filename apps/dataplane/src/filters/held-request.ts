// A request that has to wait before it goes on (for a limit that somebody else counts, for a delay): what of its body comes
// meanwhile is kept, and no more is read than that.
import type { Exchange, RequestConsumer } from '../exchange/exchange.ts';
import type { HeaderBlock } from '../exchange/header-block.ts';
import type { ProxyError } from '../exchange/proxy-error.ts';

export class HeldRequest implements RequestConsumer {
  private readonly exchange: Exchange;
  private readonly clientLeft: (error: ProxyError) => void;
  private chunks: Buffer[] = [];
  private hasEnded = false;
  private trailers: HeaderBlock | undefined;

  /** `clientLeft`: the request is over before it went on; once at most, and never after `goOn`. */
  constructor(exchange: Exchange, clientLeft: (error: ProxyError) => void) {
    this.exchange = exchange;
    this.clientLeft = clientLeft;
    exchange.consumer = this;
    if (!exchange.isRequestEnded) exchange.pauseRequest();
  }

  /** `take` makes another one the consumer, or answers; it gets what was kept. */
  goOn(take: () => void): void {
    const { exchange, chunks, hasEnded, trailers } = this;
    const isPaused = !exchange.isRequestEnded && !hasEnded;
    this.chunks = [];
    take();
    if (exchange.consumer === this) exchange.consumer = undefined;
    for (const chunk of chunks) exchange.consumer?.requestData(chunk);
    if (hasEnded) exchange.requestEnded(trailers);
    else if (isPaused && !exchange.isFinished) exchange.resumeRequest();
  }

  requestData(chunk: Buffer): void {
    this.chunks.push(chunk);
  }

  /** Whoever takes the request has to see its body before its end. */
  requestEnded(trailers: HeaderBlock | undefined): void {
    this.hasEnded = true;
    this.trailers = trailers;
    this.exchange.isRequestEnded = false;
  }

  requestAborted(error: ProxyError): void {
    this.chunks = [];
    this.clientLeft(error);
  }

  responseDrained(): void {}
}
