// The session against Node's own HTTP/2 client: an independent peer for framing, HPACK and flow control.
import http2 from 'node:http2';
import net, { type AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { HeaderBlock } from '../exchange/header-block.ts';
import { Http2Session, type SessionOwner } from './session.ts';
import { CLIENT_FACING_SETTINGS } from './settings.ts';
import type { Http2Stream, StreamEvents } from './stream.ts';

let server: net.Server;
let client: http2.ClientHttp2Session;
let closed: (Error | undefined)[];

/** Sends back what it gets, with the request's path as a header. */
class Echo implements StreamEvents {
  readonly #stream: Http2Stream;

  constructor(stream: Http2Stream) {
    this.#stream = stream;
  }

  headersReceived(fields: string[], isEnd: boolean): void {
    const path = fields[fields.indexOf(':path') + 1] ?? '';
    if (path === '/silent') return;
    this.#stream.sendHeaders([':status', '200', 'x-path', path], undefined, false);
    if (isEnd) this.#stream.sendEnd(undefined, false);
  }

  dataReceived(data: Buffer): void {
    if (!this.#stream.sendData(data)) this.#stream.pause();
  }

  endReceived(): void {
    this.#stream.sendEnd(HeaderBlock.fromList(['x-trailer', 'last']), false);
  }

  streamReset(): void {}

  writable(): void {
    this.#stream.resume();
  }
}

const owner: SessionOwner = {
  streamOpened: (stream) => new Echo(stream),
  streamRefused: () => undefined,
  headTooLarge: (stream) => stream.sendHeaders([':status', '431'], undefined, true),
  streamsChanged: () => undefined,
  sessionClosed: (error) => void closed.push(error),
};

beforeEach(async () => {
  closed = [];
  server = net.createServer((socket) => {
    new Http2Session(socket, owner, {
      role: 'server',
      local: CLIENT_FACING_SETTINGS,
      monotonic: () => performance.now(),
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  client = http2.connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  client.on('error', () => undefined);
});

afterEach(() => {
  client.destroy();
  server.close();
});

function exchange(
  path: string,
  body: Buffer,
): Promise<{ headers: http2.IncomingHttpHeaders; body: Buffer; trailer: unknown }> {
  return new Promise((resolve, reject) => {
    const request = client.request({ ':path': path, ':method': body.length > 0 ? 'POST' : 'GET' });
    const chunks: Buffer[] = [];
    let headers: http2.IncomingHttpHeaders = {};
    let trailer: unknown;
    request.on('response', (received) => {
      headers = received;
    });
    request.on('trailers', (received) => {
      trailer = received['x-trailer'];
    });
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => resolve({ headers, body: Buffer.concat(chunks), trailer }));
    request.on('error', reject);
    request.end(body);
  });
}

test('a body far beyond both windows comes back whole, with trailers', async () => {
  const body = Buffer.alloc(3 * 1024 * 1024, 'malha');
  const answer = await exchange('/large', body);
  expect(answer.headers).toMatchObject({ ':status': 200, 'x-path': '/large' });
  expect(answer.body.equals(body)).toBe(true);
  expect(answer.trailer).toBe('last');
});

test('a hundred streams at once keep apart', async () => {
  const bodies = Array.from({ length: 100 }, (_, n) => Buffer.alloc(n * 997 + 1, `${n}.`));
  const answers = await Promise.all(bodies.map((body, n) => exchange(`/${n}`, body)));
  for (const [n, answer] of answers.entries()) {
    expect(answer.headers['x-path']).toBe(`/${n}`);
    expect(answer.body.equals(bodies[n] ?? Buffer.alloc(0))).toBe(true);
  }
});

test('a flood of resets ends the connection with ENHANCE_YOUR_CALM', async () => {
  const goaway = new Promise<number>((resolve) => client.on('goaway', resolve));
  for (let round = 0; round < 40; round++) {
    for (let n = 0; n < 50 && !client.destroyed; n++) {
      const request = client.request({ ':path': '/silent' });
      request.on('error', () => undefined);
      request.close(http2.constants.NGHTTP2_CANCEL);
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(await goaway).toBe(http2.constants.NGHTTP2_ENHANCE_YOUR_CALM);
});

test.each([
  ['no preface', 'GET / HTTP/1.1\r\nhost: a\r\n\r\n'],
  ['no SETTINGS first', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x08\x06\x00\x00\x00\x00\x0012345678'],
])('%s: the connection ends', async (_what, bytes) => {
  const socket = net.connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.resume();
  socket.write(bytes, 'latin1');
  await new Promise((resolve) => socket.on('close', resolve));
  expect(closed.some((error) => error !== undefined)).toBe(true);
});
