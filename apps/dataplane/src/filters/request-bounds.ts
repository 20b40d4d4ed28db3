// Size and kinds of the requests that a port takes. A body whose length is not said is counted as it comes.
import type { RequestBounds, RequestKind } from '@malha/traffic/overload/config';
import { beyondBounds } from '@malha/traffic/overload/request-bounds';
import { respondWithError } from '../exchange/error-response.ts';
import type { Exchange, RequestConsumer } from '../exchange/exchange.ts';
import type { HeaderBlock } from '../exchange/header-block.ts';
import { ProxyError } from '../exchange/proxy-error.ts';
import type { RequestHead } from '../exchange/request-head.ts';
import { isGrpc } from '../grpc/grpc-status.ts';
import type { Telemetry } from '../telemetry/record.ts';

/** Why a request is refused by what its head says; undefined: it may go on. */
export function refusalOf(
  exchange: Exchange,
  bounds: RequestBounds,
  telemetry: Pick<Telemetry, 'counter'>,
): ProxyError | undefined {
  const { request } = exchange;
  const kind = kindOf(request);
  // An unknown length is negative: such a body is counted as it comes.
  const beyond = beyondBounds(bounds, { kind, bytes: request.contentLength });
  if (beyond === undefined) return undefined;
  if (beyond === 'size') return tooLarge(bounds.maxBytes ?? 0, telemetry);
  telemetry.counter('protocol-refused');
  return new ProxyError('protocolNotAllowed', `${kind} is not among ${bounds.kinds?.join(', ')}`);
}

/** Takes the place of the consumer of a request whose body may still become too large. */
export function boundBody(exchange: Exchange, maxBytes: number, telemetry: Pick<Telemetry, 'counter'>): void {
  const { request, consumer } = exchange;
  // The bytes of a tunnel are no request.
  if (consumer === undefined || exchange.isRequestEnded || request.upgrade !== '') return;
  if (request.contentLength >= 0) return;
  exchange.consumer = new BoundedBody(exchange, consumer, maxBytes, telemetry);
}

class BoundedBody implements RequestConsumer {
  private readonly exchange: Exchange;
  private readonly next: RequestConsumer;
  private readonly maxBytes: number;
  private readonly telemetry: Pick<Telemetry, 'counter'>;
  private bytes = 0;

  constructor(exchange: Exchange, next: RequestConsumer, maxBytes: number, telemetry: Pick<Telemetry, 'counter'>) {
    this.exchange = exchange;
    this.next = next;
    this.maxBytes = maxBytes;
    this.telemetry = telemetry;
  }

  requestData(chunk: Buffer): void {
    this.bytes += chunk.length;
    if (this.bytes <= this.maxBytes) this.next.requestData(chunk);
    else this.refuse();
  }

  requestEnded(trailers: HeaderBlock | undefined): void {
    this.next.requestEnded(trailers);
  }

  requestAborted(error: ProxyError): void {
    this.next.requestAborted(error);
  }

  responseDrained(): void {
    this.next.responseDrained();
  }

  /** Answered first, so that the record has the status; then nobody works on it any more. */
  private refuse(): void {
    const { exchange, next } = this;
    const error = tooLarge(this.maxBytes, this.telemetry);
    exchange.consumer = undefined;
    respondWithError(exchange, error);
    next.requestAborted(error);
  }
}

function tooLarge(maxBytes: number, telemetry: Pick<Telemetry, 'counter'>): ProxyError {
  telemetry.counter('request-too-large');
  return new ProxyError('requestTooLarge', `more than ${maxBytes} bytes`);
}

function kindOf(request: RequestHead): RequestKind {
  if (request.upgrade !== '') return 'websocket';
  return isGrpc(request) ? 'grpc' : 'http';
}
