// The same bytes to our parser and to Node's own (llhttp): where both accept they agree, and we accept nothing it refuses.
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { connect } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll } from 'vitest';
import { HEAD_LIMITS } from '../../src/http1/head-parser.ts';
import { requestOf } from '../../src/http1/request-head.ts';
import { fuzz } from './fuzz.ts';
import { readMessage, SHARDS } from './http1-message.ts';

/** What one side made of the first request in the bytes. */
interface Reading {
  readonly method: string;
  readonly path: string;
  readonly host: string;
  readonly body: string;
}

/** Our reading, where the message ends, and whether another may follow; undefined = refused, or incomplete. */
function ours(bytes: Buffer) {
  let isPersistent = false;
  const message = readMessage('request', bytes, (parser) => {
    const { head, framing, ...rest } = requestOf(parser);
    isPersistent = rest.isPersistent;
    return { head: { method: head.method, path: head.path, host: head.headers.get('host') ?? '' }, framing };
  });
  return message === undefined ? undefined : { ...message, isPersistent };
}

/** Follows each message: where Node finds it whole, both agree on where the message ends. */
const SENTINEL: Reading = { method: 'GET', path: '/sentinel', host: 'sentinel', body: '' };
const SENTINEL_BYTES = Buffer.from('GET /sentinel HTTP/1.1\r\nHost: sentinel\r\n\r\n');
/** Silence is a fault whenever it ends: long enough for a busy machine. */
const GIVE_UP_MS = 20_000;

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

/** Undefined = we do not accept it; else whether Node reads the same. */
async function compare(text: string): Promise<{ readonly isSame: boolean; readonly found: unknown } | undefined> {
  const bytes = Buffer.from(text, 'latin1');
  const mine = ours(bytes);
  if (mine === undefined) return undefined;
  const { end, isPersistent, reading } = mine;
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
  shards: [...SHARDS, 'Host: evil\r\n', '#', '*', '/'],
  async check(bytes) {
    const text = bytes.toString('latin1');
    // Node knows only registered methods; an unknown one is ours to forward.
    if (!/^(?:\r\n)*(?:GET|POST|PUT|DELETE) /.test(text)) return undefined;
    const result = await compare(text);
    return result === undefined || result.isSame ? undefined : `Node reads ${JSON.stringify(result.found)}`;
  },
});
