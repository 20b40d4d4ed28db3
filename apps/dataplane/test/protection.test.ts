// What protects callers, whole: a replica that dies, one that fails, one that is slow, a service that is down.
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { OutlierDetectionConfig } from '@malha/traffic';
import { afterEach, describe, expect, it } from 'vitest';
import {
  cluster,
  DEFAULT_RETRY,
  endpoint,
  forwardTo,
  outboundConfig,
  route,
  startProxy,
  type TestProxy,
} from './mesh-fixture.ts';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0).toReversed()) cleanup();
});

/** In flight at once: no more than the budget lets be retried at once, so each that breaks may be sent again. */
const CALLERS = 3;

const OUTLIERS: OutlierDetectionConfig = {
  consecutive5xx: 5,
  consecutiveGatewayErrors: 0,
  consecutiveLocalErrors: 5,
  intervalMs: 10_000,
  baseEjectionMs: 30_000,
  maxEjectionMs: 300_000,
  maxEjectionPercent: 10,
};

class Replica {
  requests = 0;
  status = 200;
  delayMs = 0;
  private readonly server = http.createServer((_request, response) => {
    this.requests++;
    setTimeout(() => response.writeHead(this.status).end('answer'), this.delayMs);
  });

  async start(): Promise<number> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    cleanups.push(() => this.kill());
    return (this.server.address() as AddressInfo).port;
  }

  /** As `kill -9` looks from outside: nobody listens any more, and open connections break. */
  kill(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}

async function serviceOf(count: number, change: Parameters<typeof cluster>[1] = {}) {
  const replicas = Array.from({ length: count }, () => new Replica());
  const endpoints = await Promise.all(
    replicas.map(async (each, index) => endpoint(`app-${index}`, await each.start())),
  );
  const proxy = await startProxy(
    outboundConfig({
      routes: [route(forwardTo([{ name: 'app', weight: 1 }], { retry: DEFAULT_RETRY }))],
      clusters: [cluster('app', { outlierDetection: OUTLIERS, ...change })],
      endpoints: { app: endpoints },
    }),
  );
  cleanups.push(() => proxy.dataPlane.close());
  return { replicas, proxy };
}

/** Sends so many GETs, a few at a time; how often each status came. */
async function load(proxy: TestProxy, count: number, whenSent: (sent: number) => void = () => undefined) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: CALLERS });
  cleanups.push(() => agent.destroy());
  const statuses = new Map<number, number>();
  let sent = 0;
  const call = async (): Promise<void> => {
    while (sent < count) {
      whenSent(++sent);
      const status = await get(proxy.outboundPort, agent);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, call));
  return Object.fromEntries(statuses);
}

function get(port: number, agent: http.Agent): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = http.get({ host: '127.0.0.1', port, agent, headers: { host: 'app' } }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode ?? 0));
      response.on('error', reject);
    });
    request.on('error', reject);
  });
}

function endpointStates(proxy: TestProxy) {
  return proxy.dataPlane.stats().clusters[0]?.endpoints.map(({ ejection }) => ejection?.reason ?? 'in');
}

describe('a replica that dies under load', { timeout: 30_000 }, () => {
  it('costs no caller a failed GET, and gets nothing more', async () => {
    const { replicas, proxy } = await serviceOf(3);
    const [first, second, third] = replicas;
    const statuses = await load(proxy, 600, (sent) => {
      if (sent === 200) second?.kill();
    });
    expect(statuses).toEqual({ 200: 600 });
    expect(endpointStates(proxy)).toEqual(['in', expect.stringMatching(/^con/), 'in']);
    const before = second?.requests;
    await load(proxy, 60);
    expect(second?.requests).toBe(before);
    expect((first?.requests ?? 0) + (third?.requests ?? 0)).toBeGreaterThan(500);
  });
});

describe('a replica that answers with errors', { timeout: 30_000 }, () => {
  it('is ejected after five of them, is seen to be, and retries hide them from callers', async () => {
    const { replicas, proxy } = await serviceOf(3);
    const [, second] = replicas;
    if (second !== undefined) second.status = 503;
    expect(await load(proxy, 120)).toEqual({ 200: 120 });
    expect(endpointStates(proxy)).toEqual(['in', 'consecutive-5xx', 'in']);
    expect(proxy.telemetry.count('ejected-consecutive-5xx')).toBe(1);
    // Those in flight when the fifth came may add to it.
    expect(second?.requests).toBeLessThan(5 + CALLERS);
  });
});

describe('a replica that is slow', { timeout: 30_000 }, () => {
  it('gets a small part of the requests by peak EWMA', async () => {
    const { replicas, proxy } = await serviceOf(3, { loadBalancer: { type: 'PeakEwma' } });
    const [, second] = replicas;
    if (second !== undefined) second.delayMs = 60;
    expect(await load(proxy, 300)).toEqual({ 200: 300 });
    expect(second?.requests).toBeLessThan(60);
  });
});

describe('a service that fails entirely', { timeout: 30_000 }, () => {
  it('is asked no more while the breaker is open, and again when it is well', async () => {
    const breaker = {
      successRate: 0.8,
      windowMs: 10_000,
      minRequests: 5,
      openMs: 100,
      openMaxMs: 100,
      halfOpenRequests: 2,
    };
    const { replicas, proxy } = await serviceOf(2, { breaker });
    for (const replica of replicas) replica.status = 500;
    await load(proxy, 60);
    expect(proxy.telemetry.count('breaker-opened')).toBeGreaterThan(0);
    expect(proxy.telemetry.count('breaker-rejected')).toBeGreaterThan(0);
    for (const replica of replicas) replica.status = 200;
    const state = () => proxy.dataPlane.stats().clusters[0]?.breaker?.type;
    await expect
      .poll(async () => {
        await load(proxy, 2);
        return state();
      })
      .toBe('closed');
    expect(await load(proxy, 20)).toEqual({ 200: 20 });
  });
});
