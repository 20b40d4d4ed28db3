// How long a message body is (RFC 9112 §6): the rules that request smuggling lives on, kept in one place.
import type { HeaderBlock } from '../exchange/header-block.ts';
import { CONTENT_LENGTH, TRANSFER_ENCODING } from '../exchange/known-headers.ts';
import { isToken } from './grammar.ts';
import { ProtocolError } from './protocol-error.ts';

/** `contentLength`: 0 = no body, -1 = see `mode`. */
export type BodyMode = 'none' | 'length' | 'chunked' | 'until-close';

export interface Framing {
  readonly mode: BodyMode;
  readonly contentLength: number;
}

const NO_BODY: Framing = { mode: 'none', contentLength: 0 };
const CHUNKED: Framing = { mode: 'chunked', contentLength: -1 };
const UNTIL_CLOSE: Framing = { mode: 'until-close', contentLength: -1 };

/** 15 digits stay exact in a double. */
const LENGTH_DIGITS_MAX = 15;

export function requestFraming(headers: HeaderBlock, versionMinor: number, repeated: number): Framing {
  const framing = declaredFraming(headers, versionMinor, repeated);
  return framing ?? NO_BODY;
}

/** `method` is that of the request it answers. Any failure here makes the upstream's response unusable. */
export function responseFraming(
  headers: HeaderBlock,
  versionMinor: number,
  repeated: number,
  status: number,
  method: string,
): Framing {
  const framing = declaredFraming(headers, versionMinor, repeated);
  if (method === 'HEAD' || status < 200 || status === 204 || status === 304) return NO_BODY;
  return framing ?? UNTIL_CLOSE;
}

function declaredFraming(headers: HeaderBlock, versionMinor: number, repeated: number): Framing | undefined {
  const { known } = headers;
  if ((known & (CONTENT_LENGTH | TRANSFER_ENCODING)) === 0) return undefined;
  if ((known & TRANSFER_ENCODING) === 0) {
    if ((repeated & CONTENT_LENGTH) !== 0) throw new ProtocolError(400, 'Content-Length more than once');
    const length = parseContentLength(headers.get('content-length') ?? '');
    return length === 0 ? NO_BODY : { mode: 'length', contentLength: length };
  }
  if ((known & CONTENT_LENGTH) !== 0) throw new ProtocolError(400, 'both Content-Length and Transfer-Encoding');
  if (versionMinor === 0) throw new ProtocolError(400, 'Transfer-Encoding in HTTP/1.0');
  if ((repeated & TRANSFER_ENCODING) !== 0) throw new ProtocolError(400, 'Transfer-Encoding more than once');
  requireChunked(headers.get('transfer-encoding') ?? '');
  return CHUNKED;
}

function parseContentLength(value: string): number {
  if (value.length === 0 || value.length > LENGTH_DIGITS_MAX)
    throw new ProtocolError(400, 'a malformed Content-Length');
  let length = 0;
  for (let index = 0; index < value.length; index++) {
    const digit = value.charCodeAt(index) - 0x30;
    if (digit < 0 || digit > 9) throw new ProtocolError(400, 'a malformed Content-Length');
    length = length * 10 + digit;
  }
  return length;
}

/** Only `chunked` itself is understood; what looks like a disguise of it is malformed, another coding is unknown. */
function requireChunked(value: string): void {
  if (value === 'chunked') return;
  const lower = value.toLowerCase();
  if (lower === 'chunked') return;
  const codings = lower.split(',').map((coding) => coding.trim());
  if (lower.includes('chunked') && codings.at(-1) !== 'chunked')
    throw new ProtocolError(400, 'chunked is not the last transfer coding');
  for (const coding of codings.slice(0, -1))
    if (coding.includes('chunked')) throw new ProtocolError(400, 'chunked more than once');
  if (!codings.every(isToken)) throw new ProtocolError(400, 'a malformed Transfer-Encoding');
  throw new ProtocolError(501, 'an unknown transfer coding');
}
