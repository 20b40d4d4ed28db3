// A limit of 100 requests a second over four proxies, asked by each of them all the time: what passes in 30 s.
import net from 'node:net';
import { redisProblem, startRedis, type TestRedis } from '@malha/testing/redis';
import type { RateLimitRule } from '@malha/traffic';
import { EVERY_REQUEST } from '@malha/traffic/request-condition';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { RedisStore } from '../../apps/dataplane/src/ratelimit/redis-store.ts';
import { type RateLimitServer, startRateLimitServer } from '../../apps/dataplane/src/ratelimit/server.ts';
import {
  cluster,
  clusterName,
  endpoint,
  forwardTo,
  outboundConfig,
  route,
  startProxy,
  type TestProxy,
} from '../../apps/dataplane/test/mesh-fixture.ts';
import { answerOk, type RawUpstream, rawUpstream } from '../../apps/dataplane/test/raw-http.ts';

const PROXIES = 4;
const PER_SECOND = 100;
const BURST = 20;
const MEASURED_MS = 30_000;
/** In which the burst is used up: so many were refused. */
const REFUSED_BEFORE = 100;
/** Connections to each proxy, each with one request after the other: more than the limit lets pass on a slow machine too. */
const CONNECTIONS = 15;
const PAUSE_MS = 50;

const problem = redisProblem();
if (problem !== undefined) console.warn(`the global limit is not measured: ${problem}`);

const RULE: RateLimitRule = {
  id: `shop/limits/measured-${process.pid}`,
  condition: EVERY_REQUEST,
  keys: [],
  announces: false,
  requests: PER_SECOND,
  intervalMs: 1_000,
  burst: BURST,
  global: { cluster: clusterName('ratelimit'), timeoutMs: 5_000, failsOpen: false },
};

describe.skipIf(problem !== undefined)('a global limit', () => {
  let redis: TestRedis;
  let store: RedisStore;
  let server: RateLimitServer;
  let app: RawUpstream;
  let proxies: TestProxy[] = [];

  beforeAll(async () => {
    redis = await startRedis();
    const log = { info: () => undefined, warn: () => undefined };
    store = new RedisStore({ url: redis.url, timeoutMs: 5_000, random: Math.random, log });
    store.start();
    server = await startRateLimitServer({ store, bindAddress: '127.0.0.1', port: 0, operationsPort: undefined });
    app = await rawUpstream(answerOk);
    const config = outboundConfig({
      routes: [route(forwardTo([{ name: 'app', weight: 1 }], { rateLimits: [RULE] }))],
      clusters: [cluster('app'), cluster('ratelimit', { protocol: 'grpc' })],
      endpoints: { app: [endpoint('app-1', app.port)], ratelimit: [endpoint('ratelimit-1', server.port)] },
    });
    proxies = await Promise.all(Array.from({ length: PROXIES }, () => startProxy(config)));
  });
  afterAll(async () => {
    for (const { dataPlane } of proxies) dataPlane.close();
    app?.close();
    await server?.close(1_000);
    store?.close();
    await redis?.kill();
  });

  test(`of ${PER_SECOND}/s over ${PROXIES} proxies lets ${PER_SECOND} ± 2 a second pass`, async () => {
    let endMs = Number.POSITIVE_INFINITY;
    const callers = proxies.flatMap(({ outboundPort }) =>
      Array.from({ length: CONNECTIONS }, () => new Caller(outboundPort)),
    );
    const asking = callers.map((caller) => caller.askUntil(() => performance.now() >= endMs));
    const refused = () => callers.reduce((count, each) => count + each.refused, 0);
    await vi.waitFor(() => expect(refused()).toBeGreaterThan(REFUSED_BEFORE), { timeout: 30_000, interval: 100 });
    const before = sum(callers);
    const refusedBefore = refused();
    const startMs = performance.now();
    endMs = startMs + MEASURED_MS;
    await Promise.all(asking);
    const perSecond = ((sum(callers) - before) * 1_000) / (performance.now() - startMs);
    console.log(`${perSecond.toFixed(2)} requests/s passed, ${refused() - refusedBefore} were refused`);
    expect(refused() - refusedBefore).toBeGreaterThan(MEASURED_MS / 100);
    expect(Math.abs(perSecond - PER_SECOND)).toBeLessThanOrEqual(2);
  });
});

function sum(callers: readonly Caller[]): number {
  return callers.reduce((count, { passed }) => count + passed, 0);
}

/** One connection, one request after the other. */
class Caller {
  passed = 0;
  refused = 0;
  readonly #port: number;

  constructor(port: number) {
    this.#port = port;
  }

  askUntil(isOver: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket = net.connect(this.#port, '127.0.0.1');
      const send = () => socket.write('GET /a HTTP/1.1\r\nHost: app\r\n\r\n');
      let text = '';
      socket.on('error', reject);
      socket.on('connect', send);
      socket.on('data', (chunk: Buffer) => {
        text += chunk.toString('latin1');
        const head = text.indexOf('\r\n\r\n');
        const length = /content-length: (\d+)/i.exec(text)?.[1];
        if (head === -1 || length === undefined || text.length < head + 4 + Number(length)) return;
        const status = text.slice(9, 12);
        text = '';
        if (status === '200') this.passed += 1;
        else if (status === '429') this.refused += 1;
        else reject(new Error(`answered ${status}`));
        if (!isOver()) setTimeout(send, PAUSE_MS);
        else {
          socket.destroy();
          resolve();
        }
      });
    });
  }
}
