// The same bytes to our parser and to Node's own (llhttp): where both accept they agree, and we accept nothing it refuses.
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { connect } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll } from 'vitest';
import { ChunkedDecoder } from '../../src/http1/chunked-decoder.ts';
import { HEAD_LIMITS, HeadParser } from '../../src/http1/head-parser.ts';
import { ProtocolError } from '../../src/http1/protocol-error.ts';
import { requestOf } from '../../src/http1/request-head.ts';
import { fuzz } from './fuzz.ts';

/** What one side made of the first request in the bytes. */
interface Reading {
  readonly method: string;
  readonly path: string;
  readonly host: string;
  readonly body: string;
}

/** Our reading, and where the message ends; undefined = refused, or incomplete. */
function ours(bytes: Buffer): (Reading & { readonly end: number; readonly isPersistent: boolean }) | undefined {
  try {
    const parser = new HeadParser('request', HEAD_LIMITS);
    const headEnd = parser.feed(bytes, 0);
    if (headEnd === -1) return undefined;
    const { head, framing, isPersistent } = requestOf(parser);
    const reading = { method: head.method, path: head.path, host: head.headers.get('host') ?? '', isPersistent };
    const end = headEnd + Math.max(0, framing.contentLength);
    if (framing.mode !== 'chunked')
      return bytes.length < end ? undefined : { ...reading, end, body: bytes.toString('latin1', headEnd, end) };
    let body = '';
    const decoder = new ChunkedDecoder(HEAD_LIMITS);
    const chunkedEnd = decoder.decode(bytes, headEnd, {
      chunkedData: (data) => {
        body += data.toString('latin1');
      },
    });
    return decoder.isDone ? { ...reading, end: chunkedEnd, body } : undefined;
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}

/** Follows each message: where Node finds it whole, both agree on where the message ends. */
const SENTINEL: Reading = { method: 'GET', path: '/sentinel', host: 'sentinel', body: '' };
const SENTINEL_BYTES = Buffer.from('GET /sentinel HTTP/1.1\r\nHost: sentinel\r\n\r\n');
const GIVE_UP_MS = 300;

let server: Server;
let port = 0;
let tell: (reading: Reading | 'refused') => void = () => undefined;

beforeAll(async () => {
  const take = (request: IncomingMessage) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString('latin1');
    });
    request.on('end', () =>
      tell({ method: request.method ?? '', path: request.url ?? '', host: request.headers.host ?? '', body }),
    );
    request.on('error', () => undefined);
  };
  server = createServer({ maxHeaderSize: HEAD_LIMITS.headBytesMax, requireHostHeader: true }, take);
  server.on('checkContinue', take);
  server.on('clientError', (_error, socket) => {
    tell('refused');
    socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address !== null && typeof address !== 'string') port = address.port;
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

/** What Node reads, one after another, until the sentinel, a refusal, or silence. */
function nodes(bytes: Buffer, isLast: boolean): Promise<(Reading | 'refused' | 'silent')[]> {
  return new Promise((resolve) => {
    const readings: (Reading | 'refused' | 'silent')[] = [];
    const socket = connect({ port, host: '127.0.0.1' });
    const finish = () => {
      clearTimeout(timer);
      tell = () => undefined;
      socket.destroy();
      resolve(readings);
    };
    const take = (reading: Reading | 'refused' | 'silent') => {
      readings.push(reading);
      if (typeof reading === 'string' || reading.path === SENTINEL.path || isLast) finish();
    };
    const timer = setTimeout(() => take('silent'), GIVE_UP_MS);
    tell = take;
    socket.on('error', () => undefined);
    socket.write(isLast ? bytes : Buffer.concat([bytes, SENTINEL_BYTES]));
  });
}

const SHARDS = [
  '\r',
  '\n',
  '\r\n',
  '\r\n\r\n',
  ' ',
  '\t',
  '\0',
  ':',
  ',',
  ';',
  '0',
  'f',
  '-',
  '+',
  '0x',
  '\x0b',
  '\x7f',
  '\xff',
  'chunked',
  'Transfer-Encoding: chunked\r\n',
  'Content-Length: 1\r\n',
  'Host: evil\r\n',
  'HTTP/1.0',
  'identity',
  '"',
  '\\',
  '#',
  '*',
  '/',
];

/** Undefined = we do not accept it; else whether Node reads the same. */
async function compare(text: string): Promise<{ readonly isSame: boolean; readonly found: unknown } | undefined> {
  const bytes = Buffer.from(text, 'latin1');
  const mine = ours(bytes);
  if (mine === undefined) return undefined;
  const { end, isPersistent, ...reading } = mine;
  const found = await nodes(bytes.subarray(0, end), !isPersistent);
  const [first, ...rest] = found;
  if (first === undefined || typeof first === 'string') return { isSame: false, found };
  // Node shows an absolute target as it came, with the Host that we replace.
  const isAbsolute = /^http:/i.test(first.path);
  const expected = isAbsolute ? { ...reading, path: first.path, host: first.host } : reading;
  const isSame = isDeepStrictEqual(first, expected) && (!isPersistent || isDeepStrictEqual(rest, [SENTINEL]));
  return { isSame, found };
}

fuzz({
  name: 'http1-request',
  shards: SHARDS,
  async check(bytes) {
    const text = bytes.toString('latin1');
    // Node knows only registered methods; an unknown one is ours to forward.
    if (!/^(?:\r\n)*(?:GET|POST|PUT|DELETE) /.test(text)) return undefined;
    const result = await compare(text);
    return result === undefined || result.isSame ? undefined : `Node reads ${JSON.stringify(result.found)}`;
  },
});
