// Faults of bandwidth on HTTP/1.1, HTTP/2 and bytes: whole, never faster than they may be, and free when the fault ends.
import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import net, { type AddressInfo, type Server } from 'node:net';
import { freePort } from '@malha/testing/free-port';
import type { FaultRule } from '@malha/traffic/fault/rule';
import { EVERY_REQUEST } from '@malha/traffic/request-condition';
import { afterEach, describe, expect, it } from 'vitest';
import { cluster, clusterName, endpoint, forwardTo, outboundConfig, route, startProxy } from './mesh-fixture.ts';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0).toReversed()) cleanup();
});

const PATIENCE = { timeout: 20_000 };
const FI = 1 << 10;
const ALL = 1_000_000;
const BODY = Buffer.alloc(20_000, 'abcdefghij');
/** 200 ms for the body. */
const RATE = 100_000;
const RULE: FaultRule = { id: 'shop/slow', condition: EVERY_REQUEST, lastsMs: 86_400_000 };
const SLOW_ANSWERS: FaultRule = { ...RULE, bandwidth: { perMillion: ALL, responseBytesPerSecond: RATE } };
const SLOW_REQUESTS: FaultRule = { ...RULE, bandwidth: { perMillion: ALL, requestBytesPerSecond: RATE } };
/** Never, if it depended on the rate. */
const ENDS_SOON: FaultRule = {
  ...RULE,
  lastsMs: 300,
  bandwidth: { perMillion: ALL, responseBytesPerSecond: 1, requestBytesPerSecond: 1 },
};

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

/** Answers with what it got, or with the body. */
async function echoServer(): Promise<number> {
  const server = http.createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const got = Buffer.concat(chunks);
    response.end(got.length > 0 ? got : BODY);
  });
  const port = await listening(server);
  cleanups.push(() => server.closeAllConnections());
  return port;
}

async function proxyFor(appPort: number, rule: FaultRule) {
  const proxy = await startProxy(
    outboundConfig({
      routes: [route(forwardTo([{ name: 'app', weight: 1 }], { faults: [rule] }))],
      clusters: [cluster('app')],
      endpoints: { app: [endpoint('app-1', appPort)] },
    }),
  );
  cleanups.push(() => proxy.dataPlane.close());
  return proxy;
}

/** What an application hears, and how long it took. */
async function overHttp1(port: number, body?: Buffer): Promise<{ got: Buffer; tookMs: number }> {
  const startedMs = performance.now();
  const request = http.request({ port, method: body === undefined ? 'GET' : 'POST', headers: { host: 'app' } });
  request.end(body);
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  return { got: Buffer.concat(chunks), tookMs: performance.now() - startedMs };
}

async function overHttp2(port: number, body?: Buffer): Promise<{ got: Buffer; tookMs: number }> {
  const session = http2.connect(`http://127.0.0.1:${port}`);
  cleanups.push(() => session.destroy());
  const startedMs = performance.now();
  const request = session.request({
    ':path': '/',
    ':authority': 'app',
    ':method': body === undefined ? 'GET' : 'POST',
  });
  request.end(body);
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return { got: Buffer.concat(chunks), tookMs: performance.now() - startedMs };
}

/** Timers of Node and ours round to a millisecond each. */
const leastMs = (bytes: number) => (bytes / RATE) * 1000 - 2;

describe.each([
  ['HTTP/1.1', overHttp1],
  ['HTTP/2', overHttp2],
])('over %s', (_, send) => {
  it('an answer comes whole, and no faster than it may', async () => {
    const proxy = await proxyFor(await echoServer(), SLOW_ANSWERS);
    const { got, tookMs } = await send(proxy.outboundPort);
    expect(got.equals(BODY)).toBe(true);
    expect(tookMs).toBeGreaterThanOrEqual(leastMs(BODY.length));
    expect(proxy.telemetry.records[0]).toMatchObject({
      status: 200,
      flags: FI,
      protection: 'FaultInjection shop/slow',
      isPacedByFault: true,
    });
    // What the client waited, not only what the upstream took.
    expect(proxy.telemetry.records[0]?.durationMs).toBeGreaterThanOrEqual(leastMs(BODY.length));
  });

  it('a request is sent whole, and no faster than it may', async () => {
    const proxy = await proxyFor(await echoServer(), SLOW_REQUESTS);
    const { got, tookMs } = await send(proxy.outboundPort, BODY);
    expect(got.equals(BODY)).toBe(true);
    expect(tookMs).toBeGreaterThanOrEqual(leastMs(BODY.length));
  });

  it('the next one on the connection is slowed down anew, and as whole', async () => {
    const proxy = await proxyFor(await echoServer(), SLOW_ANSWERS);
    await send(proxy.outboundPort);
    expect((await send(proxy.outboundPort)).got.equals(BODY)).toBe(true);
  });

  it('what waits when the fault ends goes on at once', async () => {
    const proxy = await proxyFor(await echoServer(), ENDS_SOON);
    const { got } = await send(proxy.outboundPort, BODY);
    expect(got.equals(BODY)).toBe(true);
  });
});

it('a client that leaves in the middle of a slow answer leaves nothing behind', async () => {
  const slow = { ...RULE, bandwidth: { perMillion: ALL, responseBytesPerSecond: 1024 } };
  const proxy = await proxyFor(await echoServer(), slow);
  const request = http.request({ port: proxy.outboundPort, headers: { host: 'app' } });
  request.end();
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  await once(response, 'data');
  request.destroy();
  response.on('error', () => undefined);
  await expect.poll(() => proxy.dataPlane.stats().connections.outbound, PATIENCE).toBe(0);
  await expect.poll(() => proxy.telemetry.records.length, PATIENCE).toBe(1);
});

describe('connections of bytes', () => {
  async function portWith(rule: FaultRule): Promise<{ port: number; records: () => readonly { flags: number }[] }> {
    const echo = net.createServer({ allowHalfOpen: true }, (socket) => {
      socket.on('error', () => socket.destroy());
      socket.pipe(socket);
    });
    const appPort = await listening(echo);
    const port = await freePort();
    const proxy = await startProxy({
      ...outboundConfig({
        routes: [],
        clusters: [cluster('app', { protocol: 'tcp' })],
        endpoints: { app: [endpoint('app-1', appPort)] },
      }),
      tcp: [
        {
          ...{ port, protocol: 'tcp', service: { namespace: 'shop', name: 'app' }, servicePort: 80 },
          routes: [{ name: 'default', serverNames: ['*'], clusters: [{ cluster: clusterName('app'), weight: 1 }] }],
          faults: [rule],
        },
      ],
    });
    cleanups.push(() => proxy.dataPlane.close());
    return { port, records: () => proxy.telemetry.records };
  }

  async function echoed(port: number): Promise<{ got: Buffer; tookMs: number }> {
    const startedMs = performance.now();
    const socket = net.connect(port, '127.0.0.1');
    socket.end(BODY);
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk);
    return { got: Buffer.concat(chunks), tookMs: performance.now() - startedMs };
  }

  it.each([
    ['to the client', SLOW_ANSWERS],
    ['to the service', SLOW_REQUESTS],
  ])('bytes %s come whole, and no faster than they may', async (_, rule) => {
    const { port, records } = await portWith(rule);
    const { got, tookMs } = await echoed(port);
    expect(got.equals(BODY)).toBe(true);
    expect(tookMs).toBeGreaterThanOrEqual(leastMs(BODY.length));
    await expect.poll(() => records().length, PATIENCE).toBe(1);
    expect(records()[0]).toMatchObject({ flags: FI, requestBytes: BODY.length, responseBytes: BODY.length });
  });

  it('go on at once when the fault ends', async () => {
    const { port } = await portWith(ENDS_SOON);
    expect((await echoed(port)).got.equals(BODY)).toBe(true);
  });

  it('are broken off before they reach the service', async () => {
    const { port, records } = await portWith({ ...RULE, reset: { perMillion: ALL } });
    const socket = net.connect(port, '127.0.0.1');
    await once(socket, 'close').catch(() => undefined);
    await expect.poll(() => records().length, PATIENCE).toBe(1);
    expect(records()[0]).toMatchObject({ flags: FI });
  });

  it('wait before they are connected, and lose nothing', async () => {
    const { port } = await portWith({ ...RULE, delay: { perMillion: ALL, durationMs: 50 } });
    const { got, tookMs } = await echoed(port);
    expect(got.equals(BODY)).toBe(true);
    expect(tookMs).toBeGreaterThanOrEqual(48);
  });
});
