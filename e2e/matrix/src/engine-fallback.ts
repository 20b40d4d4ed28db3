// The fallback of a route on the engine side: which one a failure is for.
import { type Failure, type FallbackConfig, type ForwardAction, isFallbackFor } from '@malha/traffic';
import type { Outcome } from './outcome.ts';

/** Undefined: the client gets what there is. */
export function fallbackOf({ fallback }: ForwardAction, outcome: Outcome): FallbackConfig['to'] | undefined {
  if (fallback === undefined || !isFallbackFor(fallback.on, failureOf(outcome))) return undefined;
  return fallback.to;
}

/** An answer of a backend has headers, what the proxy answers by itself has none. */
function failureOf({ status, headers, grpcStatus = 0 }: Outcome): Failure {
  if (headers.length > 0 && typeof status === 'number') return { type: 'answer', status, grpcStatus };
  return { type: status === 504 ? 'timeout' : 'unavailable' };
}
