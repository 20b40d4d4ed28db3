import http2 from 'node:http2';
import net, { type AddressInfo } from 'node:net';
import { createTestCa } from '@malha/testing/test-ca';
import type { InboundPort, MeshConfig, Protocol } from '@malha/traffic/config';
import { afterEach, describe, expect, it } from 'vitest';
import {
  cluster,
  endpoint,
  forwardTo,
  inboundConfig,
  NO_RETRY,
  outboundConfig,
  route,
  simpleConfig,
  startProxy,
  type TestProxy,
} from './mesh-fixture.ts';
import { answerOk, exchangeBytes, OK, rawUpstream } from './raw-http.ts';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0).toReversed()) cleanup();
});

const ca = createTestCa();
const PATIENCE = { timeout: 10_000 };

async function proxyWith(...args: Parameters<typeof startProxy>): Promise<TestProxy> {
  const proxy = await startProxy(...args);
  cleanups.push(() => proxy.dataPlane.close());
  return proxy;
}

async function upstream(answer: typeof answerOk = answerOk) {
  const started = await rawUpstream(answer);
  cleanups.push(started.close);
  return started;
}

interface Pair {
  readonly caller: TestProxy;
  readonly callee: TestProxy;
}

/** Two proxies with mTLS between them, in front of an application of the given protocol. */
async function pairFor(appPort: number, protocol: Protocol = 'http'): Promise<Pair> {
  const inbound = inboundConfig({ appPort });
  const ports: readonly InboundPort[] = inbound.inbound.ports.map((port) => ({ ...port, protocol }));
  const callee = await proxyWith(
    { ...inbound, inbound: { ...inbound.inbound, ports } },
    { secrets: ca.issue('shop', 'app'), name: 'app-1' },
  );
  const caller = await proxyWith(callerConfig([callee.inboundPort], protocol), { secrets: ca.issue('shop', 'caller') });
  return { caller, callee };
}

function callerConfig(inboundPorts: readonly number[], protocol: Protocol = 'http'): MeshConfig {
  return outboundConfig({
    routes: [route(forwardTo([{ name: 'app', weight: 1 }], { retry: NO_RETRY }))],
    clusters: [cluster('app', { protocol })],
    endpoints: { app: inboundPorts.map((port, index) => endpoint(`app-${index + 1}`, port, { tls: true })) },
  });
}

function clientOf(port: number): http2.ClientHttp2Session {
  const client = http2.connect(`http://127.0.0.1:${port}`);
  client.on('error', () => undefined);
  cleanups.push(() => client.destroy());
  return client;
}

interface Answer {
  readonly headers: http2.IncomingHttpHeaders;
  readonly text: string;
  readonly trailers: http2.IncomingHttpHeaders;
  readonly resetCode: number;
}

function send(client: http2.ClientHttp2Session, headers: http2.OutgoingHttpHeaders, body?: Buffer): Promise<Answer> {
  return new Promise((resolve) => {
    const request = client.request(
      { ':authority': 'app', ':path': '/', ...headers },
      { endStream: body === undefined },
    );
    let received: http2.IncomingHttpHeaders = {};
    let trailers: http2.IncomingHttpHeaders = {};
    let text = '';
    request.on('response', (head) => {
      received = head;
    });
    request.on('trailers', (fields) => {
      trailers = fields;
    });
    request.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
    });
    request.on('error', () => undefined);
    request.on('close', () => resolve({ headers: received, text, trailers, resetCode: request.rstCode }));
    if (body !== undefined) request.end(body);
  });
}

/** An HTTP/2 application in plaintext. */
async function http2App(
  serve: (stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders) => void,
): Promise<number> {
  const server = http2.createServer();
  server.on('stream', serve);
  server.on('sessionError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

describe('a client of HTTP/2', () => {
  it('reaches an application of HTTP/1.1', async () => {
    const app = await upstream();
    const proxy = await proxyWith(simpleConfig(app.port));
    const answer = await send(clientOf(proxy.outboundPort), { ':path': '/a?b=1', 'x-one': '1' });
    expect(answer.headers[':status']).toBe(200);
    expect(app.received()).toMatch(/^GET \/a\?b=1 HTTP\/1\.1\r\nhost: app\r\n/);
    expect(app.received()).toContain('\r\nx-one: 1\r\n');
    expect(app.received()).not.toContain(':authority');
  });

  it('sends a body of unknown length as chunks, its cookie crumbs as one header', async () => {
    const app = await upstream();
    const proxy = await proxyWith(simpleConfig(app.port));
    const headers = { ':method': 'POST', cookie: ['a=1', 'b=2'] };
    const answer = await send(clientOf(proxy.outboundPort), headers, Buffer.from('hello'));
    expect(answer.headers[':status']).toBe(200);
    expect(app.received()).toContain('transfer-encoding: chunked');
    expect(app.received()).toContain('\r\ncookie: a=1; b=2\r\n');
    expect(app.received()).toContain('5\r\nhello\r\n');
  });

  it.each([
    ['a name that stands for another', { content_length: '3' }],
    ['a content-length that is not its length', { ':method': 'POST', 'content-length': '3' }],
    ['a path that is none', { ':path': 'a' }],
    ['a host beside another authority', { host: 'other' }],
  ])('with a malformed head (%s) loses its stream, and nothing is forwarded', async (_what, headers) => {
    const app = await upstream();
    const proxy = await proxyWith(simpleConfig(app.port));
    const client = clientOf(proxy.outboundPort);
    const answer = await send(client, headers as http2.OutgoingHttpHeaders);
    expect(answer.resetCode).toBe(http2.constants.NGHTTP2_PROTOCOL_ERROR);
    expect(app.received()).toBe('');
    expect(proxy.telemetry.count('head-rejected')).toBe(1);
    expect((await send(client, {})).headers[':status']).toBe(200);
  });

  it('may not CONNECT', async () => {
    const app = await upstream();
    const proxy = await proxyWith(simpleConfig(app.port));
    const client = clientOf(proxy.outboundPort);
    const request = client.request({ ':method': 'CONNECT', ':authority': 'app:80' });
    const status = await new Promise((resolve) => request.on('response', (head) => resolve(head[':status'])));
    expect(status).toBe(405);
    expect(app.received()).toBe('');
  });

  it('is told to go while the proxy drains, and keeps what is under way', async () => {
    let finish: (() => void) | undefined;
    const app = await upstream((socket) => {
      finish = () => socket.write(OK);
    });
    const proxy = await proxyWith(simpleConfig(app.port));
    const client = clientOf(proxy.outboundPort);
    const goaway = new Promise((resolve) => client.once('goaway', resolve));
    const answer = send(client, {});
    await expect.poll(() => finish).toBeDefined();
    const drained = proxy.dataPlane.drain(5_000);
    expect(await goaway).toBe(http2.constants.NGHTTP2_NO_ERROR);
    finish?.();
    expect((await answer).headers[':status']).toBe(200);
    await drained;
  });
});

describe('between two proxies', () => {
  it('many requests share one connection', async () => {
    const app = await upstream();
    const { caller, callee } = await pairFor(app.port);
    const text = await Promise.all(
      Array.from({ length: 50 }, () =>
        exchangeBytes(caller.outboundPort, 'GET / HTTP/1.1\r\nHost: app\r\nConnection: close\r\n\r\n', {
          quietMs: 5_000,
        }),
      ),
    );
    expect(text.every((each) => each.text.startsWith('HTTP/1.1 200'))).toBe(true);
    expect(callee.telemetry.open).toBe(1);
    expect(callee.telemetry.records).toHaveLength(50);
    // Each side says what its own upstream connection spoke: the other proxy, and the application.
    expect(caller.telemetry.records[0]).toMatchObject({ reporter: 'source', protocol: 'http2' });
    expect(callee.telemetry.records[0]).toMatchObject({ reporter: 'destination', protocol: 'http1' });
  });

  it('a body goes through whole in both directions, far beyond every window', async () => {
    const appPort = await http2App((stream) => {
      stream.respond({ ':status': 200 });
      stream.pipe(stream);
    });
    const { caller } = await pairFor(appPort, 'http2');
    const body = Buffer.alloc(5 * 1024 * 1024, 'malha ');
    const answer = await send(clientOf(caller.outboundPort), { ':method': 'POST' }, body);
    expect(answer.text.length).toBe(body.length);
    expect(answer.text === body.toString('latin1')).toBe(true);
  });

  it('a peer that drains costs no POST, retries off', async () => {
    const answerPost: typeof answerOk = (socket, text) => {
      if (text.endsWith('hi')) socket.write(OK);
    };
    const apps = [await upstream(answerPost), await upstream(answerPost)];
    const callees = await Promise.all(
      apps.map((app, index) =>
        proxyWith(inboundConfig({ appPort: app.port }), {
          secrets: ca.issue('shop', 'app'),
          name: `app-${index + 1}`,
        }),
      ),
    );
    const inboundPorts = callees.map((callee) => callee.inboundPort);
    const caller = await proxyWith(callerConfig(inboundPorts), { secrets: ca.issue('shop', 'caller') });
    const statuses = new Map<number, number>();
    let isOver = false;
    const post = 'POST / HTTP/1.1\r\nHost: app\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi';
    const workers = Array.from({ length: 8 }, async () => {
      while (!isOver) {
        const { text } = await exchangeBytes(caller.outboundPort, post, { quietMs: 5_000 });
        const code = Number(text.slice(9, 12));
        statuses.set(code, (statuses.get(code) ?? 0) + 1);
      }
    });
    const isServed = (count: number) => () => (statuses.get(200) ?? 0) >= count;
    await expect.poll(isServed(50), PATIENCE).toBe(true);
    caller.dataPlane.apply(callerConfig(inboundPorts.slice(1)));
    await callees[0]?.dataPlane.drain(3_000);
    const served = statuses.get(200) ?? 0;
    await expect.poll(isServed(served + 50), PATIENCE).toBe(true);
    isOver = true;
    await Promise.all(workers);
    expect([...statuses.keys()]).toEqual([200]);
  });

  it('a peer that falls silent is given up, and its requests fail', async () => {
    const app = await upstream(() => undefined);
    const { caller, callee } = await pairFor(app.port);
    // Everything that the caller sends from now on is swallowed.
    const silent = net.createServer((socket) => {
      const behind = net.connect(callee.inboundPort, '127.0.0.1');
      socket.on('error', () => undefined);
      behind.on('error', () => undefined);
      socket.pipe(behind);
      let passed = 0;
      behind.on('data', (chunk: Buffer) => {
        passed += chunk.length;
        if (passed < 16_384 && !isSilent) socket.write(chunk);
      });
    });
    let isSilent = false;
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    cleanups.push(() => silent.close());
    caller.dataPlane.apply(callerConfig([(silent.address() as AddressInfo).port]));
    const get = 'GET / HTTP/1.1\r\nHost: app\r\nConnection: close\r\n\r\n';
    const answer = exchangeBytes(caller.outboundPort, get, { quietMs: 25_000 });
    await expect.poll(() => app.received()).not.toBe('');
    isSilent = true;
    expect((await answer).text).toMatch(/^HTTP\/1\.1 503/);
  }, 30_000);
});
