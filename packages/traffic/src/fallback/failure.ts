// Whether a failure is one that a fallback is for.
import type { FallbackCondition } from './rule.ts';

/** How a request ended for good. */
export type Failure =
  | { readonly type: 'unavailable' | 'timeout' }
  /** `grpcStatus`: of a call that failed before any message; 0 for any other. */
  | { readonly type: 'answer'; readonly status: number; readonly grpcStatus: number };

/** HTTP statuses that stand for what a service of gRPC failed in; all others are answers to the caller. */
const STATUS_OF_GRPC: ReadonlyMap<number, number> = new Map([
  [2, 500],
  [4, 504],
  [13, 500],
  [14, 503],
  [15, 500],
]);

export function isFallbackFor(on: readonly FallbackCondition[], failure: Failure): boolean {
  if (failure.type !== 'answer') return on.includes(failure.type);
  const status = STATUS_OF_GRPC.get(failure.grpcStatus) ?? failure.status;
  if (status < 500) return false;
  return on.includes('5xx') || (status >= 502 && status <= 504 && on.includes('gateway-error'));
}
