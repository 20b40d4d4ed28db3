// How long a message body is (RFC 9112 §6): the rules that request smuggling lives on, kept in one place.
import { parseContentLength } from '../exchange/content-length.ts';
import { isToken } from '../exchange/grammar.ts';
import type { HeaderBlock } from '../exchange/header-block.ts';
import { CONTENT_LENGTH, TRANSFER_ENCODING } from '../exchange/known-headers.ts';
import { badFraming, ProtocolError } from './protocol-error.ts';

/** `contentLength`: 0 = no body, -1 = see `mode`. */
export type BodyMode = 'none' | 'length' | 'chunked' | 'until-close';

export interface Framing {
  readonly mode: BodyMode;
  readonly contentLength: number;
}

const NO_BODY: Framing = { mode: 'none', contentLength: 0 };
const CHUNKED: Framing = { mode: 'chunked', contentLength: -1 };
const UNTIL_CLOSE: Framing = { mode: 'until-close', contentLength: -1 };

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
    if ((repeated & CONTENT_LENGTH) !== 0) throw badFraming('Content-Length more than once');
    const length = parseContentLength(headers.get('content-length') ?? '');
    if (length === undefined) throw badFraming('a malformed Content-Length');
    return length === 0 ? NO_BODY : { mode: 'length', contentLength: length };
  }
  if ((known & CONTENT_LENGTH) !== 0) throw badFraming('both Content-Length and Transfer-Encoding');
  if (versionMinor === 0) throw badFraming('Transfer-Encoding in HTTP/1.0');
  if ((repeated & TRANSFER_ENCODING) !== 0) throw badFraming('Transfer-Encoding more than once');
  requireChunked(headers.get('transfer-encoding') ?? '');
  return CHUNKED;
}

/** Only `chunked` itself is understood; what looks like a disguise of it is malformed, another coding is unknown. */
function requireChunked(value: string): void {
  if (value === 'chunked') return;
  const lower = value.toLowerCase();
  if (lower === 'chunked') return;
  const codings = lower.split(',').map((coding) => coding.trim());
  if (lower.includes('chunked') && codings.at(-1) !== 'chunked')
    throw badFraming('chunked is not the last transfer coding');
  for (const coding of codings.slice(0, -1)) if (coding.includes('chunked')) throw badFraming('chunked more than once');
  if (!codings.every(isToken)) throw badFraming('a malformed Transfer-Encoding');
  throw new ProtocolError(501, 'an unknown transfer coding');
}
