// A retry of a request whose body was held up: what the first upstream would not take, the second gets.
import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { cluster, DEFAULT_RETRY, endpoint, forwardTo, outboundConfig, route, startProxy } from './mesh-fixture.ts';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0).toReversed()) cleanup();
});

async function app(window: number, serve: (stream: http2.ServerHttp2Stream) => void): Promise<number> {
  const server = http2.createServer({ settings: { initialWindowSize: window } });
  server.on('session', (session) => cleanups.push(() => session.destroy()));
  server.on('stream', (stream) => {
    stream.on('error', () => undefined);
    serve(stream);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

it('goes on with the body when the next upstream takes it', async () => {
  let refused = 0;
  // Reads nothing, and its window holds less than what is sent.
  const narrow = await app(1_000, (stream) => {
    refused++;
    setTimeout(() => stream.respond({ ':status': 503 }, { endStream: true }), 100);
  });
  const wide = await app(1_000_000, (stream) => {
    let length = 0;
    stream.on('data', (chunk: Buffer) => {
      length += chunk.length;
    });
    stream.on('end', () => {
      if (stream.destroyed) return;
      stream.respond({ ':status': 200 });
      stream.end(String(length));
    });
  });
  const proxy = await startProxy(
    outboundConfig({
      routes: [route(forwardTo([{ name: 'app', weight: 1 }], { retry: { ...DEFAULT_RETRY, on: ['gateway-error'] } }))],
      clusters: [cluster('app', { protocol: 'http2' })],
      endpoints: { app: [endpoint('app-1', narrow), endpoint('app-2', wide)] },
    }),
  );
  cleanups.push(() => proxy.dataPlane.close());
  const client = http2.connect(`http://127.0.0.1:${proxy.outboundPort}`);
  client.on('error', () => undefined);
  cleanups.push(() => client.destroy());
  const put = () =>
    new Promise<string>((resolve) => {
      const request = client.request({ ':authority': 'app', ':path': '/', ':method': 'PUT' });
      let text = '';
      request.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      request.on('error', () => undefined);
      request.on('close', () => resolve(text));
      request.write(Buffer.alloc(20_000));
      setTimeout(() => request.end(Buffer.alloc(200_000)), 400);
    });
  // By turns: one of the two at least begins at the upstream that takes nothing.
  expect(await put()).toBe('220000');
  expect(await put()).toBe('220000');
  expect(refused).toBeGreaterThan(0);
});
