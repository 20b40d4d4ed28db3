// Who is told of a stream, and of which: the cluster against real sockets, without a proxy around it.
import http2 from 'node:http2';
import { type AddressInfo, createServer, type Server } from 'node:net';
import type { BalancedEndpoint } from '@malha/traffic/balancer';
import type { Cluster, ClusterName, Endpoint } from '@malha/traffic/config';
import { NO_HASH } from '@malha/traffic/hash-key';
import { afterEach, expect, it } from 'vitest';
import { HeaderBlock } from '../exchange/header-block.ts';
import type { ProxyError } from '../exchange/proxy-error.ts';
import { RequestHead } from '../exchange/request-head.ts';
import { TimerWheel } from '../exchange/timer-wheel.ts';
import type { UpstreamStream } from '../exchange/upstream-stream.ts';
import { ClusterRuntime } from './cluster-runtime.ts';
import type { StreamRequester } from './stream-requester.ts';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0).toReversed()) cleanup();
});

class Requester implements StreamRequester {
  readonly wantsTunnel: boolean;
  readonly hash = NO_HASH;
  stream: UpstreamStream | undefined;
  error: ProxyError | undefined;
  status = 0;
  constructor(wantsTunnel = false) {
    this.wantsTunnel = wantsTunnel;
  }
  streamReady(stream: UpstreamStream, _endpoint: BalancedEndpoint): void {
    this.stream = stream;
    const headers = HeaderBlock.fromList(['host', 'app']);
    stream.sendHead(new RequestHead('GET', 'app', '/', headers, 0, this.wantsTunnel ? 'websocket' : '', false));
    if (!this.wantsTunnel) stream.sendEnd(undefined);
  }
  streamFailed(error: ProxyError): void {
    this.error = error;
  }
  responseInformational(): void {}
  responseStarted({ status }: { readonly status: number }): void {
    this.status = status;
  }
  responseData(): void {}
  responseEnded(): void {}
  upstreamFailed(error: ProxyError): void {
    this.error = error;
  }
  requestDrained(): void {}
}

const CLUSTER: Cluster = {
  name: 'app' as ClusterName,
  service: { namespace: 'shop', name: 'app' },
  port: 80,
  version: '',
  protocol: 'http',
  connectTimeoutMs: 5_000,
  idleTimeoutMs: 60_000,
  limits: { maxConnections: 1, maxPending: 10, maxRequests: 10 },
  loadBalancer: { type: 'RoundRobin' },
  tls: { serverName: 'app', spiffeIds: [] },
};

function clusterTo(port: number, change: Partial<Cluster>, tls = false): ClusterRuntime {
  const monotonic = () => performance.now();
  const wheel = new TimerWheel(monotonic);
  const runtime = new ClusterRuntime(
    { ...CLUSTER, ...change },
    { wheel, monotonic, now: () => Date.now(), identity: () => undefined, random: Math.random, count: () => undefined },
  );
  const endpoint: Endpoint = {
    workload: 'shop/app-1',
    address: '127.0.0.1',
    port,
    tls,
    version: '',
    weight: 1,
    healthy: true,
  };
  runtime.updateEndpoints([endpoint]);
  cleanups.push(() => {
    runtime.destroy();
    wheel.stop();
  });
  return runtime;
}

async function listening(server: Server | http2.Http2Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

it('gives no place in a queue to a request that was told at once', () => {
  const runtime = clusterTo(1, {}, true);
  const requester = new Requester();
  // Without a certificate the connection fails before anything is sent.
  expect(runtime.acquire(requester, undefined, false)).toBeUndefined();
  expect(requester.error?.failure).toBe('noIdentity');
});

it('gives a request that waits to switch protocols no stream of HTTP/2, but a connection of its own', async () => {
  const heads: string[] = [];
  const streams: http2.ServerHttp2Stream[] = [];
  const app = http2.createServer();
  app.on('stream', (stream) => streams.push(stream));
  app.on('unknownProtocol', () => undefined);
  // HTTP/1.1 and HTTP/2 by the first bytes of a connection.
  const port = await listening(
    createServer((socket) => {
      cleanups.push(() => socket.destroy());
      socket.once('data', (chunk: Buffer) => {
        if (!chunk.toString('latin1').startsWith('PRI ')) {
          heads.push(chunk.toString('latin1'));
          return;
        }
        socket.pause();
        socket.unshift(chunk);
        app.emit('connection', socket);
      });
    }),
  );
  const runtime = clusterTo(port, { protocol: 'http2' });
  const first = new Requester();
  const second = new Requester(true);
  runtime.acquire(first, undefined, false);
  await expect.poll(() => streams.length).toBe(1);
  runtime.acquire(second, undefined, false);
  streams[0]?.respond({ ':status': 204 }, { endStream: true });
  await expect.poll(() => first.status).toBe(204);
  await expect.poll(() => heads.length, { timeout: 5_000 }).toBe(1);
  expect(heads[0]).toContain('upgrade: websocket');
  expect(streams).toHaveLength(1);
});

it('hands nobody a connection whose request was given up within its own response', async () => {
  let connections = 0;
  const port = await listening(
    createServer((socket) => {
      connections++;
      cleanups.push(() => socket.destroy());
      socket.on('error', () => undefined);
      socket.on('data', () => socket.write('HTTP/1.1 503 Service Unavailable\r\ncontent-length: 2\r\n\r\nno'));
    }),
  );
  const runtime = clusterTo(port, {});
  const first = new Requester();
  first.responseStarted = () => first.stream?.cancel();
  const second = new Requester();
  runtime.acquire(first, undefined, false);
  runtime.acquire(second, undefined, false);
  await expect.poll(() => second.status || second.error).toBe(503);
  expect(connections).toBe(2);
});

it('speaks what the port speaks now', async () => {
  const app = http2.createServer((_request, response) => response.end('ok'));
  app.on('session', (session) => cleanups.push(() => session.destroy()));
  const port = await listening(app);
  const runtime = clusterTo(port, { limits: { maxConnections: 10, maxPending: 10, maxRequests: 10 } });
  const before = new Requester();
  runtime.acquire(before, undefined, false);
  await expect.poll(() => before.error !== undefined || before.status !== 0).toBe(true);
  runtime.configure({ ...runtime.cluster, protocol: 'grpc' });
  const after = new Requester();
  runtime.acquire(after, undefined, false);
  await expect.poll(() => after.status || after.error).toBe(200);
});
