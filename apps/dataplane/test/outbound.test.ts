import { createServer, type Socket } from 'node:net';
import { INVALID_BACKEND } from '@malha/traffic/config';
import { RequestFlags } from '@malha/traffic/flags';
import { afterEach, describe, expect, it } from 'vitest';
import {
  cluster,
  DEFAULT_RETRY,
  endpoint,
  forwardTo,
  NO_HEADERS,
  outboundConfig,
  route,
  simpleConfig,
  startProxy,
  type TestProxy,
} from './mesh-fixture.ts';
import { answerOk, exchangeBytes, exchangeUndated, OK, type RawUpstream, rawUpstream } from './raw-http.ts';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

async function upstream(answer: (socket: Socket, text: string) => void): Promise<RawUpstream> {
  const started = await rawUpstream(answer);
  cleanups.push(started.close);
  return started;
}

async function proxyWith(...args: Parameters<typeof startProxy>): Promise<TestProxy> {
  const proxy = await startProxy(...args);
  cleanups.push(() => proxy.dataPlane.close());
  return proxy;
}

/** A port that nobody listens on. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise<void>((resolve) => server.close(() => resolve()));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

const GET = 'GET / HTTP/1.1\r\nHost: app\r\n\r\n';
const POST = 'POST / HTTP/1.1\r\nHost: app\r\nContent-Length: 2\r\n\r\nhi';
const answer = (status: string) => `HTTP/1.1 ${status}\r\ncontent-length: 0\r\n\r\n`;
/** Until the answer of `OK` is whole, however slow the machine. */
const WHOLE = { quietMs: 10_000, until: /\r\n\r\nok$/ };
const statusOf = (text: string) => Number(text.slice(9, 12));

describe('routes', () => {
  it('apply header changes of route and backend, but never to what frames the message', async () => {
    const app = await upstream(answerOk);
    const action = forwardTo([{ name: 'app', weight: 1 }], {
      requestHeaders: {
        set: [
          { name: 'x-set', value: 'new' },
          { name: 'content-length', value: '99' },
        ],
        add: [{ name: 'x-add', value: '2' }],
        remove: ['x-gone', 'host'],
      },
      responseHeaders: { set: [{ name: 'x-res', value: 'r' }], add: [], remove: ['x-powered-by'] },
    });
    const proxy = await proxyWith(
      outboundConfig({
        routes: [route(action)],
        clusters: [cluster('app')],
        endpoints: { app: [endpoint('a', app.port)] },
      }),
    );
    const { text } = await exchangeBytes(
      proxy.outboundPort,
      'GET / HTTP/1.1\r\nHost: app\r\nX-Set: old\r\nX-Add: 1\r\nX-Gone: 1\r\n\r\n',
    );
    expect(app.received()).toMatch(/^GET \/ HTTP\/1\.1\r\nHost: app\r\nX-Add: 1\r\n/);
    expect(app.received()).toContain('x-set: new\r\nx-add: 2\r\n');
    expect(app.received()).not.toMatch(/old|gone|content-length/i);
    expect(text).toContain('x-res: r\r\n');
  });

  it('rewrite host and path', async () => {
    const app = await upstream(answerOk);
    const action = forwardTo([{ name: 'app', weight: 1 }], {
      rewrite: { host: 'inner', path: { type: 'prefix', value: '/v2' } },
    });
    const proxy = await proxyWith(
      outboundConfig({
        routes: [route(action, '/v1')],
        clusters: [cluster('app')],
        endpoints: { app: [endpoint('a', app.port)] },
      }),
    );
    await exchangeBytes(proxy.outboundPort, 'GET /v1/a?b HTTP/1.1\r\nHost: app\r\n\r\n');
    expect(app.received()).toMatch(/^GET \/v2\/a\?b HTTP\/1\.1\r\n/);
    expect(app.received()).toContain('host: inner\r\n');
    expect(app.received()).not.toContain('Host: app');
  });

  it('redirect and answer directly, also to a request with a body', async () => {
    const proxy = await proxyWith(
      outboundConfig({
        routes: [
          route({ type: 'redirect', status: 302, scheme: 'https', host: 'new', responseHeaders: NO_HEADERS }, '/r'),
          route(
            {
              type: 'direct',
              status: 418,
              body: 'tea',
              responseHeaders: { ...NO_HEADERS, set: [{ name: 'x-a', value: 'b' }] },
            },
            '/d',
          ),
        ],
        clusters: [],
        endpoints: {},
        host: 'app.shop:80',
      }),
    );
    const redirected = await exchangeUndated(proxy.outboundPort, 'GET /r/1?q HTTP/1.1\r\nHost: app\r\n\r\n');
    expect(redirected.text).toBe('HTTP/1.1 302 Found\r\nlocation: https://new/r/1?q\r\ncontent-length: 0\r\n\r\n');
    const direct = await exchangeBytes(
      proxy.outboundPort,
      'GET /d HTTP/1.1\r\nHost: app\r\n\r\nGET /d HTTP/1.1\r\nHost: app\r\n\r\n',
    );
    expect(direct.text.match(/HTTP\/1\.1 418 .*?\r\n\r\ntea/gs)).toHaveLength(2);
    // Whose name was called is known, though nobody was asked.
    for (const record of proxy.telemetry.records)
      expect(record).toMatchObject({ serviceNamespace: 'shop', service: 'app', port: 80, flags: 0 });
    const withBody = await exchangeBytes(
      proxy.outboundPort,
      'POST /d HTTP/1.1\r\nHost: app\r\nContent-Length: 9\r\n\r\n',
    );
    expect(withBody).toMatchObject({ closed: true });
    expect(withBody.text).toContain('connection: close');
  });

  it('split by weight', async () => {
    const [a, b] = [await upstream(answerOk), await upstream(answerOk)];
    const proxy = await proxyWith(
      outboundConfig({
        routes: [
          route(
            forwardTo([
              { name: 'a', weight: 3 },
              { name: 'b', weight: 1 },
            ]),
          ),
        ],
        clusters: [cluster('a'), cluster('b')],
        endpoints: { a: [endpoint('a', a.port)], b: [endpoint('b', b.port)] },
      }),
    );
    await exchangeBytes(proxy.outboundPort, GET.repeat(400), { quietMs: 800 });
    const count = (raw: RawUpstream) => raw.received().match(/GET /g)?.length ?? 0;
    expect(count(a) + count(b)).toBe(400);
    expect(count(b)).toBeGreaterThan(55);
    expect(count(b)).toBeLessThan(150);
  });

  it('that lead nowhere answer once, with the flag in the record and not in the response', async () => {
    const proxy = await proxyWith(
      outboundConfig({
        domains: ['app'],
        routes: [
          route(forwardTo([{ name: 'missing', weight: 1 }]), '/missing'),
          route(forwardTo([{ name: INVALID_BACKEND, weight: 1 }]), '/invalid'),
          route(forwardTo([{ name: 'empty', weight: 1 }]), '/empty'),
          route(forwardTo([{ name: 'empty', weight: 0 }]), '/zero'),
        ],
        clusters: [cluster('empty')],
        endpoints: {},
      }),
    );
    const cases = [
      ['/missing', 'app', 503, RequestFlags.NC],
      ['/invalid', 'app', 500, RequestFlags.NC],
      ['/empty', 'app', 503, RequestFlags.UH],
      ['/zero', 'app', 503, RequestFlags.UH],
      ['/other', 'app', 404, RequestFlags.NR],
      ['/', 'stranger', 404, RequestFlags.NR],
    ] as const;
    for (const [path, host, status, flags] of cases) {
      const { text } = await exchangeBytes(proxy.outboundPort, `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
      expect([path, statusOf(text)]).toEqual([path, status]);
      expect(proxy.telemetry.records.at(-1)).toMatchObject({ path, status, flags, reporter: 'source' });
    }
  });
});

describe('tracing', () => {
  const TRACE = '0af7651916cd43dd8448eb211c80319c';

  it('follows the parent, with a span of its own', async () => {
    const app = await upstream(answerOk);
    const proxy = await proxyWith(simpleConfig(app.port));
    const parent = `traceparent: 00-${TRACE}-b7ad6b7169203331-01\r\ntracestate: a=b\r\nx-request-id: mine\r\n`;
    await exchangeBytes(proxy.outboundPort, `GET / HTTP/1.1\r\nHost: app\r\n${parent}\r\n`);
    const [, span] = /traceparent: 00-0af7651916cd43dd8448eb211c80319c-([0-9a-f]{16})-01/.exec(app.received()) ?? [];
    expect(span).not.toBe('b7ad6b7169203331');
    expect(app.received()).toContain('tracestate: a=b\r\n');
    expect(app.received().match(/traceparent/g)).toHaveLength(1);
    expect(proxy.telemetry.records[0]).toMatchObject({
      requestId: 'mine',
      trace: { traceId: TRACE, spanId: span, parentSpanId: 'b7ad6b7169203331', sampled: true },
    });
  });

  it('begins a trace, sampled by percentage, for a request with none or a malformed one', async () => {
    const app = await upstream(answerOk);
    const config = simpleConfig(app.port);
    const proxy = await proxyWith({ ...config, outbound: { ...config.outbound, tracing: { samplePercent: 100 } } });
    await exchangeBytes(
      proxy.outboundPort,
      `GET / HTTP/1.1\r\nHost: app\r\ntraceparent: nonsense\r\ntracestate: a=b\r\n\r\n`,
    );
    expect(app.received()).toMatch(/traceparent: 00-[0-9a-f]{32}-[0-9a-f]{16}-01\r\n/);
    expect(app.received()).not.toMatch(/nonsense|tracestate/);
    expect(proxy.telemetry.records[0]?.trace).toMatchObject({ parentSpanId: '', sampled: true });
  });
});

describe('retries', () => {
  it('go to another endpoint when the first cannot be reached, which is left out for a while', async () => {
    const app = await upstream((socket, text) => {
      if (text.endsWith('hi')) socket.write(OK);
    });
    const dead = await closedPort();
    const proxy = await proxyWith(
      outboundConfig({
        routes: [route(forwardTo([{ name: 'app', weight: 1 }], { retry: DEFAULT_RETRY }))],
        clusters: [cluster('app')],
        endpoints: { app: [endpoint('dead', dead), endpoint('alive', app.port)] },
      }),
    );
    for (let turn = 0; turn < 10; turn++)
      expect(statusOf((await exchangeBytes(proxy.outboundPort, POST, WHOLE)).text)).toBe(200);
    const retried = proxy.telemetry.records.filter((record) => record.attempts > 1);
    expect(retried.length).toBeGreaterThan(0);
    expect(retried.length).toBeLessThan(5);
    expect(proxy.telemetry.count('endpoint-ejected')).toBe(retried.length);
    expect(
      proxy.telemetry.records.every((record) => record.destinationWorkload === 'alive' && record.flags === 0),
    ).toBe(true);
  });

  it('send the same body again, and only as often as the policy says', async () => {
    const app = await upstream((socket, text) => {
      if (text.endsWith('hi')) socket.write(answer('503 Service Unavailable'));
    });
    const proxy = await proxyWith(simpleConfig(app.port, { retry: DEFAULT_RETRY }));
    const put = POST.replace('POST', 'PUT');
    const { text } = await exchangeBytes(proxy.outboundPort, put);
    expect(statusOf(text)).toBe(503);
    expect(text.match(/HTTP\/1\.1/g)).toHaveLength(1);
    expect(app.received().match(/\r\n\r\nhi/g)).toHaveLength(3);
    expect(proxy.telemetry.records).toHaveLength(1);
    expect(proxy.telemetry.records[0]).toMatchObject({ attempts: 3, flags: RequestFlags.URX, status: 503 });
  });

  it('are not made for a method that is not idempotent, once it was sent', async () => {
    const app = await upstream((socket, text) => {
      if (text.endsWith('hi')) socket.destroy();
    });
    const proxy = await proxyWith(simpleConfig(app.port, { retry: DEFAULT_RETRY }));
    expect(statusOf((await exchangeBytes(proxy.outboundPort, POST)).text)).toBe(503);
    expect(app.received().match(/POST/g)).toHaveLength(1);
    expect(proxy.telemetry.records[0]).toMatchObject({ attempts: 1, flags: RequestFlags.UC });
  });

  it('are not made for a body larger than what is kept', async () => {
    const size = 200 * 1024;
    const app = await upstream((socket, text) => {
      if (text.length > size) socket.write(answer('503 Service Unavailable'));
    });
    const proxy = await proxyWith(simpleConfig(app.port, { retry: DEFAULT_RETRY }));
    const head = `PUT / HTTP/1.1\r\nHost: app\r\nContent-Length: ${size}\r\n\r\n`;
    expect(statusOf((await exchangeBytes(proxy.outboundPort, head + 'x'.repeat(size))).text)).toBe(503);
    expect(proxy.telemetry.records[0]).toMatchObject({ attempts: 1, requestBytes: size });
  });

  it('stay within their budget', async () => {
    const app = await upstream((socket, text) => {
      if (text.endsWith('\r\n\r\n')) socket.write(answer('503 Service Unavailable'));
    });
    const slow = { ...DEFAULT_RETRY, backoffBaseMs: 100, backoffMaxMs: 200, budget: { percent: 0, minConcurrent: 2 } };
    const proxy = await proxyWith(simpleConfig(app.port, { retry: slow }));
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => exchangeBytes(proxy.outboundPort, GET, { quietMs: 800 })),
    );
    expect(answers.every(({ text }) => statusOf(text) === 503)).toBe(true);
    const extra = (app.received().match(/GET/g)?.length ?? 0) - 20;
    expect(extra).toBeGreaterThan(0);
    expect(extra).toBeLessThan(12);
    expect(proxy.telemetry.count('retry-budget-exhausted')).toBeGreaterThan(0);
  });

  it('of an idle connection that its peer had just closed cost no attempt, for idempotent requests', async () => {
    let served = 0;
    const app = await upstream((socket, text) => {
      if (!text.endsWith('\r\n\r\n')) return;
      // Answers one request on each connection and resets when the second arrives.
      if ((text.match(/GET/g)?.length ?? 0) > 1) socket.resetAndDestroy();
      else {
        served++;
        socket.write(OK);
      }
    });
    const proxy = await proxyWith(simpleConfig(app.port));
    for (let turn = 0; turn < 4; turn++)
      expect(statusOf((await exchangeBytes(proxy.outboundPort, GET, WHOLE)).text)).toBe(200);
    expect(served).toBe(4);
    expect(proxy.telemetry.records.map((record) => record.attempts)).toEqual([1, 1, 1, 1]);
  });

  it('leave an idle connection alone when the upstream said that it would close it', async () => {
    const app = await upstream((socket, text) => {
      if (text.endsWith('hi') || text.endsWith('\r\n\r\n'))
        socket.write('HTTP/1.1 200 OK\r\nKeep-Alive: timeout=1\r\ncontent-length: 0\r\n\r\n');
    });
    const proxy = await proxyWith(simpleConfig(app.port));
    await exchangeBytes(proxy.outboundPort, GET, { quietMs: 30 });
    await new Promise((resolve) => setTimeout(resolve, 650));
    await exchangeBytes(proxy.outboundPort, POST, { quietMs: 30 });
    expect(app.connections()).toBe(2);
  });
});

describe('time', () => {
  it('a request that takes too long is answered 504 and cancelled', async () => {
    let isCancelled = false;
    const app = await upstream((socket) =>
      socket.on('close', () => {
        isCancelled = true;
      }),
    );
    const proxy = await proxyWith(simpleConfig(app.port, { requestTimeoutMs: 80 }));
    const before = performance.now();
    const { text } = await exchangeBytes(proxy.outboundPort, GET, { quietMs: 400 });
    expect(statusOf(text)).toBe(504);
    expect(proxy.telemetry.records[0]).toMatchObject({ status: 504, flags: RequestFlags.UT });
    expect(performance.now() - before).toBeGreaterThan(80);
    await expect.poll(() => isCancelled).toBe(true);
  });

  it('an attempt that takes too long is tried again within the time of the request', async () => {
    let attempts = 0;
    const app = await upstream((socket, text) => {
      if (text.endsWith('\r\n\r\n') && ++attempts === 2) socket.write(OK);
    });
    const proxy = await proxyWith(simpleConfig(app.port, { backendRequestTimeoutMs: 60, retry: DEFAULT_RETRY }));
    expect(statusOf((await exchangeBytes(proxy.outboundPort, GET, { quietMs: 500 })).text)).toBe(200);
    expect(proxy.telemetry.records[0]).toMatchObject({ attempts: 2, flags: 0 });
  });

  it('a response that stalls is cut, server-sent events may last', async () => {
    const app = await upstream((socket, text) => {
      const type = text.split('GET ').at(-1)?.startsWith('/events') ? 'text/event-stream' : 'text/plain';
      socket.write(`HTTP/1.1 200 OK\r\ncontent-type: ${type}\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n`);
      setTimeout(() => socket.write('1\r\nb\r\n0\r\n\r\n'), 250);
    });
    const proxy = await proxyWith(simpleConfig(app.port, { requestTimeoutMs: 100 }));
    const events = await exchangeBytes(proxy.outboundPort, 'GET /events HTTP/1.1\r\nHost: app\r\n\r\n', {
      quietMs: 500,
    });
    expect(events.text).toMatch(/1\r\nb\r\n0\r\n\r\n$/);
    const plain = await exchangeBytes(proxy.outboundPort, GET, { quietMs: 500 });
    expect(plain.closed).toBe(true);
    expect(plain.text).not.toContain('0\r\n\r\n');
  });

  it('while a response goes on, telemetry hears of its bytes; the request counts at its end', async () => {
    let finish = () => undefined as unknown;
    const app = await upstream((socket) => {
      socket.write(
        'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n5\r\nfirst\r\n',
      );
      finish = () => socket.write('6\r\nsecond\r\n0\r\n\r\n');
    });
    const { outboundPort, telemetry } = await proxyWith(simpleConfig(app.port));
    const answer = exchangeBytes(outboundPort, GET, { quietMs: 1000 });
    await expect
      .poll(() => {
        telemetry.openStreams.reportProgress();
        return telemetry.records.length;
      })
      .toBe(1);
    telemetry.openStreams.reportProgress();
    finish();
    expect((await answer).text).toContain('second');
    expect(telemetry.records).toMatchObject([
      { isProgress: true, responseBytes: 5, peer: { service: 'app' } },
      { isProgress: false, responseBytes: 6, status: 200 },
    ]);
  });

  it('a stream on which nothing happens is ended', async () => {
    const app = await upstream(() => undefined);
    const proxy = await proxyWith(simpleConfig(app.port, { requestTimeoutMs: 0, streamIdleTimeoutMs: 60 }));
    expect(statusOf((await exchangeBytes(proxy.outboundPort, GET, { quietMs: 500 })).text)).toBe(504);
  });

  it('a head that dribbles is answered 408, a silent connection is closed', async () => {
    const app = await upstream(answerOk);
    const proxy = await proxyWith(simpleConfig(app.port), { limits: { headTimeoutMs: 150, idleTimeoutMs: 300 } });
    const slow = await exchangeBytes(proxy.outboundPort, [...GET], { gapMs: 20, quietMs: 300 });
    expect(slow.text).toContain('HTTP/1.1 408 Request Timeout\r\n');
    expect(slow.closed).toBe(true);
    expect(app.received()).toBe('');
    const silent = await exchangeBytes(proxy.outboundPort, [], { quietMs: 900 });
    expect(silent).toEqual({ text: '', closed: true });
  });
});

describe('limits', () => {
  it('on connections make requests wait in a bounded queue', async () => {
    const app = await upstream((socket, text) => {
      if (text.endsWith('\r\n\r\n')) setTimeout(() => socket.write(OK), 60);
    });
    const limits = { maxConnections: 2, maxPending: 3, maxRequests: 100 };
    const config = simpleConfig(app.port);
    const proxy = await proxyWith({ ...config, clusters: [cluster('app', { limits })] });
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => exchangeBytes(proxy.outboundPort, GET, { quietMs: 600 })),
    );
    const statuses = answers.map(({ text }) => statusOf(text));
    expect(statuses.filter((status) => status === 200)).toHaveLength(5);
    expect(statuses.filter((status) => status === 503)).toHaveLength(3);
    expect(app.connections()).toBe(2);
    expect(proxy.telemetry.records.filter((record) => record.flags === RequestFlags.UO)).toHaveLength(3);
  });

  it('on concurrent requests answer 503 at once', async () => {
    const app = await upstream((socket, text) => {
      if (text.endsWith('\r\n\r\n')) setTimeout(() => socket.write(OK), 60);
    });
    const config = simpleConfig(app.port);
    const limits = { maxConnections: 10, maxPending: 10, maxRequests: 2 };
    const proxy = await proxyWith({ ...config, clusters: [cluster('app', { limits })] });
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => exchangeBytes(proxy.outboundPort, GET, { quietMs: 400 })),
    );
    expect(answers.filter(({ text }) => statusOf(text) === 503)).toHaveLength(3);
    expect(proxy.dataPlane.stats().clusters[0]?.activeRequests).toBe(0);
  });

  it('on connections do not keep a request from the only endpoint that is left', async () => {
    const [a, b] = [await upstream(answerOk), await upstream(answerOk)];
    const limits = { maxConnections: 1, maxPending: 5, maxRequests: 100 };
    const proxy = await proxyWith(
      outboundConfig({
        routes: [route(forwardTo([{ name: 'app', weight: 1 }]))],
        clusters: [cluster('app', { limits })],
        endpoints: { app: [endpoint('a', a.port), endpoint('b', b.port)] },
      }),
    );
    const { text } = await exchangeBytes(proxy.outboundPort, GET.repeat(6), { quietMs: 400 });
    expect(text.match(/200 OK/g)).toHaveLength(6);
    expect(b.connections()).toBeGreaterThan(0);
  });

  it('on open connections close what comes on top', async () => {
    const app = await upstream(() => undefined);
    const proxy = await proxyWith(simpleConfig(app.port), { limits: { connectionsMax: 2 } });
    const answers = await Promise.all(
      Array.from({ length: 3 }, () => exchangeBytes(proxy.outboundPort, GET, { quietMs: 200 })),
    );
    expect(answers.filter(({ closed }) => closed)).toHaveLength(1);
    expect(proxy.telemetry.count('connection-refused')).toBe(1);
  });

  it('a connection that cannot be made in time fails with UF', async () => {
    const proxy = await proxyWith({
      ...simpleConfig(1),
      // TEST-NET-1: packets go nowhere, or the network says so at once.
      endpoints: [{ cluster: cluster('app').name, endpoints: [endpoint('far', 80, { address: '192.0.2.1' })] }],
      clusters: [cluster('app', { connectTimeoutMs: 100 })],
    });
    expect(statusOf((await exchangeBytes(proxy.outboundPort, GET, { quietMs: 600 })).text)).toBe(503);
    expect(proxy.telemetry.records[0]).toMatchObject({ flags: RequestFlags.UF });
  });
});
