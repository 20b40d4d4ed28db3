// Answers that a route gives by itself: redirects and fixed responses.
import type { DirectResponseAction, HeaderMutation, RedirectAction, RouteMatch } from '@malha/traffic/config';
import { redirectLocation } from '@malha/traffic/mutation';
import { respondWithText } from '../exchange/error-response.ts';
import type { Exchange } from '../exchange/exchange.ts';
import { HeaderBlock } from '../exchange/header-block.ts';
import { clientScheme } from './edge-headers.ts';
import { mutateHeaders } from './header-mutation.ts';

export function redirect(exchange: Exchange, action: RedirectAction, match: RouteMatch): void {
  const { authority, path, headers } = exchange.request;
  const scheme = clientScheme(headers, exchange.connection);
  const location = redirectLocation(action, match.path, { scheme, authority, path });
  respondWithText(exchange, action.status, '', mutated(['location', location], action.responseHeaders));
}

export function respondDirectly(exchange: Exchange, action: DirectResponseAction): void {
  respondWithText(exchange, action.status, action.body, mutated([], action.responseHeaders));
}

function mutated(headers: readonly string[], mutation: HeaderMutation): readonly string[] {
  const block = HeaderBlock.fromList(headers);
  mutateHeaders(block, mutation);
  return [...block.entries()].flat();
}
