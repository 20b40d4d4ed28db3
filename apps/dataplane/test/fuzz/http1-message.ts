// What our parsers of HTTP/1.1 make of the bytes of one message, in a form that can be compared with another parser's.
import { ChunkedDecoder } from '../../src/http1/chunked-decoder.ts';
import type { Framing } from '../../src/http1/framing.ts';
import { HEAD_LIMITS, HeadParser } from '../../src/http1/head-parser.ts';
import { ProtocolError } from '../../src/http1/protocol-error.ts';

/** Pieces that matter to every parser of HTTP/1.1. */
export const SHARDS: readonly string[] = [
  ...['\r', '\n', '\r\n', '\r\n\r\n', ' ', '\t', '\0', ':', ',', ';', '0', 'f', '-', '+', '0x', '\x0b', '\x7f', '\xff'],
  ...['chunked', 'Transfer-Encoding: chunked\r\n', 'Content-Length: 1\r\n', 'HTTP/1.0', 'identity', '"', '\\'],
];

export interface Message<R> {
  readonly reading: R & { readonly body: string };
  /** Where it ends. */
  readonly end: number;
}

/**
 * Undefined: refused, incomplete, or not to be compared, which `read` says of a head by undefined. Anything else that is
 * thrown is a fault of the parser.
 */
export function readMessage<R>(
  kind: 'request' | 'response',
  bytes: Buffer,
  read: (parser: HeadParser) => { readonly head: R; readonly framing: Framing } | undefined,
): Message<R> | undefined {
  try {
    const parser = new HeadParser(kind, HEAD_LIMITS);
    const headEnd = parser.feed(bytes, 0);
    if (headEnd === -1) return undefined;
    const found = read(parser);
    const body = found === undefined ? undefined : bodyOf(bytes, headEnd, found.framing);
    if (found === undefined || body === undefined) return undefined;
    return { reading: { ...found.head, body: body.text }, end: body.end };
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}

function bodyOf(
  bytes: Buffer,
  from: number,
  { mode, contentLength }: Framing,
): { text: string; end: number } | undefined {
  if (mode === 'until-close') return { text: bytes.toString('latin1', from), end: bytes.length };
  if (mode !== 'chunked') {
    const end = from + Math.max(0, contentLength);
    return bytes.length < end ? undefined : { text: bytes.toString('latin1', from, end), end };
  }
  let text = '';
  const decoder = new ChunkedDecoder(HEAD_LIMITS);
  const end = decoder.decode(bytes, from, {
    chunkedData: (data) => {
      text += data.toString('latin1');
    },
  });
  return decoder.isDone ? { text, end } : undefined;
}
