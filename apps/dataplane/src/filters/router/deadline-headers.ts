// How long somebody waits for a request, as its caller says and as the next hop is told: `grpc-timeout` for calls of gRPC,
// for all others the field that Envoy's routers use, `x-envoy-expected-rq-timeout-ms`.
import { formatGrpcTimeout, parseGrpcTimeout } from '@malha/traffic/grpc-timeout';
import type { Exchange } from '../../exchange/exchange.ts';
import type { HeaderBlock } from '../../exchange/header-block.ts';
import { EXPECTED_TIMEOUT } from '../../exchange/known-headers.ts';
import type { RequestHead } from '../../exchange/request-head.ts';
import { grpcTimeoutMs } from '../../grpc/grpc-timeout.ts';
import type { Deadlines } from './deadlines.ts';
import type { ForwardPlan } from './forward-plan.ts';

const HEADER = 'x-envoy-expected-rq-timeout-ms';
/** Some eleven days; 0 means "no limit" to Envoy, and is never sent by a caller that still waits. */
const VALUE = /^[1-9][0-9]{0,8}$/;

/** The caller's proxy is the one to say that its time is over; this one cleans up, and a turn of both timers later. */
const GRACE_MS = 20;

/** False: the client of a call waits no longer. */
export function boundByCaller(deadlines: Deadlines, exchange: Exchange, callers: ForwardPlan['callers']): boolean {
  const { request, connection, startMs } = exchange;
  const callMs = grpcTimeoutMs(request);
  if (callMs !== undefined) deadlines.callMs = startMs + callMs;
  if ((request.headers.known & EXPECTED_TIMEOUT) === 0) return callMs !== 0;
  const { client, peer } = connection;
  const isTrusted = client === undefined && (callers === 'own' || peer !== undefined);
  const timeoutMs = isTrusted && request.upgrade === '' ? expectedTimeoutMs(request.headers) : undefined;
  // What a stranger says about our time is neither believed nor passed on.
  if (timeoutMs === undefined) request.headers.remove(HEADER);
  else {
    if (callers === 'peers') deadlines.graceMs = GRACE_MS;
    deadlines.requestMs = Math.min(deadlines.requestMs, startMs + timeoutMs + deadlines.graceMs);
  }
  return callMs !== 0;
}

/** Milliseconds from the arrival of the request; undefined when the caller says nothing that can be meant. */
export function expectedTimeoutMs(headers: HeaderBlock): number | undefined {
  const value = headers.get(HEADER) ?? '';
  return VALUE.test(value) ? Number(value) : undefined;
}

/** `leftMs` of this attempt, more than 0: an upstream must not work longer than somebody waits for it. */
export function tellTimeout({ headers }: RequestHead, leftMs: number, isCall: boolean): void {
  if (isCall) {
    const current = headers.get('grpc-timeout');
    // A malformed one goes on as it came, for the application to refuse.
    if (current === undefined || parseGrpcTimeout(current) !== undefined)
      headers.set('grpc-timeout', formatGrpcTimeout(leftMs));
  } else headers.set(HEADER, String(Math.ceil(leftMs)));
}
