// Max-Forwards of OPTIONS and TRACE (RFC 9110 §7.6.2): every proxy counts it down, and the one that gets 0 answers.
import { respondWithText } from '../exchange/error-response.ts';
import type { Exchange } from '../exchange/exchange.ts';

const FIELD = 'max-forwards';
const NUMBER = /^[0-9]{1,9}$/;
/** As the last recipient this proxy does not reflect a TRACE: what it would show may be secret (RFC 9110 §9.3.8). */
const METHODS_HERE = 'OPTIONS';

/** True: the request ends here and is answered. A value that is no number is passed on as it came. */
export function answersAsLast(exchange: Exchange): boolean {
  const { method, headers } = exchange.request;
  if (method !== 'OPTIONS' && method !== 'TRACE') return false;
  const value = headers.get(FIELD);
  if (value === undefined || !NUMBER.test(value)) return false;
  const left = Number(value);
  if (left > 0) {
    headers.set(FIELD, String(left - 1));
    return false;
  }
  if (method === 'OPTIONS') respondWithText(exchange, 200, '', []);
  else respondWithText(exchange, 405, '', ['allow', METHODS_HERE]);
  return true;
}
