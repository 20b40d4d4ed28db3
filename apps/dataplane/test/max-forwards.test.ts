// Max-Forwards (RFC 9110 §7.6.2) on both sides of a proxy: counted down by each, answered by the one that gets 0.
import http from 'node:http';
import http2 from 'node:http2';
import { afterEach, expect, test, vi } from 'vitest';
import { simpleConfig, startProxy, type TestProxy } from './mesh-fixture.ts';
import { rawUpstream } from './raw-http.ts';

vi.setConfig({ testTimeout: 60_000 });

const closers: (() => unknown)[] = [];
afterEach(() => {
  for (const close of closers.splice(0).reverse()) close();
});

async function before() {
  const app = await rawUpstream((socket, text) => {
    if (text.endsWith('\r\n\r\n')) socket.write('HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\napp');
  });
  const proxy = await startProxy(simpleConfig(app.port));
  closers.push(app.close, () => proxy.dataPlane.close());
  return { app, proxy };
}

interface Answer {
  readonly status: number;
  readonly allow: string | undefined;
  readonly length: string | undefined;
  readonly body: string;
}

type Call = (proxy: TestProxy, method: string, maxForwards?: string) => Promise<Answer>;

const byHttp1: Call = (proxy, method, maxForwards) =>
  new Promise((resolve, reject) => {
    const headers = { host: 'app', ...(maxForwards !== undefined && { 'max-forwards': maxForwards }) };
    const options = { host: '127.0.0.1', port: proxy.outboundPort, method, path: '/', headers, agent: false };
    const request = http.request(options, (response) => {
      let body = '';
      response.on('data', (chunk) => {
        body += String(chunk);
      });
      const { allow, 'content-length': length } = response.headers;
      response.on('end', () => resolve({ status: response.statusCode ?? 0, allow, length, body }));
    });
    request.on('error', reject);
    request.end();
  });

const byHttp2: Call = (proxy, method, maxForwards) =>
  new Promise((resolve, reject) => {
    const session = http2.connect(`http://127.0.0.1:${proxy.outboundPort}`);
    closers.push(() => session.destroy());
    session.on('error', reject);
    const more = maxForwards === undefined ? {} : { 'max-forwards': maxForwards };
    const stream = session.request({ ':method': method, ':authority': 'app', ':path': '/', ...more });
    let body = '';
    stream.on('response', (headers) => {
      const { ':status': status = 0, allow, 'content-length': length } = headers;
      stream.on('data', (chunk) => {
        body += String(chunk);
      });
      stream.on('end', () => resolve({ status, allow: allow as string | undefined, length, body }));
    });
    stream.on('error', reject);
    stream.end();
  });

const CODECS = [
  ['HTTP/1.1', byHttp1],
  ['HTTP/2', byHttp2],
] as const;

test.each(CODECS)(
  'OPTIONS over %s with 0 is answered here, and the application does not hear of it',
  async (_, call) => {
    const { app, proxy } = await before();
    expect(await call(proxy, 'OPTIONS', '0')).toEqual({ status: 200, allow: undefined, length: '0', body: '' });
    expect(app.connections()).toBe(0);
  },
);

test.each(CODECS)('TRACE over %s with 0 is not reflected', async (_, call) => {
  const { app, proxy } = await before();
  expect(await call(proxy, 'TRACE', '0')).toMatchObject({ status: 405, allow: 'OPTIONS', body: '' });
  expect(app.connections()).toBe(0);
});

test.each(CODECS)('over %s goes on one lower, and as it came where it is no number', async (_, call) => {
  const { app, proxy } = await before();
  expect(await call(proxy, 'OPTIONS', '10')).toMatchObject({ status: 200, body: 'app' });
  expect(app.received()).toContain('max-forwards: 9\r\n');
  expect(await call(proxy, 'OPTIONS', 'soon')).toMatchObject({ body: 'app' });
  expect(app.received()).toContain('max-forwards: soon\r\n');
  expect(await call(proxy, 'TRACE')).toMatchObject({ body: 'app' });
});

test.each(CODECS)('means nothing to other methods over %s', async (_, call) => {
  const { app, proxy } = await before();
  expect(await call(proxy, 'GET', '0')).toMatchObject({ status: 200, body: 'app' });
  expect(app.received()).toContain('max-forwards: 0\r\n');
});
