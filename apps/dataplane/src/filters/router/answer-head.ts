// What the router itself changes in the head of an answer before it goes to the client.
import { sessionHeader } from '@malha/traffic/session';
import type { ResponseHead } from '../../exchange/exchange.ts';
import type { HeaderBlock } from '../../exchange/header-block.ts';
import { CONTENT_TYPE } from '../../exchange/known-headers.ts';
import type { RequestHead } from '../../exchange/request-head.ts';
import { addAccept, takeAccept } from '../../exchange/websocket-handshake.ts';
import { mutateHeaders } from '../header-mutation.ts';
import type { Attempt } from './attempt.ts';
import type { ForwardPlan } from './forward-plan.ts';

/** Header changes of the route, and the session that begins, if it came with none for this endpoint. */
export function dressAnswer(
  { headers }: ResponseHead,
  { responseHeaders, session }: ForwardPlan,
  { balanced, preferred }: Attempt,
): void {
  for (const mutation of responseHeaders) mutateHeaders(headers, mutation);
  if (session === undefined || balanced === undefined || balanced === preferred) return;
  const { name, value } = sessionHeader(session, balanced.sessionToken);
  headers.add(name, value);
}

/** False: the upstream switched protocols without having understood. */
export function completeHandshake(response: HeaderBlock, request: RequestHead, attempt: Attempt): boolean {
  if (attempt.ownKey !== '') return takeAccept(response, attempt.ownKey);
  if (attempt.isHttp2) addAccept(response, request.headers);
  return true;
}

/** Bounded by silence, not by its length. */
export function isEventStream({ headers }: ResponseHead): boolean {
  if ((headers.known & CONTENT_TYPE) === 0) return false;
  return headers.get('content-type')?.startsWith('text/event-stream') === true;
}
