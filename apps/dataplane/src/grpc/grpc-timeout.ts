// The deadline that the client of a gRPC call sends with it.
import { parseGrpcTimeout } from '@malha/traffic/grpc-timeout';
import type { RequestHead } from '../exchange/request-head.ts';
import { isGrpc } from './grpc-status.ts';

/** Longer than any connection is counted on: who waits so long is bounded by the silence of the stream alone. */
const LONGEST_MS = 24 * 3_600_000;

/**
 * Milliseconds from the arrival of the request. Undefined: no gRPC, no deadline, or a value that is none, which goes on
 * as it came for the application to refuse.
 */
export function grpcTimeoutMs(request: RequestHead): number | undefined {
  if (!isGrpc(request)) return undefined;
  const value = request.headers.get('grpc-timeout');
  const timeoutMs = value === undefined ? undefined : parseGrpcTimeout(value);
  return timeoutMs === undefined || timeoutMs > LONGEST_MS ? undefined : timeoutMs;
}
