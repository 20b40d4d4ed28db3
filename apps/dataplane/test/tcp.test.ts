// Connections of bytes through one proxy and through two with mutual TLS between them.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { connect as connectTls, createServer as createTlsServer } from 'node:tls';
import { freePort } from '@malha/testing/free-port';
import { createTestCa } from '@malha/testing/test-ca';
import type {
  AuthorizationRule,
  AuthorizationRules,
  Cluster,
  MeshConfig,
  SpiffeId,
  TcpListener,
} from '@malha/traffic/config';
import { RequestFlags } from '@malha/traffic/flags';
import { afterEach, describe, expect, it } from 'vitest';
import { parseClientHello } from '../src/tcp/client-hello.ts';
import {
  authorizationRule,
  cluster,
  clusterName,
  endpoint,
  inboundConfig,
  listening,
  outboundConfig,
  startProxy,
  type TestProxy,
} from './mesh-fixture.ts';

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

interface App {
  readonly port: number;
  connections(): number;
}

async function application(serve: (socket: Socket) => void): Promise<App> {
  let connections = 0;
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    connections++;
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
    serve(socket);
  });
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: await listening(server), connections: () => connections };
}

function listener(port: number, parts: Partial<TcpListener> = {}): TcpListener {
  return {
    port,
    protocol: 'tcp',
    service: { namespace: 'shop', name: 'app' },
    servicePort: 80,
    routes: [{ name: 'default', serverNames: ['*'], clusters: [{ cluster: clusterName('app'), weight: 1 }] }],
    ...parts,
  };
}

interface CallerSetup {
  readonly upstreamPort: number;
  readonly tls: boolean;
  readonly cluster?: Partial<Cluster>;
  readonly listener?: Partial<TcpListener>;
}

function callerConfig(listenPort: number, setup: CallerSetup): MeshConfig {
  const { upstreamPort, tls } = setup;
  return {
    ...outboundConfig({
      routes: [],
      clusters: [cluster('app', { protocol: 'tcp', ...setup.cluster })],
      endpoints: { app: [endpoint('app-1', upstreamPort, { tls })] },
    }),
    tcp: [listener(listenPort, setup.listener)],
  };
}

interface Path {
  readonly port: number;
  readonly caller: TestProxy;
  readonly proxies: readonly TestProxy[];
}

type Setup = Pick<CallerSetup, 'cluster' | 'listener'> & { readonly authorization?: AuthorizationRules };

async function throughOne(appPort: number, setup: Setup = {}): Promise<Path> {
  const port = await freePort();
  const caller = await proxyWith(callerConfig(port, { upstreamPort: appPort, tls: false, ...setup }));
  return { port, caller, proxies: [caller] };
}

function calleeConfig(appPort: number, setup: Setup): MeshConfig {
  const { authorization } = setup;
  const config = inboundConfig({ appPort, ...(authorization === undefined ? {} : { authorization }) });
  const ports = config.inbound.ports.map((each) => ({ ...each, protocol: 'tcp' as const }));
  return { ...config, inbound: { ...config.inbound, ports } };
}

async function throughPair(appPort: number, setup: Setup = {}): Promise<Path> {
  const callee = await proxyWith(calleeConfig(appPort, setup), { secrets: ca.issue('shop', 'app'), name: 'app-1' });
  const port = await freePort();
  const config = callerConfig(port, { upstreamPort: callee.inboundPort, tls: true, ...setup });
  const caller = await proxyWith(config, { secrets: ca.issue('shop', 'caller') });
  return { port, caller, proxies: [caller, callee] };
}

async function dialled(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
  cleanups.push(() => socket.destroy());
  await once(socket, 'connect');
  return socket;
}

/** All that comes until the other side ends; `reset` when it does not end well. */
async function readAll(socket: Socket): Promise<Buffer | 'reset'> {
  const parts: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => parts.push(chunk));
  return new Promise((resolve) => {
    socket.on('end', () => resolve(Buffer.concat(parts)));
    socket.on('error', () => resolve('reset'));
  });
}

/** Resolves when `holds` does; the test's own timeout is the deadline. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}

const recorded = (proxies: readonly TestProxy[], count = 1) =>
  until(() => proxies.every(({ telemetry }) => telemetry.records.length === count));

describe.each([
  ['one proxy', throughOne],
  ['two proxies with mutual TLS between them', throughPair],
] as const)('through %s', (_, through) => {
  it('a protocol whose client speaks first works, and each direction ends by itself', async () => {
    const app = await application((socket) => socket.pipe(socket));
    const { port } = await through(app.port);
    const socket = await dialled(port);
    socket.end('all that I have to say');
    expect(String(await readAll(socket))).toBe('all that I have to say');
  });

  it('a protocol whose server speaks first is greeted without having said a byte', async () => {
    const app = await application((socket) => socket.write('220 ready\r\n'));
    const { port } = await through(app.port);
    const socket = await dialled(port);
    expect(String((await once(socket, 'data'))[0])).toBe('220 ready\r\n');
  });

  it('a server that ends first still hears the client out', async () => {
    let heard = '';
    const app = await application((socket) => {
      socket.end('bye');
      socket.on('data', (data: Buffer) => {
        heard += String(data);
      });
    });
    const { port, proxies } = await through(app.port);
    const socket = await dialled(port);
    expect(String(await readAll(socket))).toBe('bye');
    socket.end('one more thing');
    await recorded(proxies);
    await until(() => heard === 'one more thing');
    for (const { telemetry } of proxies) expect(telemetry.records[0]).toMatchObject({ flags: 0 });
  });

  it('many megabytes pass whole in both directions at once', async () => {
    const app = await application((socket) => socket.pipe(socket));
    const { port } = await through(app.port);
    const socket = await dialled(port);
    const sent = randomBytes(24 * MB);
    const answer = readAll(socket);
    socket.end(sent);
    const received = await answer;
    expect(received !== 'reset' && received.equals(sent)).toBe(true);
  });

  it('connections at once, with readers that are slow, each get the bytes of their own', async () => {
    const size = 3 * MB + 4321;
    const app = await application((socket) => {
      socket.once('data', (name: Buffer) => socket.end(Buffer.alloc(size, name)));
    });
    const { port } = await through(app.port);
    const sockets = await Promise.all(
      ['a', 'b', 'c', 'd', 'e', 'f'].map(async (name) => ({ name, socket: await dialled(port) })),
    );
    for (const { name, socket } of sockets) socket.write(name);
    // Nothing is read until all writes wait for their readers.
    await new Promise((resolve) => setTimeout(resolve, 50));
    const received = await Promise.all(sockets.map(({ socket }) => readAll(socket)));
    for (const [index, { name }] of sockets.entries()) {
      const bytes = received[index];
      expect(Buffer.isBuffer(bytes) && bytes.equals(Buffer.alloc(size, name)), name).toBe(true);
    }
  });

  it('a reader that does not read holds the writer back', async () => {
    const app = await application((socket) => socket.pause());
    const { port } = await through(app.port);
    const socket = await dialled(port);
    socket.write(Buffer.alloc(64 * MB));
    let last = -1;
    await until(() => {
      const isSteady = socket.writableLength === last && socket.bytesWritten > 0;
      last = socket.writableLength;
      return isSteady;
    });
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(socket.writableLength).toBeGreaterThan(32 * MB);
  });

  it('while it goes on, telemetry hears of the bytes that came since it last asked', async () => {
    const app = await application((socket) => socket.pipe(socket));
    const { port, proxies } = await through(app.port);
    const told = () =>
      proxies.map(({ telemetry }) => {
        telemetry.openStreams.reportProgress();
        return telemetry.records.splice(0).map(({ isProgress, requestBytes, responseBytes }) => ({
          isProgress,
          bytes: [requestBytes, responseBytes],
        }));
      });
    const socket = await dialled(port);
    const echoed = async (text: string) => {
      socket.write(text);
      await once(socket, 'data');
    };
    await echoed('twelve bytes');
    expect(told()).toEqual(proxies.map(() => [{ isProgress: true, bytes: [12, 12] }]));
    expect(told()).toEqual(proxies.map(() => []));
    await echoed('and seven');
    expect(told()).toEqual(proxies.map(() => [{ isProgress: true, bytes: [9, 9] }]));
    await echoed('.');
    socket.end();
    await recorded(proxies);
    expect(told()).toEqual(proxies.map(() => [{ isProgress: false, bytes: [1, 1] }]));
  });

  it('one record tells of the connection, with the bytes of both directions', async () => {
    const app = await application((socket) => socket.on('data', () => socket.end('four')));
    const { port, proxies } = await through(app.port);
    const socket = await dialled(port);
    const answer = readAll(socket);
    socket.end('sixsix');
    await answer;
    await recorded(proxies);
    for (const { telemetry } of proxies)
      expect(telemetry.records[0]).toMatchObject({
        protocol: 'tcp',
        service: 'app',
        serviceNamespace: 'shop',
        port: 80,
        requestBytes: 6,
        responseBytes: 4,
        flags: 0,
        attempts: 1,
        mtls: proxies.length === 2,
      });
    expect(proxies[0]?.telemetry.records[0]).toMatchObject({ route: 'default', destinationWorkload: 'app-1' });
  });
});

describe('a connection that is cut short', () => {
  it.each([
    ['one proxy', throughOne, 'reset'],
    // Node cannot reset what carries a TLS connection: the next proxy sees an end.
    ['two proxies', throughPair, ''],
  ] as const)('by the server is cut for the client through %s, and recorded as such', async (_, through, seen) => {
    const app = await application((socket) => socket.once('data', () => socket.resetAndDestroy()));
    const { port, proxies } = await through(app.port);
    const socket = await dialled(port);
    const answer = readAll(socket);
    socket.end('x');
    expect(String(await answer)).toBe(seen);
    await recorded(proxies);
    expect(proxies.at(-1)?.telemetry.records[0]).toMatchObject({ flags: RequestFlags.UC });
  });

  it.each([
    ['one proxy', throughOne],
    ['two proxies', throughPair],
  ] as const)('by the client is cut for the server through %s', async (_, through) => {
    let isGone = false;
    const app = await application((socket) => {
      socket.write('hello');
      socket.on('end', () => socket.end());
      socket.resume();
      socket.on('close', () => {
        isGone = true;
      });
    });
    const { port, proxies } = await through(app.port);
    const socket = await dialled(port);
    await once(socket, 'data');
    socket.resetAndDestroy();
    await until(() => isGone);
    await recorded(proxies);
    expect(proxies[0]?.telemetry.records[0]).toMatchObject({ flags: RequestFlags.DC });
  });
});

describe('who may connect', () => {
  const policy = (action: 'ALLOW' | 'DENY', parts: Partial<AuthorizationRule>): AuthorizationRules => ({
    policies: [{ id: 'shop/rule', action, mode: 'Enforce', rules: [authorizationRule(parts)] }],
  });

  it.each<[string, AuthorizationRules, boolean]>([
    ['ALLOW of the principal', policy('ALLOW', { principals: ['spiffe://mesh.local/ns/shop/sa/caller'] }), true],
    ['ALLOW of another principal', policy('ALLOW', { principals: ['spiffe://mesh.local/ns/shop/sa/x'] }), false],
    ['ALLOW of the namespace', policy('ALLOW', { namespaces: ['shop'] }), true],
    ['ALLOW of the address', policy('ALLOW', { ipBlocks: ['127.0.0.0/8'] }), true],
    ['ALLOW of another port', policy('ALLOW', { ports: [81] }), false],
    ['DENY of the port', policy('DENY', { ports: [80] }), false],
    ['ALLOW of what only HTTP has never matches', policy('ALLOW', { paths: ['*'] }), false],
    ['DENY of what only HTTP has never matches', policy('DENY', { methods: ['GET'], ports: [80] }), true],
  ])('%s', async (_, authorization, isAllowed) => {
    const app = await application((socket) => socket.end('in'));
    const { port, proxies } = await throughPair(app.port, { authorization });
    const socket = await dialled(port);
    const answer = readAll(socket);
    socket.end();
    if (isAllowed) expect(String(await answer)).toBe('in');
    else {
      expect(String(await answer)).toBe('');
      expect(app.connections()).toBe(0);
      await recorded(proxies);
      expect(proxies[1]?.telemetry.records[0]).toMatchObject({
        flags: RequestFlags.UAEX,
        authorizationPolicy: 'shop/rule',
        requestBytes: 0,
      });
    }
  });

  it('a peer that is somebody else gets not a byte', async () => {
    const app = await application((socket) => socket.end('secret'));
    const spiffeIds = ['spiffe://mesh.local/ns/shop/sa/other' as SpiffeId];
    const tls = { serverName: '80.app.shop.mesh', spiffeIds };
    const { port, caller } = await throughPair(app.port, { cluster: { tls } });
    const socket = await dialled(port);
    expect(await readAll(socket)).toBe('reset');
    await recorded([caller]);
    expect(caller.telemetry.records[0]).toMatchObject({ flags: RequestFlags.UF });
    expect(caller.telemetry.count('peer-rejected')).toBeGreaterThan(0);
  });

  it('HTTP to a port of bytes is no way around its rules', async () => {
    const app = await application((socket) => socket.end('HTTP/1.1 200 OK\r\n\r\n'));
    const { proxies } = await throughPair(app.port, { authorization: policy('ALLOW', { paths: ['/open'] }) });
    const secrets = ca.issue('shop', 'caller');
    const socket = connectTls({
      host: '127.0.0.1',
      port: proxies[1]?.inboundPort ?? 0,
      servername: '80.app.shop.mesh',
      cert: secrets.certificateChainPem,
      key: secrets.privateKeyPem,
      ca: secrets.trustBundlePem,
      ALPNProtocols: ['http/1.1'],
      checkServerIdentity: () => undefined,
    });
    cleanups.push(() => socket.destroy());
    socket.on('error', () => undefined);
    socket.write('GET /open HTTP/1.1\r\nHost: app\r\n\r\n');
    await once(socket, 'close');
    expect(app.connections()).toBe(0);
  });
});

describe.each([
  ['DISABLE', false],
  ['PERMISSIVE', false],
  ['PERMISSIVE', true],
  ['DISABLE', true],
] as const)('a port in mode %s, mutual TLS: %s', (mode, tls) => {
  async function through(serve: (socket: Socket) => void): Promise<Path> {
    const app = await application(serve);
    const config = calleeConfig(app.port, {});
    const ports = config.inbound.ports.map((each) => ({ ...each, mode }));
    const inbound = { ...config.inbound, ports };
    const callee = await proxyWith({ ...config, inbound }, { secrets: ca.issue('shop', 'app'), name: 'app-1' });
    const port = await freePort();
    const caller = await proxyWith(callerConfig(port, { upstreamPort: callee.inboundPort, tls }), {
      secrets: ca.issue('shop', 'caller'),
    });
    return { port, caller, proxies: [caller, callee] };
  }

  it('serves a client that speaks first', async () => {
    const { port, proxies } = await through((socket) => socket.pipe(socket));
    const socket = await dialled(port);
    socket.end('hello');
    expect(String(await readAll(socket))).toBe('hello');
    await recorded(proxies);
    for (const { telemetry } of proxies)
      expect(telemetry.records[0]).toMatchObject({ flags: 0, mtls: tls, requestBytes: 5, responseBytes: 5 });
  });

  it('serves a server that speaks first, once, and to nobody else', async () => {
    const { port } = await through((socket) => {
      socket.write('220 ready');
      socket.on('data', (data: Buffer) => socket.end(`, ${String(data)}`));
    });
    const socket = await dialled(port);
    const [greeting] = (await once(socket, 'data')) as [Buffer];
    expect(String(greeting)).toBe('220 ready');
    const rest = readAll(socket);
    socket.end('quit');
    expect(String(await rest)).toBe(', quit');
  });
});

describe('routes and bounds', () => {
  it('another endpoint is tried when one cannot be connected to', async () => {
    const app = await application((socket) => socket.end('here'));
    const port = await freePort();
    const config = callerConfig(port, { upstreamPort: app.port, tls: false });
    const endpoints = [endpoint('dead', await freePort()), endpoint('app-1', app.port)];
    const caller = await proxyWith({ ...config, endpoints: [{ cluster: clusterName('app'), endpoints }] });
    for (let count = 1; count <= 4; count++) {
      const socket = await dialled(port);
      expect(String(await readAll(socket))).toBe('here');
      socket.end();
    }
    await recorded([caller], 4);
    expect(caller.telemetry.records.some(({ attempts }) => attempts === 2)).toBe(true);
  });

  it('the share of a backend that does not exist is closed, the rest is served', async () => {
    const app = await application((socket) => socket.end('ok'));
    const clusters = [
      { cluster: clusterName('app'), weight: 1 },
      { cluster: clusterName('invalid-backend'), weight: 1 },
    ];
    const routes = [{ name: 'shop/split/0', serverNames: ['*'], clusters }];
    const { port, caller } = await throughOne(app.port, { listener: { routes } });
    const answers: string[] = [];
    for (let count = 0; count < 64; count++) {
      const socket = await dialled(port);
      answers.push(String(await readAll(socket)));
      socket.end();
    }
    expect(new Set(answers)).toEqual(new Set(['ok', 'reset']));
    await recorded([caller], 64);
    expect(caller.telemetry.records.find(({ flags }) => flags !== 0)).toMatchObject({
      flags: RequestFlags.NC,
      route: 'shop/split/0',
      service: 'app',
    });
  });

  it('connections beyond the limit are closed, and a place that becomes free is given again', async () => {
    const app = await application((socket) => {
      socket.write('in');
      socket.on('end', () => socket.end());
      socket.resume();
    });
    const limits = { maxConnections: 1, maxPending: 1, maxRequests: 1 };
    const { port, caller } = await throughOne(app.port, { cluster: { limits } });
    const first = await dialled(port);
    await once(first, 'data');
    expect(await readAll(await dialled(port))).toBe('reset');
    expect(caller.telemetry.records[0]).toMatchObject({ flags: RequestFlags.UO });
    first.destroy();
    await recorded([caller], 2);
    const next = await dialled(port);
    expect(String((await once(next, 'data'))[0])).toBe('in');
  });

  it('silence in both directions ends it', async () => {
    const app = await application(() => undefined);
    const { port, caller } = await throughOne(app.port, { cluster: { idleTimeoutMs: 100 } });
    const socket = await dialled(port);
    await readAll(socket);
    expect(caller.telemetry.count('idle-closed')).toBe(1);
  });

  it('a drain lets connections go on, and cuts them at the deadline', async () => {
    const app = await application((socket) => socket.pipe(socket));
    const { port, caller } = await throughOne(app.port);
    const socket = await dialled(port);
    socket.on('error', () => undefined);
    socket.write('before');
    await once(socket, 'data');
    const drained = caller.dataPlane.drain(300);
    socket.write('while');
    expect(String((await once(socket, 'data'))[0])).toBe('while');
    await until(() => socket.destroyed || socket.readableEnded);
    await drained;
    expect(caller.telemetry.records).toHaveLength(1);
    await expect(dialled(port)).rejects.toThrow(/ECONNREFUSED/);
  });

  it('a new configuration is for new connections; those of a removed port end by themselves', async () => {
    const old = await application((socket) => socket.pipe(socket));
    const fresh = await application((socket) => socket.end('fresh'));
    const { port, caller } = await throughOne(old.port);
    const socket = await dialled(port);
    socket.write('a');
    await once(socket, 'data');
    const clusters = [cluster('app', { protocol: 'tcp' }), cluster('new', { protocol: 'tcp' })];
    const endpoints = [
      { cluster: clusterName('app'), endpoints: [endpoint('app-1', old.port)] },
      { cluster: clusterName('new'), endpoints: [endpoint('new-1', fresh.port)] },
    ];
    const base = callerConfig(port, { upstreamPort: old.port, tls: false });
    const routes = [{ name: 'to-new', serverNames: ['*'], clusters: [{ cluster: clusterName('new'), weight: 1 }] }];
    caller.dataPlane.apply({ ...base, clusters, endpoints, tcp: [listener(port, { routes })] });
    expect(String(await readAll(await dialled(port)))).toBe('fresh');
    caller.dataPlane.apply({ ...base, clusters, endpoints, tcp: [] });
    await expect(dialled(port)).rejects.toThrow(/ECONNREFUSED/);
    socket.write('b');
    expect(String((await once(socket, 'data'))[0])).toBe('b');
  });

  it('a port that is taken is listened on as soon as it is free', async () => {
    const app = await application((socket) => socket.end('mine'));
    const other = createServer();
    const port = await listening(other);
    const config = callerConfig(port, { upstreamPort: app.port, tls: false });
    const caller = await proxyWith(config);
    expect(caller.telemetry.count('listen-failed')).toBeGreaterThan(0);
    other.close();
    let socket: Socket | undefined;
    while (socket === undefined) {
      socket = await dialled(port).catch(() => undefined);
      await new Promise((done) => setTimeout(done, 20));
    }
    expect(String(await readAll(socket))).toBe('mine');
  });
});

describe('TLS that is passed on', () => {
  async function tlsApplication(name: string): Promise<number> {
    const identity = ca.issue('shop', name, { dnsNames: [`${name}.example`] });
    const server = createTlsServer({ cert: identity.certificateChainPem, key: identity.privateKeyPem });
    server.on('secureConnection', (socket) => socket.end(`${name} saw ${String(socket.servername)}`));
    server.on('tlsClientError', () => undefined);
    cleanups.push(() => server.close());
    return listening(server);
  }

  async function passThrough(): Promise<Path> {
    const port = await freePort();
    const names = ['a', 'b'] as const;
    const endpoints = [];
    for (const name of names)
      endpoints.push({
        cluster: clusterName(name),
        endpoints: [endpoint(name, await tlsApplication(name))],
      });
    const base = outboundConfig({ routes: [], clusters: [], endpoints: {} });
    const routes = names.map((name) => ({
      name: `shop/${name}/0`,
      serverNames: [name === 'a' ? 'a.example' : '*.wide.example'],
      clusters: [{ cluster: clusterName(name), weight: 1 }],
    }));
    const clusters = names.map((name) => cluster(name, { protocol: 'tls' }));
    const caller = await proxyWith({
      ...base,
      clusters,
      endpoints,
      tcp: [listener(port, { protocol: 'tls', routes })],
    });
    return { port, caller, proxies: [caller] };
  }

  async function seenBy(port: number, servername: string | undefined): Promise<string> {
    const socket = connectTls({
      host: '127.0.0.1',
      port,
      ...(servername === undefined ? {} : { servername }),
      rejectUnauthorized: false,
    });
    cleanups.push(() => socket.destroy());
    return String(await readAll(socket));
  }

  it('goes by the name that the client asks for, and only its owner opens it', async () => {
    const { port } = await passThrough();
    expect(await seenBy(port, 'A.example')).toBe('a saw A.example');
    expect(await seenBy(port, 'x.wide.example')).toBe('b saw x.wide.example');
  });

  it('is closed where no route has the name, or none is asked for', async () => {
    const { port, caller } = await passThrough();
    expect(await seenBy(port, 'c.example')).toBe('reset');
    expect(await seenBy(port, undefined)).toBe('reset');
    await recorded([caller], 2);
    for (const record of caller.telemetry.records) expect(record).toMatchObject({ flags: RequestFlags.NR });
  });

  it('is closed and counted where it is no TLS at all', async () => {
    const { port, caller } = await passThrough();
    const socket = await dialled(port);
    const answer = readAll(socket);
    socket.write('GET / HTTP/1.1\r\nHost: a.example\r\n\r\n');
    expect(await answer).toBe('reset');
    expect(caller.telemetry.count('client-hello-refused')).toBe(1);
    expect(caller.telemetry.records[0]).toMatchObject({ flags: RequestFlags.DPE });
  });

  it('may come byte by byte, and in several records', async () => {
    const { port } = await passThrough();
    const hello = await realClientHello('a.example');
    const body = hello.subarray(5);
    const record = (part: Buffer) =>
      Buffer.concat([Buffer.from([22, 3, 1, part.length >> 8, part.length & 255]), part]);
    const cut = Buffer.concat([record(body.subarray(0, 3)), record(body.subarray(3, 60)), record(body.subarray(60))]);
    expect(parseClientHello(cut)).toEqual({ type: 'read', serverName: 'a.example' });
    const socket = await dialled(port);
    for (let at = 0; at < hello.length; at += 40) {
      socket.write(hello.subarray(at, at + 40));
      await new Promise((resolve) => setImmediate(resolve));
    }
    // The ServerHello of the application.
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer[0]).toBe(22);
  });
});

/** The first bytes that Node's own client sends. */
async function realClientHello(servername: string): Promise<Buffer> {
  const server = createServer();
  const port = await listening(server);
  const accepted = once(server, 'connection');
  const client = connectTls({ port, host: '127.0.0.1', servername });
  client.on('error', () => undefined);
  const [socket] = (await accepted) as [Socket];
  const [hello] = (await once(socket, 'data')) as [Buffer];
  client.destroy();
  socket.destroy();
  server.close();
  return hello;
}
