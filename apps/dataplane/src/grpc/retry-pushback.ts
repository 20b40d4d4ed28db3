// What a server of gRPC says about another attempt (gRFC A6, "Pushback").
import type { HeaderBlock } from '../exchange/header-block.ts';

/** The server wants none. */
export const MAY_NOT = 'may-not';

/** Some eleven days; whoever asks for more wants none. */
const PUSHBACK = /^[0-9]{1,9}$/;

/** Milliseconds to wait before the next attempt, in place of the backoff; undefined: the server says nothing. */
export function retryPushback(headers: HeaderBlock): number | typeof MAY_NOT | undefined {
  const value = headers.get('grpc-retry-pushback-ms');
  if (value === undefined) return undefined;
  return PUSHBACK.test(value) ? Number(value) : MAY_NOT;
}
