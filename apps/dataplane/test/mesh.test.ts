import { connect, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { createTestCa, type TestIdentity } from '@malha/testing/test-ca';
import type { AuthorizationRules, Endpoint, MeshConfig, MtlsMode } from '@malha/traffic/config';
import { RequestFlags } from '@malha/traffic/flags';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  authorizationRule,
  cluster,
  EMPTY_INBOUND,
  endpoint,
  forwardTo,
  inboundConfig,
  inboundListener,
  outboundConfig,
  route,
  startProxy,
  type TestProxy,
} from './mesh-fixture.ts';
import { answerOk, exchangeBytes, OK, type RawUpstream, rawUpstream } from './raw-http.ts';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

const ca = createTestCa();
const strangers = createTestCa('other.local');
let callerIdentity: TestIdentity;
let appIdentity: TestIdentity;
beforeAll(() => {
  callerIdentity = ca.issue('shop', 'caller');
  appIdentity = ca.issue('shop', 'app');
});

const GET = 'GET / HTTP/1.1\r\nHost: app\r\n\r\n';
const statusOf = (text: string) => Number(text.slice(9, 12));

async function proxyWith(...args: Parameters<typeof startProxy>): Promise<TestProxy> {
  const proxy = await startProxy(...args);
  cleanups.push(() => proxy.dataPlane.close());
  return proxy;
}

async function upstream(answer: (socket: Socket, text: string) => void): Promise<RawUpstream> {
  const started = await rawUpstream(answer);
  cleanups.push(started.close);
  return started;
}

function callerConfig(inboundPort: number, overrides: Partial<Endpoint> = {}): MeshConfig {
  return outboundConfig(
    {
      routes: [route(forwardTo([{ name: 'app', weight: 1 }]))],
      clusters: [cluster('app')],
      endpoints: { app: [endpoint('app-1', inboundPort, { tls: true, ...overrides })] },
    },
    EMPTY_INBOUND,
  );
}

interface Pair {
  readonly caller: TestProxy;
  readonly callee: TestProxy;
  readonly app: RawUpstream;
}

async function pair(
  setup: { mode?: MtlsMode; authorization?: AuthorizationRules; answer?: typeof answerOk } = {},
  identities: { caller?: TestIdentity; callee?: TestIdentity } = {},
): Promise<Pair> {
  const app = await upstream(setup.answer ?? answerOk);
  const { mode, authorization } = setup;
  const inbound = {
    appPort: app.port,
    ...(mode === undefined ? {} : { mode }),
    ...(authorization === undefined ? {} : { authorization }),
  };
  const callee = await proxyWith(inboundConfig(inbound), { secrets: identities.callee ?? appIdentity, name: 'app-1' });
  const caller = await proxyWith(callerConfig(callee.inboundPort), { secrets: identities.caller ?? callerIdentity });
  return { caller, callee, app };
}

/** Handshake as a client; resolves with what came back on a request, or the error. */
function tlsRequest(port: number, options: ConnectionOptions): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connectTls({
      port,
      host: '127.0.0.1',
      servername: '80.app.shop.mesh',
      checkServerIdentity: () => undefined,
      ...options,
    });
    socket.on('secureConnect', () => socket.write(GET));
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      socket.destroy();
    });
    socket.on('error', (error) => resolve(`error: ${error.message}`));
    socket.on('close', () => resolve(text));
  });
}

const client = (identity: TestIdentity): ConnectionOptions => ({
  cert: identity.certificateChainPem,
  key: identity.privateKeyPem,
  ca: ca.trustBundlePem,
});

describe('a pair of proxies', () => {
  it('speaks mutual TLS, and the application learns who calls', async () => {
    const { caller, callee, app } = await pair();
    const request =
      'GET /a HTTP/1.1\r\nHost: app\r\nX-Forwarded-Client-Cert: URI=spiffe://mesh.local/ns/evil/sa/evil\r\n\r\n';
    const { text } = await exchangeBytes(caller.outboundPort, request);
    expect(text).toBe(OK);
    expect(app.received()).toMatch(
      /x-forwarded-client-cert: By=spiffe:\/\/mesh\.local\/ns\/shop\/sa\/app;Hash=[0-9a-f]{64};URI=spiffe:\/\/mesh\.local\/ns\/shop\/sa\/caller\r\n/,
    );
    expect(app.received()).not.toContain('evil');
    expect(app.received().match(/client-cert/gi)).toHaveLength(1);
    const [atCaller] = caller.telemetry.records;
    const [atCallee] = callee.telemetry.records;
    expect(atCaller).toMatchObject({
      reporter: 'source',
      status: 200,
      mtls: true,
      service: 'app',
      port: 80,
      destinationWorkload: 'app-1',
    });
    expect(atCallee).toMatchObject({
      reporter: 'destination',
      status: 200,
      mtls: true,
      service: 'app',
      port: 80,
      destinationWorkload: 'app-1',
      peer: {
        namespace: 'shop',
        service: 'proxy',
        workload: 'proxy-1',
        principal: 'spiffe://mesh.local/ns/shop/sa/caller',
      },
      requestId: atCaller?.requestId,
    });
    expect(atCallee?.trace).toMatchObject({ traceId: atCaller?.trace?.traceId, parentSpanId: atCaller?.trace?.spanId });
  });

  it('keeps its connection over requests', async () => {
    const { caller, callee } = await pair();
    for (let turn = 0; turn < 5; turn++) await exchangeBytes(caller.outboundPort, GET, { quietMs: 150 });
    expect(callee.dataPlane.stats().connections.inbound).toBe(1);
  });

  it('fails when the peer is somebody else, before a byte of the request leaves', async () => {
    const { caller, callee, app } = await pair({}, { callee: ca.issue('shop', 'impostor') });
    expect(statusOf((await exchangeBytes(caller.outboundPort, GET)).text)).toBe(503);
    expect(caller.telemetry.records[0]).toMatchObject({ flags: RequestFlags.UF });
    expect(caller.telemetry.count('peer-rejected')).toBeGreaterThan(0);
    expect(callee.telemetry.records).toHaveLength(0);
    expect(app.received()).toBe('');
  });

  it('fails when the peer is of another trust domain, or its certificate has expired', async () => {
    for (const callee of [
      strangers.issue('shop', 'app'),
      ca.issue('shop', 'app', { nowMs: Date.now() - 86_400_000 * 2, lifetimeMs: 3_600_000 }),
    ]) {
      const { caller, app } = await pair({}, { callee });
      expect(statusOf((await exchangeBytes(caller.outboundPort, GET)).text)).toBe(503);
      expect(app.received()).toBe('');
    }
  });

  it('fails without a certificate of its own', async () => {
    const { callee } = await pair();
    const caller = await proxyWith(callerConfig(callee.inboundPort));
    expect(statusOf((await exchangeBytes(caller.outboundPort, GET)).text)).toBe(503);
  });

  it('takes a new identity for new connections, without a failed request', async () => {
    const { caller, callee } = await pair();
    await exchangeBytes(caller.outboundPort, GET);
    callee.dataPlane.setIdentity(ca.issue('shop', 'app'));
    caller.dataPlane.setIdentity(ca.issue('shop', 'caller'));
    expect((await exchangeBytes(caller.outboundPort, GET)).text).toBe(OK);
    // Another workload name is another endpoint: a new connection, by the new identities.
    caller.dataPlane.apply(callerConfig(callee.inboundPort, { workload: 'shop/app-2' }));
    expect((await exchangeBytes(caller.outboundPort, GET)).text).toBe(OK);
    expect(caller.telemetry.records.map((record) => record.destinationWorkload)).toEqual(['app-1', 'app-1', 'app-2']);
  });

  it('answers 503 with UF when the application is down', async () => {
    const { caller, callee, app } = await pair();
    app.close();
    expect(statusOf((await exchangeBytes(caller.outboundPort, GET)).text)).toBe(503);
    expect(callee.telemetry.records[0]).toMatchObject({ status: 503, flags: RequestFlags.UF });
  });

  it('passes WebSocket through', async () => {
    const { caller } = await pair({
      answer: (socket, text) => {
        if (text.endsWith('\r\n\r\n'))
          socket.write(
            'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
              'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n',
          );
        else socket.end(`echo ${text.slice(-4)}`);
      },
    });
    // The example of RFC 6455 §1.3: key and proof go end to end.
    const upgrade =
      'GET / HTTP/1.1\r\nHost: app\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n';
    const { text, closed } = await exchangeBytes(caller.outboundPort, [upgrade, 'ping'], { gapMs: 150, quietMs: 500 });
    expect(text).toMatch(/^HTTP\/1\.1 101 .*s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=.*echo ping$/s);
    expect(closed).toBe(true);
  });
});

describe('the inbound side', () => {
  it('in STRICT closes plaintext without a byte', async () => {
    const { callee, app } = await pair({ mode: 'STRICT' });
    const answer = await exchangeBytes(callee.inboundPort, GET);
    expect(answer).toEqual({ text: '', closed: true });
    expect(app.received()).toBe('');
    expect(callee.telemetry.count('plaintext-refused')).toBe(1);
  });

  it('in PERMISSIVE takes plaintext and mutual TLS, and never believes a forwarded certificate', async () => {
    const { caller, callee, app } = await pair({ mode: 'PERMISSIVE' });
    const forged =
      'GET / HTTP/1.1\r\nHost: app:80\r\nx-forwarded-client-cert: URI=spiffe://mesh.local/ns/shop/sa/caller\r\n\r\n';
    expect((await exchangeBytes(callee.inboundPort, forged)).text).toBe(OK);
    expect(app.received()).not.toContain('client-cert');
    expect((await exchangeBytes(caller.outboundPort, GET)).text).toBe(OK);
    expect(callee.telemetry.records.map((record) => record.mtls)).toEqual([false, true]);
  });

  it('with one STRICT port among others closes plaintext for that port without a byte', async () => {
    const app = await upstream(answerOk);
    const strict = inboundListener({ appPort: app.port, mode: 'STRICT', service: 'vault' }).ports;
    const open = inboundListener({ appPort: app.port, mode: 'DISABLE', service: 'app' }).ports.map((port) => ({
      ...port,
      port: 81,
    }));
    const config = {
      ...inboundConfig({ appPort: app.port }),
      inbound: { ports: [...strict, ...open], tracing: { samplePercent: 0 } },
    };
    const callee = await proxyWith(config, { secrets: appIdentity });
    expect((await exchangeBytes(callee.inboundPort, GET.replace('app', 'vault'))).text).toBe('');
    expect((await exchangeBytes(callee.inboundPort, GET)).text).toBe(OK);
  });

  it.each([
    ['no certificate', () => ({ ca: ca.trustBundlePem })],
    ['a certificate of another authority', () => client(strangers.issue('shop', 'caller'))],
    [
      'an expired certificate',
      () => client(ca.issue('shop', 'caller', { nowMs: Date.now() - 86_400_000 * 2, lifetimeMs: 3_600_000 })),
    ],
    ['TLS 1.2', () => ({ ...client(callerIdentity), maxVersion: 'TLSv1.2' as const })],
  ])('refuses a client with %s', async (_what, options) => {
    const { callee, app } = await pair();
    expect(await tlsRequest(callee.inboundPort, options())).not.toContain('HTTP/1.1');
    expect(app.received()).toBe('');
    await expect
      .poll(() => callee.telemetry.count('handshake-failed') + callee.telemetry.count('peer-rejected'))
      .toBe(1);
  });

  it('answers 404 for a server name that is not served', async () => {
    const { callee } = await pair();
    expect(
      await tlsRequest(callee.inboundPort, { ...client(callerIdentity), servername: '81.app.shop.mesh' }),
    ).toContain('404');
  });

  it('does not keep connections that broke off within the handshake', async () => {
    const { callee } = await pair();
    const hello = Buffer.from('16030100050100000100', 'hex');
    const sockets = [hello, hello.subarray(0, 1)].map((bytes) =>
      connect({ port: callee.inboundPort, host: '127.0.0.1' })
        .on('error', () => undefined)
        .end(bytes),
    );
    const abrupt = connectTls({
      port: callee.inboundPort,
      host: '127.0.0.1',
      ...client(callerIdentity),
      checkServerIdentity: () => undefined,
    });
    abrupt.on('error', () => undefined).once('secureConnect', () => abrupt.destroy());
    await expect.poll(() => callee.telemetry.open, { timeout: 2000 }).toBe(0);
    for (const socket of sockets) socket.destroy();
  });
});

describe('authorization', () => {
  const allowReads: AuthorizationRules = {
    policies: [
      {
        id: 'shop/readers',
        action: 'ALLOW',
        mode: 'Enforce',
        rules: [authorizationRule({ principals: ['spiffe://mesh.local/ns/shop/sa/caller'], methods: ['GET'] })],
      },
      { id: 'shop/no-admin', action: 'DENY', mode: 'Enforce', rules: [authorizationRule({ paths: ['/admin*'] })] },
    ],
  };

  it('names the policy to the operator and not to the client', async () => {
    const { caller, callee, app } = await pair({ authorization: allowReads });
    expect(statusOf((await exchangeBytes(caller.outboundPort, GET)).text)).toBe(200);
    const denied = await exchangeBytes(caller.outboundPort, 'GET /admin HTTP/1.1\r\nHost: app\r\n\r\n');
    expect(statusOf(denied.text)).toBe(403);
    expect(denied.text).not.toMatch(/shop|admin|policy/);
    expect(callee.telemetry.records.at(-1)).toMatchObject({
      status: 403,
      flags: RequestFlags.UAEX,
      authorizationPolicy: 'shop/no-admin',
    });
    const unlisted = await exchangeBytes(caller.outboundPort, 'DELETE / HTTP/1.1\r\nHost: app\r\n\r\n');
    expect(statusOf(unlisted.text)).toBe(403);
    expect(app.received().match(/HTTP\/1\.1\r\n/g)).toHaveLength(1);
  });

  it('cannot be gone around by another spelling of the path', async () => {
    const { caller, app } = await pair({ authorization: allowReads });
    for (const path of ['/x/../admin', '/%61dmin', '//admin', '/./admin', '/x/%2e%2e/admin'])
      expect(
        statusOf((await exchangeBytes(caller.outboundPort, `GET ${path} HTTP/1.1\r\nHost: app\r\n\r\n`)).text),
      ).toBe(403);
    expect(app.received()).toBe('');
  });

  it('denies an identity that is not allowed, and every plaintext caller', async () => {
    const { callee } = await pair({ authorization: allowReads, mode: 'PERMISSIVE' });
    expect(await tlsRequest(callee.inboundPort, client(ca.issue('shop', 'other')))).toContain('403');
    expect((await exchangeBytes(callee.inboundPort, GET)).text).toContain('403');
  });

  it('denied requests with a body close their connection and do not reach the application', async () => {
    const { callee, app } = await pair({ authorization: allowReads, mode: 'PERMISSIVE' });
    const { text, closed } = await exchangeBytes(
      callee.inboundPort,
      'POST / HTTP/1.1\r\nHost: app\r\nContent-Length: 5\r\n\r\nhello',
    );
    expect(statusOf(text)).toBe(403);
    expect(closed).toBe(true);
    expect(app.received()).toBe('');
  });
});

describe('who calls, in the records of the callee', () => {
  const OWN = { namespace: 'shop', service: 'proxy', version: 'v1', workload: 'proxy-1' };
  const plainPort = (port: number, headers = '') =>
    exchangeBytes(port, `GET / HTTP/1.1\r\nHost: app\r\n${headers}Connection: close\r\n\r\n`);

  it('over mutual TLS names the workload and version of the caller, on each request of a connection', async () => {
    const { caller, callee, app } = await pair();
    for (let n = 0; n < 3; n++)
      await exchangeBytes(caller.outboundPort, GET.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'));
    const principal = 'spiffe://mesh.local/ns/shop/sa/caller';
    expect(callee.telemetry.records.map(({ peer }) => peer)).toEqual(Array(3).fill({ ...OWN, principal }));
    expect(app.received()).not.toMatch(/x-malha-peer/i);
  });

  it('in plaintext names the caller, so that its call is known to be counted by its own proxy', async () => {
    const app = await upstream(answerOk);
    const callee = await proxyWith(inboundConfig({ appPort: app.port, mode: 'DISABLE' }), { name: 'app-1' });
    const caller = await proxyWith(callerConfig(callee.inboundPort, { tls: false }));
    await plainPort(caller.outboundPort);
    expect(callee.telemetry.records.map(({ peer }) => peer)).toEqual([{ ...OWN, principal: '' }]);
    expect(app.received()).not.toMatch(/x-malha-peer/i);
  });

  it('a client without a proxy stays nobody, and what an application says of itself is not passed on', async () => {
    const app = await upstream(answerOk);
    const callee = await proxyWith(inboundConfig({ appPort: app.port, mode: 'PERMISSIVE' }), { name: 'app-1' });
    await plainPort(callee.inboundPort);
    await plainPort(callee.inboundPort, 'X-Malha-Peer: not a peer\r\n');
    const caller = await proxyWith(callerConfig(callee.inboundPort, { tls: false }));
    await plainPort(caller.outboundPort, 'X-Malha-Peer: bank/vault-1/vault/v1\r\n');
    expect(callee.telemetry.records.map(({ peer }) => peer.workload)).toEqual(['', '', 'proxy-1']);
    expect(app.received()).not.toMatch(/x-malha-peer/i);
  });

  it('an identity can say no more of itself than it proved: another namespace is not believed', async () => {
    const stranger = ca.issue('bank', 'caller');
    const { callee } = await pair({}, { caller: stranger });
    const socket = connectTls({
      ...client(stranger),
      port: callee.inboundPort,
      host: '127.0.0.1',
      servername: '80.app.shop.mesh',
      checkServerIdentity: () => undefined,
    });
    socket.write(GET.replace('\r\n\r\n', '\r\nX-Malha-Peer: shop/web-1/web/v1\r\n\r\n'));
    await new Promise((resolve) => socket.once('data', resolve));
    socket.destroy();
    expect(callee.telemetry.records[0]?.peer).toMatchObject({ namespace: 'bank', service: 'caller', workload: '' });
  });

  it('an application that has no proxy is not told who calls', async () => {
    const app = await upstream(answerOk);
    const config = outboundConfig({
      routes: [route(forwardTo([{ name: 'app', weight: 1 }]))],
      clusters: [cluster('app', { tls: { serverName: '80.app.shop.mesh', spiffeIds: [] } })],
      endpoints: { app: [endpoint('app-1', app.port)] },
    });
    const caller = await proxyWith(config);
    await plainPort(caller.outboundPort);
    expect(app.received()).toMatch(/^GET/);
    expect(app.received()).not.toMatch(/x-malha-peer/i);
  });
});
