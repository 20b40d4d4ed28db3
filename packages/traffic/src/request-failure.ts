// What counts as a failed request, for proxies and control plane alike.
import { RequestFlags } from './flags.ts';

/** Codes of gRPC that are the callee's failure (UNKNOWN, DEADLINE_EXCEEDED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE, DATA_LOSS). */
const GRPC_FAILURES: ReadonlySet<number> = new Set([2, 4, 12, 13, 14, 15]);
const LOWEST_HTTP_STATUS = 100;

export interface RequestEnd {
  readonly protocol: string;
  /** Of HTTP, or of gRPC when below 100; 0 = none. */
  readonly status: number;
  /** Bits of response flags. */
  readonly flags: number;
}

/** A server error, or no answer at all; what the client gave up itself (flag DC alone) is not the mesh's failure. */
export function isFailedRequest({ protocol, status, flags }: RequestEnd): boolean {
  if (status >= 500) return true;
  if (status >= LOWEST_HTTP_STATUS) return false;
  if (protocol === 'grpc' && status > 0) return GRPC_FAILURES.has(status);
  return (flags & ~RequestFlags.DC) !== 0;
}
