// Responses that break HTTP, by the bytes of the upstream: the client gets one 502, and the connection serves nobody again.

/** [what, bytes] */
export type MalformedResponse = readonly [what: string, bytes: string];

const HEAD = 'HTTP/1.1 200 OK\r\n';
const OK = `${HEAD}content-length: 2\r\n\r\nok`;

/** Nothing of these may reach the client. */
export const MALFORMED_HEADS: readonly MalformedResponse[] = [
  ['no HTTP', 'SSH-2.0-OpenSSH_9\r\n'],
  ['a TLS alert', '\x15\x03\x01\x00\x02\x02\x28'],
  ['a SETTINGS frame of HTTP/2', '\0\0\0\x04\0\0\0\0\0'],
  ['an empty line first', `\r\n${OK}`],
  ['a space first', ` ${OK}`],
  ['HTTP/2 in HTTP/1', 'HTTP/2.0 200 OK\r\n\r\n'],
  ['HTTP/1.2', 'HTTP/1.2 200 OK\r\n\r\n'],
  ['HTTP/0.9', 'hello'],
  ['a lower-case protocol', 'http/1.1 200 OK\r\n\r\n'],
  ['two spaces before the status', 'HTTP/1.1  200 OK\r\n\r\n'],
  ['a tab before the status', 'HTTP/1.1\t200 OK\r\n\r\n'],
  ['a status of two digits', 'HTTP/1.1 20 OK\r\n\r\n'],
  ['a status of four digits', 'HTTP/1.1 2000 OK\r\n\r\n'],
  ['a status of 600', 'HTTP/1.1 600 OK\r\n\r\n'],
  ['a status of 0', 'HTTP/1.1 000 OK\r\n\r\n'],
  ['a signed status', 'HTTP/1.1 +20 OK\r\n\r\n'],
  ['a hexadecimal status', 'HTTP/1.1 2A0 OK\r\n\r\n'],
  ['no status', 'HTTP/1.1 \r\n\r\n'],
  ['lines ended by LF', 'HTTP/1.1 200 OK\ncontent-length: 2\n\nok'],
  ['CR in the reason', 'HTTP/1.1 200 O\rK\r\ncontent-length: 2\r\n\r\nok'],
  ['NUL in the reason', 'HTTP/1.1 200 O\0K\r\n\r\n'],
  ['a folded header', `${HEAD}a: b\r\n c\r\n\r\n`],
  ['a space before the colon', `${HEAD}a : b\r\n\r\n`],
  ['a space before the colon of Content-Length', `${HEAD}content-length : 2\r\n\r\nok`],
  ['a header without a colon', `${HEAD}abc\r\n\r\n`],
  ['a header without a name', `${HEAD}: b\r\n\r\n`],
  ['CR in a value', `${HEAD}a: b\rc\r\n\r\n`],
  ['NUL in a value', `${HEAD}a: b\0c\r\n\r\n`],
  ['two Content-Length', `${HEAD}content-length: 2\r\ncontent-length: 3\r\n\r\nok`],
  ['two equal Content-Length', `${HEAD}content-length: 2\r\ncontent-length: 2\r\n\r\nok`],
  ['a list of Content-Length', `${HEAD}content-length: 2, 2\r\n\r\nok`],
  ['a negative Content-Length', `${HEAD}content-length: -2\r\n\r\nok`],
  ['a signed Content-Length', `${HEAD}content-length: +2\r\n\r\nok`],
  ['a hexadecimal Content-Length', `${HEAD}content-length: 0x2\r\n\r\nok`],
  ['a huge Content-Length', `${HEAD}content-length: 18446744073709551618\r\n\r\nok`],
  ['an empty Content-Length', `${HEAD}content-length: \r\n\r\nok`],
  ['Content-Length in disguise', `${HEAD}content_length: 2\r\n\r\nok`],
  ['Content-Length and Transfer-Encoding', `${HEAD}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`],
  ['Transfer-Encoding and Content-Length', `${HEAD}transfer-encoding: chunked\r\ncontent-length: 2\r\n\r\n0\r\n\r\n`],
  ['Transfer-Encoding twice', `${HEAD}transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`],
  ['chunked in disguise', `${HEAD}transfer-encoding: xchunked\r\n\r\n0\r\n\r\n`],
  ['chunked before another coding', `${HEAD}transfer-encoding: chunked, gzip\r\n\r\n0\r\n\r\n`],
  ['an unknown transfer coding', `${HEAD}transfer-encoding: gzip\r\n\r\nok`],
  ['Transfer-Encoding in HTTP/1.0', 'HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n'],
  [
    'both framings on a 204',
    'HTTP/1.1 204 No Content\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
  ],
  [
    'a switch of protocols that nobody asked for',
    'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n',
  ],
  ['a 101 without Upgrade', 'HTTP/1.1 101 Switching Protocols\r\n\r\n'],
  ['a flood of interim responses', `${'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(50)}${OK}`],
  ['a malformed interim response', `HTTP/1.1 103 Early Hints\r\na : b\r\n\r\n${OK}`],
  ['a head that is too large', `${HEAD}a: ${'b'.repeat(70_000)}\r\n\r\n`],
  ['a reason without end', `HTTP/1.1 200 ${'b'.repeat(70_000)}`],
  ['too many headers', `${HEAD}${'a: b\r\n'.repeat(101)}\r\n`],
];

const CHUNKED = `${HEAD}transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n`;

/** The head is gone already: the client must see that the body is cut. */
export const MALFORMED_BODIES: readonly MalformedResponse[] = [
  ['a chunk size that is no number', `${CHUNKED}zz\r\n`],
  ['a chunk size that overflows', `${CHUNKED}ffffffffffffffff\r\n`],
  ['a negative chunk size', `${CHUNKED}-1\r\n`],
  ['a chunk longer than its size', `${CHUNKED}2\r\nabc\r\n`],
  ['a chunk ended by LF', `${CHUNKED}2\r\nab\n`],
  ['a chunk extension without end', `${CHUNKED}2;a=${'b'.repeat(400)}`],
  ['a trailer that frames', `${CHUNKED}0\r\ncontent-length: 2\r\n\r\n`],
  ['trailers that are too large', `${CHUNKED}0\r\na: ${'b'.repeat(70_000)}\r\n\r\n`],
];

/** Whole responses with something after them, which must never become an answer. */
export const TRAILING_BYTES: readonly MalformedResponse[] = [
  ['two responses for one request', `${OK}${HEAD}content-length: 4\r\n\r\nevil`],
  ['bytes after a body of a known length', `${OK}evil`],
  ['bytes after the last chunk', `${HEAD}transfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\nevil`],
  ['a body of a 204', `HTTP/1.1 204 No Content\r\n\r\n${HEAD}content-length: 4\r\n\r\nevil`],
  ['a body of a 304', `HTTP/1.1 304 Not Modified\r\ncontent-length: 4\r\n\r\nevil`],
  ['an interim response after the final one', `${OK}HTTP/1.1 103 Early Hints\r\n\r\n`],
];

/** Responses whose upstream ends its connection there. */
export const EARLY_ENDS: readonly (readonly [what: string, bytes: string, status: number])[] = [
  ['without a byte', '', 503],
  ['within the head', 'HTTP/1.1 200 OK\r\ncontent-le', 503],
  ['after an interim response', 'HTTP/1.1 103 Early Hints\r\n\r\n', 503],
  ['within a body of a known length', `${HEAD}content-length: 12\r\n\r\nabc`, 200],
  ['within a chunk', `${HEAD}transfer-encoding: chunked\r\n\r\na\r\nabc`, 200],
  ['before the last chunk', CHUNKED, 200],
];
