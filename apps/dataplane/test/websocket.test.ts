// WebSocket with a real client and server through one proxy and through two with mutual TLS between them.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { createTestCa } from '@malha/testing/test-ca';
import type { MeshConfig } from '@malha/traffic/config';
import { RequestFlags } from '@malha/traffic/flags';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import {
  cluster,
  EMPTY_INBOUND,
  endpoint,
  forwardTo,
  inboundConfig,
  outboundConfig,
  route,
  simpleConfig,
  startProxy,
  type TestProxy,
} from './mesh-fixture.ts';
import { exchangeBytes, rawUpstream } from './raw-http.ts';

const MB = 1024 * 1024;
const ca = createTestCa();

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

async function proxyWith(...args: Parameters<typeof startProxy>): Promise<TestProxy> {
  const proxy = await startProxy(...args);
  cleanups.push(() => proxy.dataPlane.close());
  return proxy;
}

async function webSocketServer(serve: (socket: WebSocket) => void): Promise<number> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: true });
  cleanups.push(() => {
    for (const client of server.clients) client.terminate();
    server.close();
  });
  server.on('connection', serve);
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address.port;
}

const echo = (socket: WebSocket) => socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));

function callerConfig(inboundPort: number, streamIdleTimeoutMs = 300_000): MeshConfig {
  return outboundConfig(
    {
      routes: [route(forwardTo([{ name: 'app', weight: 1 }], { requestTimeoutMs: 300, streamIdleTimeoutMs }))],
      // A hundred handshakes at once take their time on a busy machine.
      clusters: [cluster('app', { connectTimeoutMs: 30_000 })],
      endpoints: { app: [endpoint('app-1', inboundPort, { tls: true })] },
    },
    EMPTY_INBOUND,
  );
}

interface Path {
  readonly port: number;
  readonly proxies: readonly TestProxy[];
}

async function throughPair(appPort: number, streamIdleTimeoutMs?: number): Promise<Path> {
  const callee = await proxyWith(inboundConfig({ appPort }), { secrets: ca.issue('shop', 'app'), name: 'app-1' });
  const config = callerConfig(callee.inboundPort, streamIdleTimeoutMs);
  const caller = await proxyWith(config, { secrets: ca.issue('shop', 'caller') });
  return { port: caller.outboundPort, proxies: [caller, callee] };
}

async function throughOne(appPort: number): Promise<Path> {
  const proxy = await proxyWith(simpleConfig(appPort));
  return { port: proxy.outboundPort, proxies: [proxy] };
}

function client(port: number): WebSocket {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/chat`, { headers: { host: 'app' } });
  cleanups.push(() => socket.terminate());
  return socket;
}

async function opened(port: number): Promise<WebSocket> {
  const socket = client(port);
  await once(socket, 'open');
  return socket;
}

async function answerTo(socket: WebSocket, message: string | Buffer): Promise<Buffer> {
  const answer = once(socket, 'message');
  socket.send(message);
  const [data] = (await answer) as [Buffer];
  return data;
}

/** Resolves when `holds` does; the test's own timeout is the deadline. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe.each([
  ['one proxy', throughOne],
  ['two proxies with mutual TLS between them', throughPair],
] as const)('through %s', (_, through) => {
  it('carries text, compressed messages and several megabytes both ways', async () => {
    const { port } = await through(await webSocketServer(echo));
    const socket = await opened(port);
    expect((await answerTo(socket, 'hello')).toString()).toBe('hello');
    const large = Buffer.alloc(4 * MB, 'abcdefgh');
    expect((await answerTo(socket, large)).equals(large)).toBe(true);
  });

  it('hands on pings and the code and the reason of a close from either side', async () => {
    const codes: number[] = [];
    const appPort = await webSocketServer((socket) => {
      socket.on('close', (code) => codes.push(code));
      socket.on('message', () => socket.close(4001, 'enough'));
    });
    const { port } = await through(appPort);
    const first = await opened(port);
    first.ping('x');
    expect(String((await once(first, 'pong'))[0])).toBe('x');
    first.close(4000, 'bye');
    await once(first, 'close');
    const second = await opened(port);
    second.send('go');
    const [code, reason] = await once(second, 'close');
    expect([code, String(reason)]).toEqual([4001, 'enough']);
    expect(codes[0]).toBe(4000);
  });

  it('records one request for the whole life of a tunnel, with the bytes of both directions', async () => {
    const { port, proxies } = await through(await webSocketServer(echo));
    const socket = await opened(port);
    await answerTo(socket, randomBytes(100_000));
    socket.close();
    await once(socket, 'close');
    await until(() => proxies.every(({ telemetry }) => telemetry.records.length === 1));
    for (const { telemetry } of proxies) {
      const [record] = telemetry.records;
      expect(record).toMatchObject({ status: 101, flags: 0, method: 'GET', path: '/chat' });
      expect(record?.requestBytes).toBeGreaterThan(100_000);
      expect(record?.responseBytes).toBeGreaterThan(100_000);
    }
  });

  it('outlives the request timeout', async () => {
    const { port } = await through(await webSocketServer(echo));
    const socket = await opened(port);
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect((await answerTo(socket, 'still here')).toString()).toBe('still here');
  });

  it('hands on the refusal of a handshake', async () => {
    const app = await rawUpstream((socket) => socket.write('HTTP/1.1 401 Unauthorized\r\ncontent-length: 2\r\n\r\nno'));
    cleanups.push(app.close);
    const { port } = await through(app.port);
    const [error] = await once(client(port), 'error');
    expect(String(error)).toContain('401');
  });

  it('keeps a hundred tunnels apart', async () => {
    const { port } = await through(await webSocketServer(echo));
    const sockets = await Promise.all(Array.from({ length: 100 }, () => opened(port)));
    const answers = await Promise.all(sockets.map((socket, index) => answerTo(socket, `message ${index}`)));
    expect(answers.map(String)).toEqual(sockets.map((_socket, index) => `message ${index}`));
  }, 60_000);

  it('ends each direction by itself', async () => {
    const order: string[] = [];
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      socket.once('data', () => {
        socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
        socket.on('data', (data: Buffer) => order.push(String(data)));
        socket.on('end', () => {
          order.push('end');
          socket.end('after the end');
        });
      });
      socket.on('error', () => socket.destroy());
    });
    server.listen(0, '127.0.0.1');
    cleanups.push(() => server.close());
    await once(server, 'listening');
    const { port } = await through((server.address() as { port: number }).port);
    const socket = await rawTunnel(port);
    socket.end('last words');
    const [answer] = await once(socket, 'data');
    expect(String(answer)).toBe('after the end');
    await once(socket, 'end');
    expect(order).toEqual(['last words', 'end']);
  });

  it('lets a client go on that the server has nothing more to say to', async () => {
    let received = '';
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      socket.once('data', () => {
        socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
        socket.on('data', (data: Buffer) => {
          received += String(data);
        });
      });
      socket.on('error', () => socket.destroy());
    });
    server.listen(0, '127.0.0.1');
    cleanups.push(() => server.close());
    await once(server, 'listening');
    const { port, proxies } = await through((server.address() as { port: number }).port);
    const socket = await rawTunnel(port);
    await once(socket, 'end');
    socket.write('one ');
    await until(() => received === 'one ');
    socket.end('two');
    await until(() => received === 'one two');
    await until(() => proxies.every(({ telemetry }) => telemetry.records.length === 1));
    for (const { telemetry } of proxies) expect(telemetry.records[0]).toMatchObject({ status: 101, flags: 0 });
  });
});

/** A client that half-closes, which those of WebSocket never do. */
async function rawTunnel(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  cleanups.push(() => socket.destroy());
  socket.write(
    'GET / HTTP/1.1\r\nHost: app\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
  );
  const [head] = await once(socket, 'data');
  expect(String(head)).toMatch(/^HTTP\/1\.1 101 /);
  return socket;
}

describe('bounds of a tunnel', () => {
  it('holds the sender back while the reader does not read', async () => {
    const appPort = await webSocketServer((socket) => socket.pause());
    const { port, proxies } = await throughPair(appPort);
    const socket = await opened(port);
    const chunk = Buffer.alloc(MB, 'x');
    for (let sent = 0; sent < 64; sent++) socket.send(chunk, { compress: false });
    // What is not taken stays with the sender: nothing in between may grow with it.
    let last = -1;
    await until(() => {
      const isSteady = socket.bufferedAmount === last;
      last = socket.bufferedAmount;
      return isSteady;
    });
    expect(socket.bufferedAmount).toBeGreaterThan(32 * MB);
    expect(proxies[0]?.telemetry.records).toEqual([]);
  });

  it('closes a tunnel that stays silent for the stream idle timeout, and says so', async () => {
    const { port, proxies } = await throughPair(await webSocketServer(echo), 150);
    const socket = await opened(port);
    const [code] = await once(socket, 'close');
    expect(code).toBe(1006);
    await until(() => proxies[0]?.telemetry.records.length === 1);
    expect(proxies[0]?.telemetry.records[0]).toMatchObject({ status: 101, flags: RequestFlags.UT });
  });

  it('counts against the limit of concurrent requests', async () => {
    const appPort = await webSocketServer(echo);
    const limits = { maxConnections: 1024, maxPending: 1024, maxRequests: 1 };
    const config = simpleConfig(appPort);
    const proxy = await proxyWith({ ...config, clusters: config.clusters.map((each) => ({ ...each, limits })) });
    const first = await opened(proxy.outboundPort);
    const [error] = await once(client(proxy.outboundPort), 'error');
    expect(String(error)).toContain('503');
    expect((await answerTo(first, 'mine')).toString()).toBe('mine');
  });

  it('lets tunnels go on while it drains, and cuts them at the deadline', async () => {
    const { port, proxies } = await throughPair(await webSocketServer(echo));
    const socket = await opened(port);
    const drained = proxies[0]?.dataPlane.drain(300);
    expect((await answerTo(socket, 'draining')).toString()).toBe('draining');
    const [code] = await once(socket, 'close');
    expect(code).toBe(1006);
    await drained;
  });

  it('takes no CONNECT over HTTP/1.1, and passes no offer other than WebSocket on', async () => {
    const app = await rawUpstream((socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'));
    cleanups.push(app.close);
    const { port } = await throughOne(app.port);
    const refused = await exchangeBytes(port, 'CONNECT app:80 HTTP/1.1\r\nHost: app:80\r\n\r\n');
    expect(refused.text).toMatch(/^HTTP\/1\.1 405 /);
    const offer = 'GET / HTTP/1.1\r\nHost: app\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n';
    expect((await exchangeBytes(port, offer)).text).toMatch(/^HTTP\/1\.1 200 /);
    expect(app.received()).not.toMatch(/upgrade/i);
  });
});
