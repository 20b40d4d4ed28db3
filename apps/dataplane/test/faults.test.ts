import net from 'node:net';
import type { FaultRule } from '@malha/traffic/fault/rule';
import { EVERY_REQUEST } from '@malha/traffic/request-condition';
import { afterEach, expect, it } from 'vitest';
import { cluster, endpoint, forwardTo, outboundConfig, route, startProxy, type TestProxy } from './mesh-fixture.ts';
import { answerOk, exchangeBytes, OK, type RawUpstream, rawUpstream } from './raw-http.ts';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0).toReversed()) cleanup();
});

async function upstream(answer = answerOk): Promise<RawUpstream> {
  const started = await rawUpstream(answer);
  cleanups.push(started.close);
  return started;
}

async function proxyFor(app: RawUpstream, fault: Partial<FaultRule>): Promise<TestProxy> {
  const faults = [{ id: 'shop/fault', condition: EVERY_REQUEST, lastsMs: 86_400_000, ...fault }];
  const proxy = await startProxy(
    outboundConfig({
      routes: [route(forwardTo([{ name: 'app', weight: 1 }], { faults }))],
      clusters: [cluster('app')],
      endpoints: { app: [endpoint('app-1', app.port)] },
    }),
  );
  cleanups.push(() => proxy.dataPlane.close());
  return proxy;
}

const GET = 'GET /a HTTP/1.1\r\nHost: app\r\nConnection: close\r\n\r\n';
const FI = 1 << 10;

it('an error is told with the flag of faults, and no backend is asked', async () => {
  const app = await upstream();
  const proxy = await proxyFor(app, { abort: { perMillion: 1_000_000, status: 418 } });
  const { text } = await exchangeBytes(proxy.outboundPort, [GET]);
  expect(text).toMatch(/^HTTP\/1\.1 418/);
  expect(app.received()).toBe('');
  expect(proxy.telemetry.records[0]).toMatchObject({
    status: 418,
    flags: FI,
    service: 'app',
    protection: 'FaultInjection shop/fault',
  });
});

it('a delayed request arrives whole, with the flag', async () => {
  const answerPost: typeof answerOk = (socket, text) => {
    if (text.endsWith('hello')) socket.write(OK);
  };
  const app = await upstream(answerPost);
  const proxy = await proxyFor(app, { delay: { perMillion: 1_000_000, durationMs: 50 } });
  const post = 'POST /a HTTP/1.1\r\nHost: app\r\nContent-Length: 5\r\nConnection: close\r\n\r\n';
  const { text } = await exchangeBytes(proxy.outboundPort, [`${post}he`, 'llo'], { quietMs: 3_000 });
  expect(text).toMatch(/^HTTP\/1\.1 200/);
  expect(app.received()).toMatch(/hello$/);
  expect(proxy.telemetry.records[0]).toMatchObject({ status: 200, flags: FI });
  expect(proxy.telemetry.records[0]?.durationMs).toBeGreaterThanOrEqual(50);
});

it('a client that leaves while its request is delayed leaves nothing behind', async () => {
  const app = await upstream();
  const proxy = await proxyFor(app, { delay: { perMillion: 1_000_000, durationMs: 200 } });
  const socket = net.connect(proxy.outboundPort, '127.0.0.1');
  await new Promise<void>((resolve) => socket.write(GET.replace('Connection: close\r\n', ''), () => resolve()));
  await new Promise((resolve) => setTimeout(resolve, 50));
  socket.resetAndDestroy();
  await expect.poll(() => proxy.telemetry.records.length).toBe(1);
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(app.received()).toBe('');
  expect(proxy.telemetry.records).toHaveLength(1);
});

it('a broken connection ends without an answer', async () => {
  const proxy = await proxyFor(await upstream(), { reset: { perMillion: 1_000_000 } });
  const { text } = await exchangeBytes(proxy.outboundPort, [GET]);
  expect(text).toBe('');
  expect(proxy.telemetry.records[0]).toMatchObject({ status: 0, flags: FI });
});

it('a fault ends by the clock of the proxy, without a new configuration', async () => {
  const app = await upstream();
  const proxy = await proxyFor(app, { lastsMs: 400, abort: { perMillion: 1_000_000, status: 418 } });
  const status = async () => (await exchangeBytes(proxy.outboundPort, [GET])).text.slice(9, 12);
  expect(await status()).toBe('418');
  await expect.poll(status, { timeout: 5_000 }).toBe('200');
});

it('of 40,000 requests a fault of 30 % answers 30 % within 1 %', { timeout: 600_000 }, async () => {
  const proxy = await proxyFor(await upstream(), { abort: { perMillion: 300_000, status: 418 } });
  const connections = 20;
  const each = 2_000;
  const counts = await Promise.all(Array.from({ length: connections }, () => abortsOf(proxy.outboundPort, each)));
  const share = counts.reduce((sum, count) => sum + count, 0) / (connections * each);
  expect(Math.abs(share - 0.3)).toBeLessThan(0.01);
});

/** Sends `count` requests one after the other on one connection; how many got the error. */
function abortsOf(port: number, count: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, '127.0.0.1');
    let text = '';
    let answers = 0;
    let aborts = 0;
    const send = () => socket.write('GET /a HTTP/1.1\r\nHost: app\r\n\r\n');
    socket.on('error', reject);
    socket.on('connect', send);
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      const end = text.indexOf('\r\n\r\n');
      const length = /content-length: (\d+)/i.exec(text)?.[1];
      if (end === -1 || length === undefined || text.length < end + 4 + Number(length)) return;
      if (text.startsWith('HTTP/1.1 418')) aborts += 1;
      text = '';
      answers += 1;
      if (answers < count) send();
      else {
        socket.destroy();
        resolve(aborts);
      }
    });
  });
}
