// Fallback, whole: what a client gets where the answer of its route fails, and what is told of it.
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { type FallbackConfig, type ForwardAction, formatFlags } from '@malha/traffic';
import { afterEach, describe, expect, it } from 'vitest';
import {
  cluster,
  clusterName,
  endpoint,
  forwardTo,
  NO_RETRY,
  outboundConfig,
  route,
  startProxy,
  type TestProxy,
} from './mesh-fixture.ts';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0).toReversed()) cleanup();
});

const ON = ['gateway-error', 'unavailable', 'timeout'] as const;
const OTHER: FallbackConfig = { on: ON, to: { type: 'backend', cluster: clusterName('other') } };
const SORRY: FallbackConfig = {
  on: ON,
  to: { type: 'static', status: 200, body: 'sorry', headers: [{ name: 'content-type', value: 'text/plain' }] },
};
const LAST: FallbackConfig = {
  on: ON,
  to: { type: 'last-good', maxAgeMs: 3_600_000, maxEntries: 100, maxBytes: 1_000_000 },
};

class App {
  status = 200;
  headers: http.OutgoingHttpHeaders = {};
  body = 'answer';
  /** Takes requests and never answers. */
  isSilent = false;
  readonly seen: { readonly method: string; readonly body: string; readonly headers: http.IncomingHttpHeaders }[] = [];
  private readonly server = http.createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on('end', () => {
      this.seen.push({ method: request.method ?? '', body, headers: request.headers });
      if (!this.isSilent) response.writeHead(this.status, this.headers).end(this.body);
    });
  });

  async start(): Promise<number> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    cleanups.push(() => this.kill());
    return (this.server.address() as AddressInfo).port;
  }

  kill(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}

async function setUp(action: Partial<ForwardAction>) {
  const [app, other] = [new App(), new App()];
  other.body = 'other';
  const [port, otherPort] = [await app.start(), await other.start()];
  const proxy = await startProxy(
    outboundConfig({
      routes: [route(forwardTo([{ name: 'app', weight: 1 }], { retry: NO_RETRY, ...action }))],
      clusters: [cluster('app'), cluster('other')],
      endpoints: { app: [endpoint('app-1', port)], other: [endpoint('other-1', otherPort)] },
      samplePercent: 100,
    }),
  );
  cleanups.push(() => proxy.dataPlane.close());
  return { app, other, proxy };
}

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers: http.IncomingHttpHeaders;
}

function send(proxy: TestProxy, options: http.RequestOptions = {}, body = ''): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = http.request(
      {
        host: '127.0.0.1',
        port: proxy.outboundPort,
        agent: false,
        ...options,
        headers: { host: 'app', ...options.headers },
      },
      (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => {
          text += chunk.toString();
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text, headers: response.headers }));
        response.on('error', reject);
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}

const flagsOf = (proxy: TestProxy) => proxy.telemetry.records.map(({ flags }) => formatFlags(flags));

describe('a fallback to a direct response', () => {
  it('is for failures alone, and says what it is', async () => {
    const { app, proxy } = await setUp({ fallback: SORRY });
    const good = await send(proxy);
    expect([good.status, good.body, good.headers['malha-fallback']]).toEqual([200, 'answer', undefined]);
    app.status = 404;
    expect((await send(proxy)).status).toBe(404);
    app.status = 500;
    expect((await send(proxy)).status).toBe(500);
    app.status = 503;
    const instead = await send(proxy);
    expect([instead.status, instead.body, instead.headers['malha-fallback']]).toEqual([200, 'sorry', 'static']);
    expect(flagsOf(proxy)).toEqual(['', '', '', 'FB']);
    expect(proxy.telemetry.count('fallback-static')).toBe(1);
  });

  it('is for a service that nobody answers for, and says why', async () => {
    const { app, proxy } = await setUp({ fallback: SORRY });
    app.kill();
    expect((await send(proxy)).headers['malha-fallback']).toBe('static');
    expect(flagsOf(proxy)).toEqual(['UF,FB']);
  });

  it('is for an answer that takes too long', async () => {
    const { app, proxy } = await setUp({ fallback: SORRY, requestTimeoutMs: 50 });
    app.isSilent = true;
    expect((await send(proxy)).body).toBe('sorry');
    expect(flagsOf(proxy)).toEqual(['UT,FB']);
  });

  it('is for requests that an open breaker stops', async () => {
    const breaker = {
      successRate: 0.5,
      windowMs: 60_000,
      minRequests: 1,
      openMs: 60_000,
      openMaxMs: 60_000,
      halfOpenRequests: 1,
    };
    const { app, proxy } = await setUp({ fallback: SORRY, breaker });
    app.status = 503;
    for (let sent = 0; sent < 3; sent++) expect((await send(proxy)).body).toBe('sorry');
    expect(flagsOf(proxy)).toEqual(['FB', 'UO,FB', 'UO,FB']);
    expect(app.seen).toHaveLength(1);
  });
});

describe('a fallback to another backend', () => {
  it('carries the request on, with its body, and tells both calls apart', async () => {
    const { app, other, proxy } = await setUp({ fallback: OTHER });
    app.status = 503;
    const answer = await send(proxy, { method: 'POST' }, 'text');
    expect([answer.status, answer.body, answer.headers['malha-fallback']]).toEqual([200, 'other', 'backend']);
    expect([app, other].map(({ seen }) => seen.map(({ method, body }) => `${method} ${body}`))).toEqual([
      ['POST text'],
      ['POST text'],
    ]);
    const [failed, instead] = proxy.telemetry.records;
    expect(failed).toMatchObject({ service: 'app', status: 503, attempts: 1 });
    expect(instead).toMatchObject({ service: 'other', status: 200, destinationWorkload: 'other-1' });
    expect(flagsOf(proxy)).toEqual(['', 'FB']);
    expect(instead?.trace?.traceId).toBe(failed?.trace?.traceId);
    expect(instead?.trace?.parentSpanId).toBe(failed?.trace?.spanId);
    expect(other.seen[0]?.headers.traceparent).toContain(instead?.trace?.spanId);
  });

  it('gets a body that comes after the failure', async () => {
    const { app, other, proxy } = await setUp({ fallback: OTHER });
    app.kill();
    const body = 'x'.repeat(300_000);
    expect((await send(proxy, { method: 'POST' }, body)).body).toBe('other');
    expect(other.seen.map((seen) => seen.body)).toEqual([body]);
  });

  it('has no fallback of its own', async () => {
    const { app, other, proxy } = await setUp({ fallback: OTHER });
    app.status = 503;
    other.status = 502;
    expect((await send(proxy)).status).toBe(502);
    expect([app.seen.length, other.seen.length]).toEqual([1, 1]);
  });

  it('that this proxy does not know leaves the failure as it is', async () => {
    const { app, proxy } = await setUp({
      fallback: { on: ON, to: { type: 'backend', cluster: clusterName('gone') } },
    });
    app.status = 503;
    expect((await send(proxy)).status).toBe(503);
    expect(proxy.telemetry.count('fallback-missing')).toBe(1);
  });
});

describe('a fallback to the last good answer', () => {
  it('gives what it gave before, with its age', async () => {
    const { app, proxy } = await setUp({ fallback: LAST });
    app.headers = { 'x-app': '1', 'content-type': 'text/css' };
    await send(proxy, { path: '/style?v=1' });
    app.status = 503;
    const { status, body, headers } = await send(proxy, { path: '/style?v=1' });
    expect([status, body]).toEqual([200, 'answer']);
    expect(headers).toMatchObject({
      'malha-fallback': 'last-good',
      'x-app': '1',
      'content-type': 'text/css',
      'content-length': '6',
      age: expect.stringMatching(/^\d+$/),
    });
    expect((await send(proxy, { path: '/style?v=2' })).status).toBe(503);
    expect([proxy.telemetry.count('fallback-last-good'), proxy.telemetry.count('fallback-missing')]).toEqual([1, 1]);
  });

  it('keeps nothing that belongs to one client', async () => {
    const { app, proxy } = await setUp({ fallback: LAST });
    app.headers = { 'cache-control': 'private' };
    await send(proxy, { path: '/private' });
    app.headers = {};
    await send(proxy, { path: '/own', headers: { authorization: 'x' } });
    await send(proxy, { path: '/kept' });
    app.status = 503;
    expect((await send(proxy, { path: '/private' })).status).toBe(503);
    expect((await send(proxy, { path: '/own' })).status).toBe(503);
    expect((await send(proxy, { path: '/kept', headers: { cookie: 'a=b' } })).status).toBe(503);
    expect((await send(proxy, { path: '/kept' })).status).toBe(200);
  });

  it('answers a HEAD with the head alone', async () => {
    const { app, proxy } = await setUp({ fallback: LAST });
    await send(proxy, { method: 'HEAD' });
    app.kill();
    const { status, body, headers } = await send(proxy, { method: 'HEAD' });
    expect([status, body, headers['malha-fallback']]).toEqual([200, '', 'last-good']);
  });

  it('keeps no answer that is too large', async () => {
    const { app, proxy } = await setUp({ fallback: LAST });
    app.body = 'x'.repeat(200_000);
    expect((await send(proxy)).body).toHaveLength(200_000);
    app.status = 503;
    expect((await send(proxy)).status).toBe(503);
  });
});
