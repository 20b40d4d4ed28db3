// WebSocket over HTTP/2 (RFC 8441): clients and applications that speak it, the mesh's own connections, and what is refused.
import { once } from 'node:events';
import http2 from 'node:http2';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createTestCa } from '@malha/testing/test-ca';
import type { MeshConfig, Protocol } from '@malha/traffic/config';
import { RequestFlags } from '@malha/traffic/flags';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { ErrorCode, FrameType } from '../src/http2/protocol.ts';
import {
  cluster,
  endpoint,
  forwardTo,
  inboundConfig,
  outboundConfig,
  route,
  simpleConfig,
  startProxy,
  type TestProxy,
} from './mesh-fixture.ts';
import { rawUpstream } from './raw-http.ts';
import { frame, headersFrame, RawHttp2Client } from './raw-http2.ts';

const ca = createTestCa();

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0).toReversed()) cleanup();
});

async function proxyWith(...args: Parameters<typeof startProxy>): Promise<TestProxy> {
  const proxy = await startProxy(...args);
  cleanups.push(() => proxy.dataPlane.close());
  return proxy;
}

/** An application of HTTP/1.1 that says every message again. */
async function echoApp(): Promise<number> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  cleanups.push(() => {
    for (const client of server.clients) client.terminate();
    server.close();
  });
  server.on('connection', (socket) =>
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary })),
  );
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** An application of HTTP/2 that takes tunnels, and sends every byte back. */
async function tunnelApp(): Promise<{ readonly port: number; readonly heads: http2.IncomingHttpHeaders[] }> {
  const heads: http2.IncomingHttpHeaders[] = [];
  const server = http2.createServer({ settings: { enableConnectProtocol: true } });
  server.on('stream', (stream, headers) => {
    heads.push(headers);
    stream.on('error', () => undefined);
    stream.respond({ ':status': headers[':protocol'] === 'websocket' ? 200 : 404 });
    stream.pipe(stream);
  });
  server.on('sessionError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => server.close());
  return { port: (server.address() as AddressInfo).port, heads };
}

function callerConfig(port: number, protocol: Protocol, tls: boolean): MeshConfig {
  return outboundConfig({
    routes: [route(forwardTo([{ name: 'app', weight: 1 }], { requestTimeoutMs: 300 }))],
    clusters: [cluster('app', { protocol, connectTimeoutMs: 30_000 })],
    endpoints: { app: [endpoint('app-1', port, { tls })] },
  });
}

async function pairBefore(appPort: number, protocol: Protocol = 'http') {
  const { inbound, ...rest } = inboundConfig({ appPort });
  const ports = inbound.ports.map((port) => ({ ...port, protocol }));
  const secrets = ca.issue('shop', 'app');
  const callee = await proxyWith({ ...rest, inbound: { ...inbound, ports } }, { secrets, name: 'app-1' });
  const caller = await proxyWith(callerConfig(callee.inboundPort, protocol, true), {
    secrets: ca.issue('shop', 'caller'),
  });
  return { caller, callee };
}

function sessionOf({ outboundPort }: TestProxy): http2.ClientHttp2Session {
  const session = http2.connect(`http://127.0.0.1:${outboundPort}`);
  session.setMaxListeners(100);
  session.on('error', () => undefined);
  cleanups.push(() => session.destroy());
  return session;
}

interface Tunnel {
  readonly stream: http2.ClientHttp2Stream;
  readonly status: number;
  readonly headers: http2.IncomingHttpHeaders;
}

/** As a browser does it: only after the SETTINGS that allow it, and without a key. */
async function openTunnel(session: http2.ClientHttp2Session, more: http2.OutgoingHttpHeaders = {}): Promise<Tunnel> {
  if (session.remoteSettings.enableConnectProtocol !== true) await once(session, 'remoteSettings');
  expect(session.remoteSettings.enableConnectProtocol).toBe(true);
  const stream = session.request({
    ':method': 'CONNECT',
    ':protocol': 'websocket',
    ':scheme': 'http',
    ':authority': 'app',
    ':path': '/chat?room=1',
    'sec-websocket-version': '13',
    ...more,
  });
  stream.on('error', () => undefined);
  const [headers] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders];
  return { stream, headers, status: Number(headers[':status']) };
}

const TEXT = 0x81;
const CLOSE = 0x88;

/** A frame of a client: masked, by a mask of zeros that changes nothing. At most 125 bytes. */
function clientFrame(opcode: number, payload: Buffer): Buffer {
  return Buffer.concat([Buffer.from([opcode, 0x80 | payload.length, 0, 0, 0, 0]), payload]);
}

/** What the application says to a text, over a tunnel that is open. */
async function heard(stream: Duplex, message: string): Promise<string> {
  let bytes = Buffer.alloc(0);
  const isWhole = () => bytes.length >= 2 && bytes.length >= 2 + (bytes[1] ?? 0);
  stream.write(clientFrame(TEXT, Buffer.from(message)));
  while (!isWhole()) bytes = Buffer.concat([bytes, ...((await once(stream, 'data')) as Buffer[])]);
  expect(bytes[0]).toBe(TEXT);
  return String(bytes.subarray(2));
}

async function answerTo(socket: WebSocket, message: string): Promise<string> {
  const answer = once(socket, 'message');
  socket.send(message);
  const [data] = (await answer) as [Buffer];
  return String(data);
}

async function webSocketTo({ outboundPort }: TestProxy): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${outboundPort}/chat`, { headers: { host: 'app' } });
  cleanups.push(() => socket.terminate());
  await once(socket, 'open');
  return socket;
}

describe('a client of HTTP/2', () => {
  it.each(['one proxy', 'two proxies'])('talks to an application of HTTP/1.1 through %s', async (through) => {
    const appPort = await echoApp();
    const proxy = through === 'one proxy' ? await proxyWith(simpleConfig(appPort)) : (await pairBefore(appPort)).caller;
    const { stream, status, headers } = await openTunnel(sessionOf(proxy));
    expect(status).toBe(200);
    expect(headers['sec-websocket-accept']).toBeUndefined();
    expect(await heard(stream, 'over HTTP/2')).toBe('over HTTP/2');
    stream.end(clientFrame(CLOSE, Buffer.from([0x03, 0xe8])));
    await once(stream, 'close');
    await expect.poll(() => proxy.telemetry.records.length).toBe(1);
    expect(proxy.telemetry.records[0]).toMatchObject({ status: 101, method: 'GET', path: '/chat?room=1', flags: 0 });
  });

  it('has many tunnels and requests on one connection', async () => {
    const session = sessionOf((await pairBefore(await echoApp())).caller);
    const tunnels = await Promise.all(Array.from({ length: 20 }, () => openTunnel(session)));
    const answers = await Promise.all(tunnels.map(({ stream }, index) => heard(stream, `message ${index}`)));
    expect(answers).toEqual(tunnels.map((_, index) => `message ${index}`));
    const request = session.request({ ':authority': 'app', ':path': '/' });
    const [head] = (await once(request, 'response')) as [http2.IncomingHttpHeaders];
    expect(head[':status']).toBe(426);
    request.resume();
  });

  it('ends each direction by itself', async () => {
    const { port } = await tunnelApp();
    const { caller, callee } = await pairBefore(port, 'http2');
    const { stream } = await openTunnel(sessionOf(caller));
    stream.end('last words');
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    await once(stream, 'end');
    expect(String(Buffer.concat(chunks))).toBe('last words');
    await expect.poll(() => caller.telemetry.records.length + callee.telemetry.records.length).toBe(2);
    expect(caller.telemetry.records[0]).toMatchObject({ status: 101, flags: 0, requestBytes: 10, responseBytes: 10 });
  });

  it('gets the refusal of a handshake as it is', async () => {
    const app = await rawUpstream((socket) => socket.write('HTTP/1.1 401 Unauthorized\r\ncontent-length: 2\r\n\r\nno'));
    cleanups.push(app.close);
    const { status, stream } = await openTunnel(sessionOf((await pairBefore(app.port)).caller));
    expect(status).toBe(401);
    stream.resume();
    await once(stream, 'close');
  });

  it.each([
    ['does not switch', 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok', 0],
    [
      'proves the wrong key',
      'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-accept: x\r\n\r\n',
      RequestFlags.UPE,
    ],
  ])('gets 502 when the application %s', async (_what, answer, flags) => {
    const app = await rawUpstream((socket) => socket.write(answer));
    cleanups.push(app.close);
    const proxy = await proxyWith(simpleConfig(app.port));
    const { status, stream } = await openTunnel(sessionOf(proxy));
    expect(status).toBe(502);
    stream.resume();
    await expect.poll(() => proxy.telemetry.records.length).toBe(1);
    expect(proxy.telemetry.records[0]).toMatchObject({ status: 502, flags });
    expect(app.received()).toMatch(/^GET \/chat\?room=1 HTTP\/1\.1\r\n/);
    expect(app.received()).toMatch(/\r\nsec-websocket-key: [A-Za-z0-9+/]{22}==\r\n/);
  });

  it('that resets a tunnel ends it at the application', async () => {
    let isClosed = false;
    const app = await rawUpstream((socket: Socket) => {
      socket.on('close', () => {
        isClosed = true;
      });
      socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n');
    });
    cleanups.push(app.close);
    const { caller } = await pairBefore(app.port);
    // With a key of its own the client is the one to check the answer.
    const { stream, status } = await openTunnel(sessionOf(caller), { 'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==' });
    expect(status).toBe(200);
    stream.close(http2.constants.NGHTTP2_CANCEL);
    await expect.poll(() => isClosed).toBe(true);
    await expect.poll(() => caller.telemetry.records[0]?.flags).toBe(RequestFlags.DC);
  });
});

describe('a client of HTTP/1.1', () => {
  it('shares the connection between two proxies with others, and with requests', async () => {
    const { caller, callee } = await pairBefore(await echoApp());
    const sockets = await Promise.all(Array.from({ length: 10 }, () => webSocketTo(caller)));
    const answers = await Promise.all(sockets.map((socket, index) => answerTo(socket, `message ${index}`)));
    expect(answers).toEqual(sockets.map((_, index) => `message ${index}`));
    expect(callee.telemetry.open).toBe(1);
  });

  it('talks to an application of HTTP/2, and gets the proof that HTTP/2 has not', async () => {
    const { port, heads } = await tunnelApp();
    const socket = await webSocketTo(await proxyWith(callerConfig(port, 'http2', false)));
    expect(socket.readyState).toBe(WebSocket.OPEN);
    expect(heads[0]).toMatchObject({
      ':method': 'CONNECT',
      ':protocol': 'websocket',
      ':path': '/chat',
      ':scheme': 'http',
    });
    expect(heads[0]).not.toHaveProperty('connection');
    expect(heads[0]).not.toHaveProperty('upgrade');
  });

  it('has a connection of its own where the peer takes no tunnels over HTTP/2', async () => {
    const { certificateChainPem: cert, privateKeyPem: key, trustBundlePem } = ca.issue('shop', 'app');
    const server = http2.createSecureServer({ cert, key, ca: trustBundlePem, requestCert: true, allowHTTP1: true });
    const versions: string[] = [];
    server.on('stream', (stream) => {
      versions.push('h2');
      stream.respond({ ':status': 204 }, { endStream: true });
    });
    const webSockets = new WebSocketServer({ noServer: true });
    server.on('upgrade', (request, socket, head) => {
      versions.push('http/1.1');
      webSockets.handleUpgrade(request, socket as Duplex, head, (each) =>
        each.on('message', (data) => each.send(String(data))),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    cleanups.push(() => server.close());
    const caller = await proxyWith(callerConfig((server.address() as AddressInfo).port, 'http', true), {
      secrets: ca.issue('shop', 'caller'),
    });
    for (const message of ['one', 'two']) expect(await answerTo(await webSocketTo(caller), message)).toBe(message);
    const request = sessionOf(caller).request({ ':authority': 'app', ':path': '/' });
    const [head] = (await once(request, 'response')) as [http2.IncomingHttpHeaders];
    expect(head[':status']).toBe(204);
    expect(versions).toEqual(['http/1.1', 'http/1.1', 'h2']);
  });
});

describe('an upstream that says nothing', () => {
  it('is given up, and the tunnel that waited for its SETTINGS is 503', async () => {
    const server = createServer((socket) => socket.on('error', () => undefined));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    cleanups.push(() => server.close());
    const proxy = await proxyWith(callerConfig((server.address() as AddressInfo).port, 'http2', false));
    const socket = new WebSocket(`ws://127.0.0.1:${proxy.outboundPort}/chat`, { headers: { host: 'app' } });
    const [error] = (await once(socket, 'error')) as [Error];
    expect(error.message).toContain('503');
    await expect.poll(() => proxy.telemetry.records[0]?.flags).toBe(RequestFlags.UC);
  }, 30_000);
});

describe('what is refused', () => {
  it('CONNECT itself, with 405 and the methods that are served; its connection goes on', async () => {
    const proxy = await proxyWith(simpleConfig(await echoApp()));
    const session = sessionOf(proxy);
    const stream = session.request({ ':method': 'CONNECT', ':authority': 'app:80' });
    const [headers] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders];
    expect(headers).toMatchObject({ ':status': 405, allow: 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS' });
    stream.resume();
    expect((await openTunnel(session)).status).toBe(200);
    expect(proxy.telemetry.count('head-rejected')).toBe(1);
  });

  it('a tunnel of another protocol, with 501', async () => {
    const session = sessionOf(await proxyWith(simpleConfig(await echoApp())));
    const { status, stream } = await openTunnel(session, { ':protocol': 'connect-udp' });
    expect(status).toBe(501);
    stream.resume();
  });

  const TUNNEL = [':method', 'CONNECT', ':protocol', 'websocket', ':scheme', 'http', ':path', '/', ':authority', 'app'];

  it.each([
    [':protocol without CONNECT', [':method', 'GET', ...TUNNEL.slice(2)], false],
    ['no :scheme', TUNNEL.toSpliced(4, 2), false],
    ['no :path', TUNNEL.toSpliced(6, 2), false],
    ['no :authority', TUNNEL.slice(0, 8), false],
    [':protocol twice', [...TUNNEL, ':protocol', 'websocket'], false],
    ['a protocol that is no token', TUNNEL.toSpliced(3, 1, 'web socket'), false],
    ['an Upgrade beside it', [...TUNNEL, 'upgrade', 'websocket'], false],
    ['a length', [...TUNNEL, 'content-length', '3'], false],
    ['an end with the head', TUNNEL, true],
  ])('a malformed one: %s', async (_what, fields, isEnd) => {
    const app = await rawUpstream(() => undefined);
    cleanups.push(app.close);
    const proxy = await proxyWith(simpleConfig(app.port));
    const client = new RawHttp2Client(proxy.outboundPort);
    cleanups.push(() => client.socket.destroy());
    client.send(headersFrame(1, fields, isEnd));
    await expect.poll(() => client.frames(FrameType.ResetStream, 1)).toHaveLength(1);
    expect(client.frames(FrameType.ResetStream, 1)[0]?.payload.readUInt32BE(0)).toBe(ErrorCode.ProtocolError);
    expect(app.received()).toBe('');
    expect(proxy.telemetry.count('head-rejected')).toBe(1);
  });

  it('trailers in a tunnel', async () => {
    const { port } = await tunnelApp();
    const proxy = await proxyWith(callerConfig(port, 'http2', false));
    const client = new RawHttp2Client(proxy.outboundPort);
    cleanups.push(() => client.socket.destroy());
    client.send(headersFrame(1, TUNNEL, false));
    await expect.poll(() => client.frames(FrameType.Headers, 1)).toHaveLength(1);
    client.send(frame(FrameType.Data, 0, 1, Buffer.from('bytes')), headersFrame(1, ['x-late', '1'], true));
    await expect.poll(() => client.frames(FrameType.ResetStream, 1)).toHaveLength(1);
    expect(client.frames(FrameType.ResetStream, 1)[0]?.payload.readUInt32BE(0)).toBe(ErrorCode.ProtocolError);
  });
});
