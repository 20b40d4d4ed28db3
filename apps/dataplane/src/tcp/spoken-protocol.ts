// What the first bytes of a client are the beginning of: HTTP/1, HTTP/2, or neither.
import { CR, IS_TOKEN, LF, SP } from '../exchange/grammar.ts';
import { PREFACE } from '../http2/protocol.ts';

export type SpokenProtocol = 'http1' | 'http2' | 'bytes';

/** Longer than any method that is registered. */
const METHOD_BYTES_MAX = 32;

/** Of a request line that has no end yet, with the empty lines before it. */
export const SNIFFED_BYTES_MAX = 16 * 1024;

/** Control characters are below: no request line has one. */
const FIRST_TEXT_BYTE = 0x20;

/** Wherever it stands: a line that is nearly one of HTTP is refused by the codec, and not passed on unread. */
const HTTP_VERSION = /[ \t]HTTP\/\d/i;
const HTTP_TARGET = /^(?:\/|https?:)/i;

/** Undefined: it takes more bytes to tell. `GET key` is no request: other protocols have such words too. */
export function spokenProtocol(bytes: Buffer): SpokenProtocol | undefined {
  if (isPrefaceSoFar(bytes)) return bytes.length >= PREFACE.length ? 'http2' : undefined;
  const start = afterEmptyLines(bytes);
  const methodEnd = methodEndOf(bytes, start);
  if (methodEnd === -1) return 'bytes';
  if (methodEnd !== undefined) return ofLine(bytes, methodEnd + 1);
  return bytes.length < SNIFFED_BYTES_MAX ? undefined : 'bytes';
}

/** A server should overlook empty lines before a request line (RFC 9112 §2.2), and so may an application. */
function afterEmptyLines(bytes: Buffer): number {
  let at = 0;
  while (bytes[at] === CR || bytes[at] === LF) at++;
  return at;
}

function isPrefaceSoFar(bytes: Buffer): boolean {
  const compared = Math.min(bytes.length, PREFACE.length);
  return PREFACE.compare(bytes, 0, compared, 0, compared) === 0;
}

/** Place of the space after the method; -1 = there is no method, undefined = it may go on. */
function methodEndOf(bytes: Buffer, start: number): number | undefined {
  const end = Math.min(bytes.length, start + METHOD_BYTES_MAX + 1);
  for (let at = start; at < end; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === SP) return at > start ? at : -1;
    if (IS_TOKEN[byte] !== 1) return -1;
  }
  return bytes.length - start > METHOD_BYTES_MAX ? -1 : undefined;
}

/** `start`: of what follows the method. */
function ofLine(bytes: Buffer, start: number): SpokenProtocol | undefined {
  const lineEnd = bytes.indexOf(LF, start);
  if (lineEnd !== -1) return HTTP_VERSION.test(bytes.toString('latin1', start - 1, lineEnd)) ? 'http1' : 'bytes';
  for (let at = start; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    if (byte < FIRST_TEXT_BYTE && byte !== CR) return 'bytes';
  }
  if (bytes.length < SNIFFED_BYTES_MAX) return undefined;
  return HTTP_TARGET.test(bytes.toString('latin1', start, start + 'https:'.length)) ? 'http1' : 'bytes';
}
