// The one place where a failure of the data path becomes an answer to the client.
import { grpcStatusOf, isGrpc } from '../grpc/grpc-status.ts';
import type { Exchange } from './exchange.ts';
import { HeaderBlock } from './header-block.ts';
import type { ProxyError } from './proxy-error.ts';
import { UNKNOWN_LENGTH } from './request-head.ts';

/** After the head has been sent nothing but cutting the response short tells the client that it failed. */
export function respondWithError(exchange: Exchange, error: ProxyError): void {
  if (exchange.isResponseStarted) exchange.abortResponse();
  else if (isGrpc(exchange.request)) respondWithGrpcStatus(exchange, grpcStatusOf(error.status), error.clientMessage);
  else respondWithText(exchange, error.status, `${error.clientMessage}\n`, []);
}

/** No message, and the status in trailers; `message` is ASCII without `%`. */
function respondWithGrpcStatus(exchange: Exchange, status: number, message: string): void {
  exchange.notes.grpcStatus = status;
  const headers = HeaderBlock.fromList(['content-type', 'application/grpc']);
  exchange.sendHead({ status: 200, reason: '', headers, contentLength: UNKNOWN_LENGTH }, false);
  exchange.sendEnd(HeaderBlock.fromList(['grpc-status', String(status), 'grpc-message', message]));
}

/** A complete response of the proxy's own; `headers` are name, value, name, value …, names in lower case. */
export function respondWithText(exchange: Exchange, status: number, text: string, headers: readonly string[]): void {
  const body = Buffer.from(text);
  const block = HeaderBlock.fromList(headers);
  if (body.length > 0 && !block.has('content-type')) block.add('content-type', 'text/plain; charset=utf-8');
  block.set('content-length', String(body.length));
  exchange.sendHead({ status, reason: '', headers: block, contentLength: body.length }, false);
  exchange.sendData(body);
  exchange.sendEnd(undefined);
}
