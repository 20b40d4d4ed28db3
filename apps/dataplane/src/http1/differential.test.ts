// The same bytes to our parser and to Node's own (llhttp): where both accept they agree, and we accept nothing it refuses.
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { connect } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ChunkedDecoder } from './chunked-decoder.ts';
import { HEAD_LIMITS, HeadParser } from './head-parser.ts';
import { ProtocolError } from './protocol-error.ts';
import { requestOf } from './request-head.ts';

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

const SEEDS = [
  'GET / HTTP/1.1\r\nHost: app\r\n\r\n',
  'GET /a?b=c HTTP/1.1\r\nHost: app:80\r\nConnection: keep-alive, x\r\nX-A: 1, 2\r\n\r\n',
  'POST /p HTTP/1.1\r\nHost: app\r\nContent-Length: 5\r\nContent-Type: text/plain\r\n\r\nhello',
  'POST /c HTTP/1.1\r\nHost: app\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n3;x=y\r\nabc\r\n0\r\nT: 1\r\n\r\n',
  'PUT /e HTTP/1.1\r\nHost: app\r\nTransfer-Encoding: chunked\r\nTrailer: T\r\n\r\n00000a\r\n0123456789\r\n0\r\n\r\n',
  'DELETE /1.0 HTTP/1.0\r\nHost: app\r\nContent-Length: 0\r\n\r\n',
  'GET http://other:81/abs?q HTTP/1.1\r\nHost: app\r\n\r\n',
];

/** Pieces that have broken parsers before. */
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

/** mulberry32: the same mutations on every run. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

function mutate(text: string, random: () => number): string {
  let mutated = text;
  for (let count = 1 + Math.floor(random() * 3); count > 0; count--) {
    const at = Math.floor(random() * (mutated.length + 1));
    const shard = SHARDS[Math.floor(random() * SHARDS.length)] ?? '';
    const dice = random();
    if (dice < 0.4) mutated = mutated.slice(0, at) + shard + mutated.slice(at);
    else if (dice < 0.6) mutated = mutated.slice(0, at) + mutated.slice(at + 1 + Math.floor(random() * 4));
    else if (dice < 0.8) mutated = mutated.slice(0, at) + shard + mutated.slice(at + shard.length);
    else {
      const end = Math.min(mutated.length, at + Math.floor(random() * 24));
      mutated = mutated.slice(0, end) + mutated.slice(at);
    }
  }
  return mutated;
}

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

describe('against the parser of Node', () => {
  it('agrees on well-formed requests', async () => {
    for (const seed of SEEDS) expect(await compare(seed), seed).toMatchObject({ isSame: true });
  });

  it('accepts no mutation that Node refuses, and reads the same message from what both accept', async () => {
    const random = generator(20_261);
    const disagreements: unknown[] = [];
    let agreed = 0;
    for (let turn = 0; turn < 3000; turn++) {
      const text = mutate(SEEDS[turn % SEEDS.length] ?? '', random);
      // Node knows only registered methods; an unknown one is ours to forward.
      if (!/^(?:\r\n)*(?:GET|POST|PUT|DELETE) /.test(text)) continue;
      const result = await compare(text);
      if (result === undefined) continue;
      if (result.isSame) agreed++;
      else disagreements.push({ text, found: result.found });
    }
    expect(disagreements).toEqual([]);
    expect(agreed).toBeGreaterThan(200);
  }, 60_000);
});
