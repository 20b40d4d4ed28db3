// Hedging: a request whose answer is late goes to another endpoint as well, and the first good answer is taken.
import type { HedgingConfig, RetryPolicy } from './config.ts';
import type { Random } from './request-view.ts';
import { isIdempotentMethod } from './retry.ts';

const MILLION = 1_000_000;
const SERVER_ERROR = 500;

/** CANCELLED, UNKNOWN, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, INTERNAL, UNAVAILABLE, DATA_LOSS: another endpoint may know better. */
const GRPC_FAILURES: ReadonlySet<number> = new Set([1, 2, 4, 8, 13, 14, 15]);

/**
 * Whether the request may be sent twice, drawn once for each. Of gRPC every method: who hedges the rule of a method says that
 * it is idempotent (gRFC A6).
 */
export function isHedged(
  { perMillion }: HedgingConfig,
  { method, isCall }: { readonly method: string; readonly isCall: boolean },
  random: Random,
): boolean {
  if (!isCall && !isIdempotentMethod(method)) return false;
  return perMillion >= MILLION || random() * MILLION < perMillion;
}

/** When one more attempt is due beside those under way, of which `hedges` are hedges; infinite: there will be none. */
export function hedgeDueMs({ delayMs, maxAttempts }: HedgingConfig, hedges: number, nowMs: number): number {
  return hedges + 1 < maxAttempts ? nowMs + delayMs : Number.POSITIVE_INFINITY;
}

/** Whether an answer ends the race: nothing that the service failed in, or that its policy would try again. */
export function isGoodAnswer({ on, statusCodes }: RetryPolicy, status: number, grpcStatus: number): boolean {
  if (status >= SERVER_ERROR || GRPC_FAILURES.has(grpcStatus)) return false;
  return !(on.includes('retriable-status') && statusCodes.includes(status));
}
