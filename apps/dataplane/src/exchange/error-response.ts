// The one place where a failure of the data path becomes an answer to the client.
import { grpcStatusOf, isGrpc } from '../grpc/grpc-status.ts';
import type { Exchange } from './exchange.ts';
import { HeaderBlock } from './header-block.ts';
import type { ProxyError } from './proxy-error.ts';
import { UNKNOWN_LENGTH } from './request-head.ts';

/** After the head has been sent only trailers of gRPC, or cutting the response short, tell the client that it failed. */
export function respondWithError(exchange: Exchange, error: ProxyError, headers: readonly string[] = []): void {
  if (isGrpc(exchange.request))
    respondWithGrpcStatus(exchange, error.grpcStatus ?? grpcStatusOf(error.status), error.clientMessage);
  else if (exchange.isResponseStarted) exchange.abortResponse();
  else respondWithText(exchange, error.status, `${error.clientMessage}\n`, headers);
}

/**
 * One head that is the whole answer (Trailers-Only), so that a proxy before us may still try again; trailers when messages
 * may have gone out. `message` is ASCII without `%`.
 */
function respondWithGrpcStatus(exchange: Exchange, status: number, message: string): void {
  exchange.notes.grpcStatus = status;
  const words = ['grpc-status', String(status), 'grpc-message', message];
  if (exchange.isResponseStarted) {
    exchange.sendEnd(HeaderBlock.fromList(words));
    return;
  }
  const headers = HeaderBlock.fromList(['content-type', 'application/grpc', ...words]);
  exchange.sendHead({ status: 200, reason: '', headers, contentLength: UNKNOWN_LENGTH }, false);
  exchange.sendEnd(undefined);
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
