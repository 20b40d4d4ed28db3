// Between two proxies of the mesh: that an answer is not the application's, as its proxy could not reach it or lost it. Without
// it, an application that dies beside a proxy that lives would look like one that answers 503.
import type { BalancedEndpoint } from '@malha/traffic/balancer';
import type { RetryPolicy } from '@malha/traffic/config';
import { type AttemptOutcome, isIdempotentMethod } from '@malha/traffic/retry';
import type { Exchange, ResponseHead } from '../../exchange/exchange.ts';
import type { ProxyError } from '../../exchange/proxy-error.ts';

const UNSERVED_HEADER = 'x-malha-unserved';
const STATUS = 503;

/** What became of the request at the application; the caller's proxy goes on as if that had been its own connection. */
export type Unserved = 'connect-failure' | 'reset';

/** Names and values for the answer; only callers with an identity are told. */
export function unservedMark({ failure }: ProxyError, { connection }: Exchange): readonly string[] {
  if (connection.peer === undefined) return [];
  if (failure === 'connectFailed') return [UNSERVED_HEADER, 'connect-failure'];
  return failure === 'upstreamReset' ? [UNSERVED_HEADER, 'reset'] : [];
}

/** Takes the mark off: it is no caller's business. Believed of proxies that proved who they are, and of nobody else. */
export function takeUnserved(
  { status, headers }: ResponseHead,
  from: BalancedEndpoint | undefined,
): Unserved | undefined {
  if (status !== STATUS) return undefined;
  const value = headers.get(UNSERVED_HEADER);
  if (value === undefined) return undefined;
  headers.remove(UNSERVED_HEADER);
  if (from?.endpoint.tls !== true) return undefined;
  return value === 'connect-failure' || value === 'reset' ? value : undefined;
}

/** Undefined: the policy does not look at such losses, and the answer counts as the 503 that it is. */
export function unservedOutcome(
  unserved: Unserved | undefined,
  { on }: RetryPolicy,
  method: string,
): AttemptOutcome | undefined {
  if (unserved === undefined || !on.includes(unserved)) return undefined;
  return unserved === 'connect-failure' || isIdempotentMethod(method) ? { type: unserved } : undefined;
}
