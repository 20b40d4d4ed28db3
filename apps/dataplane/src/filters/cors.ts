// Answers preflights of browsers, and tells browsers who may read a response.

import type { CorsPolicy } from '@malha/traffic/config';
import { Cors } from '@malha/traffic/cors';
import { respondWithText } from '../exchange/error-response.ts';
import type { Exchange } from '../exchange/exchange.ts';

const compiled = new WeakMap<CorsPolicy, Cors>();

/** True: the request was a preflight and is answered. */
export function applyCors(exchange: Exchange, policy: CorsPolicy): boolean {
  const { request } = exchange;
  const origin = request.header('origin');
  if (origin === undefined) return false;
  const cors = corsOf(policy);
  const answer = cors.preflight({
    method: request.method,
    origin,
    requestMethod: request.header('access-control-request-method'),
    requestHeaders: request.header('access-control-request-headers'),
  });
  if (answer === undefined) {
    exchange.addedHeaders = cors.response(origin);
    return false;
  }
  respondWithText(
    exchange,
    200,
    '',
    answer.flatMap(({ name, value }) => [name, value]),
  );
  return true;
}

function corsOf(policy: CorsPolicy): Cors {
  const known = compiled.get(policy);
  if (known !== undefined) return known;
  const cors = new Cors(policy);
  compiled.set(policy, cors);
  return cors;
}
