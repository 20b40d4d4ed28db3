// The status of a gRPC call: said in trailers, or in the only head of a response without messages, never by the HTTP status.
import type { HeaderBlock } from '../exchange/header-block.ts';
import type { RequestHead } from '../exchange/request-head.ts';

export const GRPC_OK = 0;
const CANCELLED = 1;
const UNKNOWN = 2;
const PERMISSION_DENIED = 7;
const UNIMPLEMENTED = 12;
const INTERNAL = 13;
const UNAVAILABLE = 14;
const UNAUTHENTICATED = 16;

/** What clients of gRPC make of an HTTP status (doc/http-grpc-status-mapping.md); 499: the client gave up. */
const OF_HTTP_STATUS: ReadonlyMap<number, number> = new Map([
  [400, INTERNAL],
  [401, UNAUTHENTICATED],
  [403, PERMISSION_DENIED],
  [404, UNIMPLEMENTED],
  [429, UNAVAILABLE],
  [499, CANCELLED],
  [502, UNAVAILABLE],
  [503, UNAVAILABLE],
  [504, UNAVAILABLE],
]);

/** Every client of gRPC says that it takes trailers, so that only those requests are looked at more closely. */
export function isGrpc({ takesTrailers, headers }: RequestHead): boolean {
  return takesTrailers && headers.get('content-type')?.startsWith('application/grpc') === true;
}

export function grpcStatusOf(httpStatus: number): number {
  return OF_HTTP_STATUS.get(httpStatus) ?? UNKNOWN;
}

/** The status that a head or trailers name; OK without one, UNKNOWN for one that there is not. */
export function readGrpcStatus(headers: HeaderBlock): number {
  const text = headers.get('grpc-status');
  if (text === undefined || text === '0') return GRPC_OK;
  const status = /^[0-9]{1,2}$/.test(text) ? Number(text) : UNKNOWN;
  return status <= UNAUTHENTICATED ? status : UNKNOWN;
}
