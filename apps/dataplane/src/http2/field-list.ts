// Fields of a decoded header block, checked as RFC 9113 §8.2 asks, so that nothing can be smuggled into another HTTP version.
import { parseContentLength } from '../exchange/content-length.ts';
import { IS_FIELD_VALUE, IS_TOKEN, SP, TAB } from '../exchange/grammar.ts';
import { HeaderBlock } from '../exchange/header-block.ts';
import {
  CONNECTION,
  CONTENT_LENGTH,
  DISGUISED,
  HOST,
  KEEP_ALIVE,
  knownHeader,
  knownHeaderInBytes,
  NOT_IN_TRAILERS,
  PROXY_CONNECTION,
  TE,
  TRANSFER_ENCODING,
  UPGRADE,
} from '../exchange/known-headers.ts';
import { UNKNOWN_LENGTH } from '../exchange/request-head.ts';
import { ErrorCode, StreamError } from './protocol.ts';

/** Have no meaning in HTTP/2, and one that is dangerous elsewhere (RFC 9113 §8.2.2). */
const CONNECTION_SPECIFIC = CONNECTION | KEEP_ALIVE | PROXY_CONNECTION | TRANSFER_ENCODING | UPGRADE;
const COLON = 0x3a;
const COOKIE = 'cookie';

/** Names that were checked before, with their bits of `known-headers.ts`; more are forgotten at once. */
const NAMES_KEPT_MAX = 4_096;
const checkedNames = new Map<string, number>();

export interface CheckedFields {
  /** Without `host`, `te` and pseudo-headers, which the caller puts where they belong. */
  readonly headers: HeaderBlock;
  /** The value of Content-Length, UNKNOWN_LENGTH without one. */
  readonly contentLength: number;
  /** The value of Host, empty without one. */
  readonly host: string;
  /** `te: trailers` was there. */
  readonly takesTrailers: boolean;
}

export function isPseudoHeader(name: string): boolean {
  return name.charCodeAt(0) === COLON;
}

/** The fields from `start` on, appended to `list` (checked fields of the caller's). Throws StreamError. */
export function checkFields(streamId: number, fields: readonly string[], start: number, list: string[]): CheckedFields {
  let known = 0;
  let contentLength = UNKNOWN_LENGTH;
  let host = '';
  let takesTrailers = false;
  let cookieAt = -1;
  for (let index = start; index < fields.length; index += 2) {
    const name = fields[index] ?? '';
    const value = fields[index + 1] ?? '';
    const bit = checkedName(streamId, name);
    checkValue(streamId, name, value);
    if (bit !== 0) {
      if ((bit & CONNECTION_SPECIFIC) !== 0) throw malformed(streamId, `${name}, which belongs to HTTP/1.1`);
      if (bit === HOST) {
        if (host !== '') throw malformed(streamId, 'host more than once');
        host = value;
        continue;
      }
      if (bit === TE) {
        if (value !== 'trailers') throw malformed(streamId, 'te other than trailers');
        takesTrailers = true;
        continue;
      }
      if (bit === CONTENT_LENGTH) {
        const length = parseContentLength(value);
        if (length === undefined || contentLength !== UNKNOWN_LENGTH) throw malformed(streamId, 'content-length');
        contentLength = length;
      }
      known |= bit;
    } else if (name === COOKIE) {
      // Crumbs of one cookie header (RFC 9113 §8.2.3).
      if (cookieAt !== -1) {
        list[cookieAt] = `${list[cookieAt]}; ${value}`;
        continue;
      }
      cookieAt = list.length + 1;
    }
    list.push(name, value);
  }
  return { headers: HeaderBlock.overList(list, known), contentLength, host, takesTrailers };
}

/** Throws StreamError. */
export function trailersFrom(streamId: number, fields: readonly string[]): HeaderBlock {
  const { headers, host, takesTrailers } = checkFields(streamId, fields, 0, []);
  if ((headers.known & NOT_IN_TRAILERS) !== 0 || host !== '' || takesTrailers)
    throw malformed(streamId, 'a trailer that may not be one');
  return headers;
}

export function malformed(streamId: number, what: string): StreamError {
  return new StreamError(streamId, ErrorCode.ProtocolError, `a malformed message: ${what}`);
}

function checkedName(streamId: number, name: string): number {
  const known = checkedNames.get(name);
  if (known !== undefined) return known;
  if (name.length === 0) throw malformed(streamId, 'an empty field name');
  for (let index = 0; index < name.length; index++) {
    const code = name.charCodeAt(index);
    if (IS_TOKEN[code] !== 1 || (code >= 65 && code <= 90)) throw malformed(streamId, 'a field name');
  }
  const bytes = Buffer.from(name, 'latin1');
  if (knownHeaderInBytes(bytes, 0, bytes.length) === DISGUISED)
    throw malformed(streamId, 'a field name that could be taken for another');
  const bit = knownHeader(name);
  if (checkedNames.size >= NAMES_KEPT_MAX) checkedNames.clear();
  checkedNames.set(name, bit);
  return bit;
}

function checkValue(streamId: number, name: string, value: string): void {
  const { length } = value;
  if (length === 0) return;
  for (let index = 0; index < length; index++)
    if (IS_FIELD_VALUE[value.charCodeAt(index)] !== 1) throw malformed(streamId, `the value of ${name}`);
  const first = value.charCodeAt(0);
  const last = value.charCodeAt(length - 1);
  if (first === SP || first === TAB || last === SP || last === TAB)
    throw malformed(streamId, `whitespace around the value of ${name}`);
}
