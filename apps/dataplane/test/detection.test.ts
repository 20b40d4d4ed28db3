// Ports whose protocol nobody declares: the upstream is connected to at once, and whoever speaks first decides.
import { once } from 'node:events';
import { createServer as createHttpServer, request as httpRequest } from 'node:http';
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2';
import { connect, createServer, type Socket } from 'node:net';
import { connect as connectTls, createServer as createTlsServer } from 'node:tls';
import { freePort } from '@malha/testing/free-port';
import { createTestCa } from '@malha/testing/test-ca';
import type { AuthorizationRule, AuthorizationRules, MeshConfig, MtlsMode } from '@malha/traffic/config';
import { RequestFlags } from '@malha/traffic/flags';
import { afterEach, describe, expect, it } from 'vitest';
import {
  authorizationRule,
  cluster,
  clusterName,
  endpoint,
  forwardTo,
  inboundConfig,
  listening,
  outboundConfig,
  route,
  startProxy,
  type TestProxy,
} from './mesh-fixture.ts';

const ca = createTestCa();
const TABLE = 'upstream|1';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

async function proxyWith(...args: Parameters<typeof startProxy>): Promise<TestProxy> {
  const proxy = await startProxy(...args);
  cleanups.push(() => proxy.dataPlane.close());
  return proxy;
}

/** An application of bytes; it keeps what it hears. */
async function application(serve: (socket: Socket) => void, server = createServer({ allowHalfOpen: true })) {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
    serve(socket);
  });
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: await listening(server), open: () => sockets.size };
}

const echo = (socket: Socket): void => {
  socket.pipe(socket);
};

/** Answers with what it saw. */
async function httpApplication(): Promise<number> {
  const server = createHttpServer((request, response) => {
    response.setHeader('x-host', request.headers.host ?? '');
    response.end(`${request.method} ${request.url}`);
  });
  cleanups.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return listening(server);
}

interface Setup {
  readonly appPort: number;
  readonly authorization?: AuthorizationRules;
  readonly maxConnections?: number;
  /** Of the callee's port; absent: the application has no proxy. */
  readonly mode?: MtlsMode;
}

function callerConfig(port: number, upstreamPort: number, tls: boolean, maxConnections = 100): MeshConfig {
  const limits = { maxConnections, maxPending: 100, maxRequests: 100 };
  const config = outboundConfig({
    routes: [],
    clusters: [cluster('app', { limits })],
    endpoints: { app: [endpoint('app-1', upstreamPort, { tls })] },
  });
  const direct = {
    type: 'direct' as const,
    status: 418,
    body: 'short',
    responseHeaders: { set: [], add: [], remove: [] },
  };
  const routes = [route(direct, '/tea', 'shop/tea/0'), route(forwardTo([{ name: 'app', weight: 1 }]))];
  return {
    ...config,
    routeTables: [...config.routeTables, { name: TABLE, virtualHosts: [{ name: 'app', domains: ['*'], routes }] }],
    tcp: [
      {
        port,
        protocol: 'tcp',
        service: { namespace: 'shop', name: 'app' },
        servicePort: 80,
        httpRouteTable: TABLE,
        routes: [{ name: 'default', serverNames: ['*'], clusters: [{ cluster: clusterName('app'), weight: 1 }] }],
      },
    ],
  };
}

function calleeConfig({ appPort, authorization, mode = 'STRICT' }: Setup): MeshConfig {
  const config = inboundConfig({ appPort, mode, ...(authorization === undefined ? {} : { authorization }) });
  const ports = config.inbound.ports.map((port) => ({ ...port, takesBytes: true as const }));
  return { ...config, inbound: { ...config.inbound, ports } };
}

interface Path {
  readonly port: number;
  readonly caller: TestProxy;
  readonly callee: TestProxy | undefined;
}

async function throughOne({ appPort, maxConnections }: Setup): Promise<Path> {
  const port = await freePort();
  const caller = await proxyWith(callerConfig(port, appPort, false, maxConnections));
  return { port, caller, callee: undefined };
}

async function throughPair(setup: Setup): Promise<Path> {
  const callee = await proxyWith(calleeConfig(setup), { secrets: ca.issue('shop', 'app'), name: 'app-1' });
  const port = await freePort();
  const tls = setup.mode !== 'DISABLE';
  const config = callerConfig(port, callee.inboundPort, tls, setup.maxConnections);
  const caller = await proxyWith(config, { secrets: ca.issue('shop', 'caller') });
  return { port, caller, callee };
}

async function dialled(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
  cleanups.push(() => socket.destroy());
  await once(socket, 'connect');
  return socket;
}

/** All that comes until the other side ends; `reset` when it does not end well. */
async function readAll(socket: Socket): Promise<string> {
  let text = '';
  socket.on('data', (chunk: Buffer) => {
    text += String(chunk);
  });
  return new Promise((resolve) => {
    socket.on('end', () => resolve(text));
    socket.on('error', () => resolve('reset'));
  });
}

async function firstData(socket: Socket): Promise<string> {
  const [chunk] = (await once(socket, 'data')) as [Buffer];
  return String(chunk);
}

/** Resolves when `holds` does; the test's own timeout is the deadline. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}

interface Answer {
  readonly status: number | undefined;
  readonly body: string;
  readonly host: string | undefined;
}

async function get(port: number, path: string, headers: Record<string, string> = {}): Promise<Answer> {
  const request = httpRequest({ port, host: '127.0.0.1', path, headers, agent: false });
  request.end();
  const [response] = await once(request, 'response');
  let body = '';
  for await (const chunk of response) body += String(chunk);
  return { status: response.statusCode, body, host: response.headers['x-host'] };
}

async function getOverHttp2(port: number, path: string): Promise<{ status: unknown; body: string }> {
  const session = connectHttp2(`http://127.0.0.1:${port}`);
  cleanups.push(() => session.destroy());
  const stream = session.request({ ':path': path });
  const [head] = await once(stream, 'response');
  let body = '';
  for await (const chunk of stream) body += String(chunk);
  return { status: head[':status'], body };
}

describe.each([
  ['one proxy', throughOne],
  ['two proxies with mutual TLS between them', throughPair],
  ['two proxies in plaintext', (setup: Setup) => throughPair({ ...setup, mode: 'DISABLE' })],
] as const)('through %s', (_, through) => {
  it('a server that speaks first greets a client that has not said a byte', async () => {
    const app = await application((socket) => {
      socket.write('220 ready\r\n');
      socket.once('data', () => socket.end('221 bye\r\n'));
    });
    const { port, caller } = await through({ appPort: app.port });
    const socket = await dialled(port);
    expect(await firstData(socket)).toBe('220 ready\r\n');
    socket.write('QUIT\r\n');
    expect(await readAll(socket)).toBe('221 bye\r\n');
    expect(caller.telemetry.count('detected-greeting')).toBe(1);
  });

  it('requests of HTTP/1.1 go by the routes of the service, whatever their Host', async () => {
    const { port, caller } = await through({ appPort: await httpApplication() });
    const answer = await get(port, '/books', { host: `127.0.0.1:${port}` });
    expect(answer).toEqual({ status: 200, body: 'GET /books', host: `127.0.0.1:${port}` });
    expect(await get(port, '/tea')).toMatchObject({ status: 418, body: 'short' });
    await until(() => caller.telemetry.records.length === 2);
    expect(caller.telemetry.records).toMatchObject([
      { status: 200, route: 'default', service: 'app' },
      { status: 418, route: 'shop/tea/0' },
    ]);
    expect(caller.telemetry.count('detected-http1')).toBe(2);
  });

  it('requests of HTTP/2 with prior knowledge too', async () => {
    const { port, caller } = await through({ appPort: await httpApplication() });
    expect(await getOverHttp2(port, '/books')).toEqual({ status: 200, body: 'GET /books' });
    expect(caller.telemetry.count('detected-http2')).toBe(1);
  });

  it.each([
    ['a command', 'PING\r\n'],
    ['a word of HTTP that is no request', 'GET key\r\n'],
    ['what is no text', '\0\u0001\u0002\u0003'],
  ])('%s is passed on as it is', async (_what, text) => {
    const app = await application(echo);
    const { port, caller } = await through({ appPort: app.port });
    const socket = await dialled(port);
    socket.write(text);
    expect(await firstData(socket)).toBe(text);
    expect(caller.telemetry.count('detected-bytes')).toBe(1);
    socket.destroy();
    await until(() => caller.telemetry.records.length === 1);
    expect(caller.telemetry.records[0]).toMatchObject({ protocol: 'tcp', service: 'app', requestBytes: text.length });
  });

  it('a client that says half a line and ends is heard, and answered', async () => {
    const app = await application(echo);
    const { port } = await through({ appPort: app.port });
    const socket = await dialled(port);
    socket.end('all that I have to say');
    expect(await readAll(socket)).toBe('all that I have to say');
  });

  it('half a request line does not keep a greeting away', async () => {
    let greet = () => {};
    const app = await application((socket) => {
      greet = () => socket.write('welcome');
      socket.on('data', (chunk: Buffer) => socket.end(`heard ${String(chunk)}`));
    });
    const { port } = await through({ appPort: app.port });
    const socket = await dialled(port);
    socket.write('GE');
    await until(() => app.open() > 0);
    greet();
    expect(await readAll(socket)).toBe('welcomeheard GE');
  });

  it('a request may come in pieces', async () => {
    const { port } = await through({ appPort: await httpApplication() });
    const socket = await dialled(port);
    for (const piece of ['\r\nGE', 'T /slowly HT', 'TP/1.1\r\nHost: app\r\nConnection: close\r\n\r\n']) {
      socket.write(piece);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await readAll(socket)).toContain('GET /slowly');
  });

  it('TLS of the application is passed on unopened', async () => {
    const { certificateChainPem: cert, privateKeyPem: key } = ca.issue('shop', 'app', { dnsNames: ['mail.example'] });
    const server = createTlsServer({ cert, key }, (socket) => socket.end(`saw ${String(socket.servername)}`));
    server.on('tlsClientError', () => undefined);
    cleanups.push(() => server.close());
    const { port, caller } = await through({ appPort: await listening(server) });
    const socket = connectTls({ host: '127.0.0.1', port, servername: 'mail.example', rejectUnauthorized: false });
    cleanups.push(() => socket.destroy());
    expect(await readAll(socket)).toBe('saw mail.example');
    expect(caller.telemetry.count('detected-bytes')).toBe(1);
  });

  it('a client that leaves without a word leaves nothing behind', async () => {
    const app = await application((socket) => socket.resume().once('end', () => socket.end()));
    const { port, caller, callee } = await through({ appPort: app.port });
    const socket = await dialled(port);
    await until(() => app.open() === 1);
    socket.destroy();
    await until(() => app.open() === 0 && caller.telemetry.open === 0);
    expect([...caller.telemetry.records, ...(callee?.telemetry.records ?? [])]).toEqual([]);
  });

  it('an application that closes at once does not keep a request away', async () => {
    const server = createHttpServer((request, response) => response.end(`late ${request.url}`));
    cleanups.push(() => {
      server.closeAllConnections();
      server.close();
    });
    let connections = 0;
    // The first connection is the one that is opened before anybody spoke.
    const app = await application((socket) => {
      if (++connections === 1) socket.end();
      else server.emit('connection', socket);
    });
    const { port } = await through({ appPort: app.port });
    const socket = await dialled(port);
    await until(() => connections === 1 && app.open() === 0);
    socket.write('GET /again HTTP/1.1\r\nHost: app\r\nConnection: close\r\n\r\n');
    expect(await readAll(socket)).toContain('late /again');
  });
});

describe('the connection that is opened before anybody spoke', () => {
  it('is one of those that the limit of the cluster allows, and is given up when the client speaks HTTP', async () => {
    const { port, caller } = await throughOne({ appPort: await httpApplication(), maxConnections: 1 });
    expect(await get(port, '/one')).toMatchObject({ status: 200 });
    expect(await get(port, '/two')).toMatchObject({ status: 200 });
    // The pool had the place at the second time.
    expect(caller.telemetry.count('limit-reached')).toBe(1);
  });

  it('is not needed for a request when the application is down', async () => {
    const { port, caller } = await throughOne({ appPort: await freePort() });
    expect(await get(port, '/')).toMatchObject({ status: 503 });
    expect(caller.telemetry.count('detected-http1')).toBe(1);
  });

  it('of bytes whose application is down the connection is reset, and told of', async () => {
    const { port, caller } = await throughOne({ appPort: await freePort() });
    const socket = await dialled(port);
    socket.write('PING\r\n');
    expect(await readAll(socket)).toBe('reset');
    await until(() => caller.telemetry.records.length === 1);
    expect(caller.telemetry.records[0]).toMatchObject({ protocol: 'tcp', flags: RequestFlags.UF });
  });
});

describe('authorization at a port that takes both', () => {
  const policies = (action: 'ALLOW' | 'DENY', rule: Partial<AuthorizationRule>): AuthorizationRules => ({
    policies: [{ id: 'shop/p', action, mode: 'Enforce', rules: [authorizationRule(rule)] }],
  });

  it.each([
    ['a DENY of a path', policies('DENY', { paths: ['/admin*'] })],
    ['an ALLOW of a method', policies('ALLOW', { methods: ['GET'] })],
  ])('%s lets requests pass that it is not for, and no bytes', async (_, authorization) => {
    const { port, callee } = await throughPair({ appPort: await httpApplication(), authorization });
    expect(await get(port, '/books')).toMatchObject({ status: 200, body: 'GET /books' });
    const socket = await dialled(port);
    socket.write(' GET /admin HTTP/1.1\r\nHost: app\r\n\r\n');
    await readAll(socket);
    const records = callee?.telemetry.records ?? [];
    await until(() => records.length === 2);
    expect(records).toMatchObject([{ status: 200 }, { protocol: 'tcp', flags: RequestFlags.UAEX }]);
  });

  it('a client that waits for a greeting is told that it is refused', async () => {
    const app = await application((socket) => socket.write('220 hello\r\n'));
    const { port, callee } = await throughPair({
      appPort: app.port,
      authorization: policies('ALLOW', { paths: ['/a'] }),
    });
    const socket = await dialled(port);
    expect(await readAll(socket)).toBe('');
    expect(callee?.telemetry.records[0]).toMatchObject({ protocol: 'tcp', flags: RequestFlags.UAEX });
    expect(app.open()).toBe(0);
  });

  it('a caller that may not connect at all is refused with either', async () => {
    const authorization = policies('ALLOW', { namespaces: ['lab'] });
    const { port } = await throughPair({ appPort: await httpApplication(), authorization });
    expect(await get(port, '/books')).toMatchObject({ status: 403 });
  });
});

it('a port of an application over HTTP/2 is called so from either side', async () => {
  const server = createHttp2Server();
  server.on('stream', (stream) => {
    stream.respond({ ':status': 200 });
    stream.end('h2');
  });
  cleanups.push(() => server.close());
  const port = await freePort();
  const config = callerConfig(port, await listening(server), false);
  const clusters = config.clusters.map((each) => ({ ...each, protocol: 'http2' as const }));
  await proxyWith({ ...config, clusters });
  expect(await get(port, '/')).toMatchObject({ status: 200, body: 'h2' });
});
