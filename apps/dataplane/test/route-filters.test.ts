import type { CorsPolicy, ForwardAction } from '@malha/traffic/config';
import { afterEach, describe, expect, it } from 'vitest';
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

/** A proxy in front of `app`, with `copy` as a second service. */
async function proxyFor(app: RawUpstream, copyPort: number, action: Partial<ForwardAction>): Promise<TestProxy> {
  const proxy = await startProxy(
    outboundConfig({
      routes: [route(forwardTo([{ name: 'app', weight: 1 }], action))],
      clusters: [cluster('app'), cluster('copy')],
      endpoints: { app: [endpoint('app-1', app.port)], copy: [endpoint('copy-1', copyPort)] },
    }),
  );
  cleanups.push(() => proxy.dataPlane.close());
  return proxy;
}

const GET = 'GET /a HTTP/1.1\r\nHost: app\r\nX-One: 1\r\nConnection: close\r\n\r\n';

describe('a mirror', () => {
  const all = (perMillion = 1_000_000) => ({ mirrors: [{ cluster: clusterName('copy'), perMillion }] });

  it('gets a copy of head and body, and its answer goes nowhere', async () => {
    const answerPost: typeof answerOk = (socket, text) => {
      if (text.endsWith('hello')) socket.write(OK);
    };
    const app = await upstream(answerPost);
    const copy = await upstream((socket, text) => {
      if (text.endsWith('hello')) socket.write('HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n');
    });
    const proxy = await proxyFor(app, copy.port, all());
    const post = 'POST /a HTTP/1.1\r\nHost: app\r\nContent-Length: 5\r\nConnection: close\r\n\r\n';
    const { text } = await exchangeBytes(proxy.outboundPort, [post, 'hel', 'lo'], { quietMs: 3_000 });
    expect(text).toMatch(/^HTTP\/1\.1 200/);
    await expect.poll(() => copy.received()).toMatch(/hello$/);
    expect(copy.received().replace(/\r\n\r\nhello$/, '')).toContain('POST /a HTTP/1.1\r\nHost: app\r\n');
    expect(proxy.telemetry.records).toHaveLength(1);
    expect(proxy.telemetry.count('request-mirrored')).toBe(1);
  });

  it('that is down, or never answers, costs the caller nothing', async () => {
    const app = await upstream();
    const dead = await upstream();
    dead.close();
    const silent = await upstream(() => undefined);
    for (const port of [dead.port, silent.port]) {
      const proxy = await proxyFor(app, port, all());
      const { text } = await exchangeBytes(proxy.outboundPort, GET, { quietMs: 3_000 });
      expect(text).toMatch(/^HTTP\/1\.1 200/);
    }
  });

  it('that reads slowly is given up instead of held for', async () => {
    const size = 24 * 1024 * 1024;
    const app = await upstream((socket, text) => {
      if (text.length > size) socket.write(OK);
    });
    const copy = await upstream((socket) => socket.pause());
    const proxy = await proxyFor(app, copy.port, all());
    const body = 'x'.repeat(size);
    const post = `POST /a HTTP/1.1\r\nHost: app\r\nContent-Length: ${size}\r\nConnection: close\r\n\r\n`;
    const { text } = await exchangeBytes(proxy.outboundPort, [post, body], { quietMs: 10_000 });
    expect(text).toMatch(/^HTTP\/1\.1 200/);
    expect(proxy.telemetry.count('mirror-dropped')).toBe(1);
  }, 20_000);

  it('that closes while the body is on its way, or answers halfway, costs the caller nothing', async () => {
    const size = 1024 * 1024;
    const app = await upstream((socket, text) => {
      if (text.length > size) socket.write(OK);
    });
    const post = `POST /a HTTP/1.1\r\nHost: app\r\nContent-Length: ${size}\r\nConnection: close\r\n\r\n`;
    const closing = await upstream((socket) => socket.destroy());
    const halfway = await upstream((socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhal'));
    for (const { port } of [closing, halfway]) {
      const proxy = await proxyFor(app, port, all());
      const parts = [post, 'x'.repeat(size / 2), 'x'.repeat(size / 2)];
      const { text } = await exchangeBytes(proxy.outboundPort, parts, { quietMs: 10_000 });
      expect(text).toMatch(/^HTTP\/1\.1 200/);
      expect(proxy.telemetry.records.map(({ status }) => status)).toEqual([200]);
    }
  }, 20_000);

  it('of a share gets that share', async () => {
    const app = await upstream();
    const copy = await upstream();
    const proxy = await proxyFor(app, copy.port, all(0));
    await exchangeBytes(proxy.outboundPort, GET, { quietMs: 3_000 });
    expect(copy.received()).toBe('');
  });
});

describe('cross-origin requests', () => {
  const cors: CorsPolicy = {
    allowOrigins: ['https://shop.example'],
    allowMethods: ['GET', 'PUT'],
    allowHeaders: [],
    exposeHeaders: ['x-total'],
    maxAgeSeconds: 60,
    allowCredentials: false,
  };
  const preflight = (origin: string) =>
    `OPTIONS /a HTTP/1.1\r\nHost: app\r\nOrigin: ${origin}\r\nAccess-Control-Request-Method: PUT\r\nConnection: close\r\n\r\n`;

  it('ask by a preflight that the proxy answers', async () => {
    const app = await upstream();
    const proxy = await proxyFor(app, 1, { cors });
    const { text } = await exchangeBytes(proxy.outboundPort, preflight('https://shop.example'));
    expect(text).toMatch(/^HTTP\/1\.1 200/);
    expect(text).toContain('access-control-allow-origin: https://shop.example\r\n');
    expect(text).toContain('access-control-allow-methods: GET, PUT\r\n');
    expect(text).toContain('access-control-max-age: 60\r\n');
    const refused = await exchangeBytes(proxy.outboundPort, preflight('https://evil.example'));
    expect(refused.text).toMatch(/^HTTP\/1\.1 200/);
    expect(refused.text).not.toContain('access-control');
    expect(app.received()).toBe('');
    expect(proxy.telemetry.records.map(({ status }) => status)).toEqual([200, 200]);
  });

  it('get what the policy says in place of what the application says, also with an error', async () => {
    const app = await upstream((socket) =>
      socket.write('HTTP/1.1 200 OK\r\naccess-control-allow-origin: *\r\nvary: Accept\r\ncontent-length: 0\r\n\r\n'),
    );
    const proxy = await proxyFor(app, 1, { cors });
    const from = (origin: string) => `GET /a HTTP/1.1\r\nHost: app\r\nOrigin: ${origin}\r\nConnection: close\r\n\r\n`;
    const allowed = (await exchangeBytes(proxy.outboundPort, from('https://shop.example'))).text;
    expect(allowed).toContain('access-control-allow-origin: https://shop.example\r\n');
    expect(allowed).not.toContain('access-control-allow-origin: *');
    expect(allowed).toContain('access-control-expose-headers: x-total\r\n');
    expect(allowed).toContain('vary: Accept\r\n');
    expect(allowed).toContain('vary: Origin\r\n');
    app.close();
    await new Promise((resolve) => setTimeout(resolve, 50));
    const failed = (await exchangeBytes(proxy.outboundPort, from('https://shop.example'))).text;
    expect(failed).toMatch(/^HTTP\/1\.1 503/);
    expect(failed).toContain('access-control-allow-origin: https://shop.example\r\n');
  });
});
