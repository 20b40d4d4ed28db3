import net from 'node:net';
import { redisProblem, startRedis, type TestRedis } from '@malha/testing/redis';
import type { RateLimitRule } from '@malha/traffic/rate-limit/rule';
import { EVERY_REQUEST } from '@malha/traffic/request-condition';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { RedisStore } from '../src/ratelimit/redis-store.ts';
import { type RateLimitServer, startRateLimitServer } from '../src/ratelimit/server.ts';
import {
  cluster,
  clusterName,
  endpoint,
  forwardTo,
  outboundConfig,
  route,
  startProxy,
  type TestProxy,
} from './mesh-fixture.ts';
import { answerOk, exchangeBytes, OK, rawUpstream } from './raw-http.ts';

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

const problem = redisProblem();
if (problem !== undefined) console.warn(`global limits are not tested: ${problem}`);

const GET = 'GET /a HTTP/1.1\r\nHost: app\r\nConnection: close\r\n\r\n';
const RLSE = 1 << 14;

const cleanups: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

let named = 0;

function limit(requests: number, global: Partial<RateLimitRule['global']> = {}): RateLimitRule {
  return {
    id: `shop/limits/global-${++named}-${process.pid}`,
    condition: EVERY_REQUEST,
    keys: [],
    announces: false,
    requests,
    intervalMs: 3_600_000,
    burst: requests,
    global: { cluster: clusterName('ratelimit'), timeoutMs: 2_000, failsOpen: true, ...global },
  };
}

async function proxyWith(counterPort: number, rule: RateLimitRule, answer = answerOk): Promise<TestProxy> {
  const app = await rawUpstream(answer);
  cleanups.push(app.close);
  const proxy = await startProxy(
    outboundConfig({
      routes: [route(forwardTo([{ name: 'app', weight: 1 }], { rateLimits: [rule] }))],
      clusters: [cluster('app'), cluster('ratelimit', { protocol: 'grpc' })],
      endpoints: { app: [endpoint('app-1', app.port)], ratelimit: [endpoint('ratelimit-1', counterPort)] },
    }),
  );
  cleanups.push(() => proxy.dataPlane.close());
  return proxy;
}

async function status(proxy: TestProxy): Promise<string> {
  return (await exchangeBytes(proxy.outboundPort, [GET], { quietMs: 5_000 })).text.slice(9, 12);
}

describe.skipIf(problem !== undefined)('a global limit', () => {
  let redis: TestRedis;
  let server: RateLimitServer;
  let store: RedisStore;

  beforeAll(async () => {
    redis = await startRedis();
    const log = { info: () => undefined, warn: () => undefined };
    store = new RedisStore({ url: redis.url, timeoutMs: 1_000, random: Math.random, log });
    store.start();
    server = await startRateLimitServer({ store, bindAddress: '127.0.0.1', port: 0, operationsPort: undefined });
    await vi.waitFor(() => expect(store.isHere).toBe(true), 10_000);
  });
  afterAll(async () => {
    await server?.close(1_000);
    store?.close();
    await redis?.kill();
  });

  it('is one limit for several proxies', async () => {
    const rule = limit(5);
    const proxies = await Promise.all([proxyWith(server.port, rule), proxyWith(server.port, rule)]);
    const answers: string[] = [];
    for (let index = 0; index < 8; index += 1) answers.push(await status(proxies[index % 2] as TestProxy));
    expect(answers).toEqual(['200', '200', '200', '200', '200', '429', '429', '429']);
  });

  it('tells a refused client when to come back', async () => {
    const proxy = await proxyWith(server.port, limit(1));
    await status(proxy);
    const { text } = await exchangeBytes(proxy.outboundPort, [GET], { quietMs: 5_000 });
    expect(text).toMatch(/^HTTP\/1\.1 429/);
    const seconds = Number(/^retry-after: (\d+)/im.exec(text)?.[1]);
    expect(seconds).toBeGreaterThan(3_500);
    expect(seconds).toBeLessThanOrEqual(3_600);
    expect(proxy.telemetry.records[1]).toMatchObject({ status: 429, flags: 1 << 9 });
  });

  it('keeps the body of a request that waits for the decision', async () => {
    const answerPost: typeof answerOk = (socket, text) => {
      if (text.endsWith('hello')) socket.write(OK);
    };
    const proxy = await proxyWith(server.port, limit(10), answerPost);
    const post = 'POST /a HTTP/1.1\r\nHost: app\r\nContent-Length: 5\r\nConnection: close\r\n\r\n';
    const { text } = await exchangeBytes(proxy.outboundPort, [`${post}he`, 'llo'], { quietMs: 5_000 });
    expect(text).toMatch(/^HTTP\/1\.1 200/);
    expect(proxy.telemetry.records[0]).toMatchObject({ requestBytes: 5 });
  });
});

describe('while nobody counts', () => {
  const nobody = 1;

  it('requests pass, and it shows', async () => {
    const proxy = await proxyWith(nobody, limit(1));
    expect([await status(proxy), await status(proxy)]).toEqual(['200', '200']);
    expect(proxy.telemetry.records.map(({ flags }) => flags)).toEqual([RLSE, RLSE]);
    expect(proxy.telemetry.count('rate-limit-failed-open')).toBe(2);
  });

  it('requests are refused where the limit says so', async () => {
    const proxy = await proxyWith(nobody, limit(1, { failsOpen: false }));
    expect(await status(proxy)).toBe('500');
    expect(proxy.telemetry.records[0]).toMatchObject({ status: 500, flags: RLSE });
    expect(proxy.telemetry.count('rate-limit-failed-closed')).toBe(1);
  });

  it('a service that is silent is not waited for longer than the limit says', async () => {
    const silent = net.createServer();
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    cleanups.push(() => void silent.close());
    const address = silent.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const proxy = await proxyWith(port, limit(1, { timeoutMs: 50 }));
    expect(await status(proxy)).toBe('200');
    expect(proxy.telemetry.records[0]).toMatchObject({ flags: RLSE });
  });
});
