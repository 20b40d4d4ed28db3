// Probes against real sockets: who passes, who fails, and that requests have nothing to do with it.
import http from 'node:http';
import http2 from 'node:http2';
import net, { type AddressInfo } from 'node:net';
import { BalancedEndpoint } from '@malha/traffic/balancer';
import type { Cluster, ClusterName, HealthCheckConfig } from '@malha/traffic/config';
import { makeEndpoint } from '@malha/traffic/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { TimerWheel } from '../exchange/timer-wheel.ts';
import { HealthChecker } from './health-checker.ts';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0).toReversed()) cleanup();
});

const TIMING = { intervalMs: 20, timeoutMs: 2_000, jitterPercent: 0, unhealthyThreshold: 2, healthyThreshold: 2 };
const HTTP: HealthCheckConfig = { ...TIMING, type: 'http', path: '/health?full=1', host: '', expectedStatuses: [] };

function clusterWith(healthCheck: HealthCheckConfig | undefined, protocol: Cluster['protocol'] = 'http'): Cluster {
  return {
    name: 'app' as ClusterName,
    service: { namespace: 'shop', name: 'app' },
    port: 80,
    version: '',
    protocol,
    connectTimeoutMs: 1_000,
    idleTimeoutMs: 60_000,
    limits: { maxConnections: 1, maxPending: 1, maxRequests: 1 },
    loadBalancer: { type: 'Random' },
    ...(healthCheck !== undefined && { healthCheck }),
    tls: { serverName: 'app', spiffeIds: [] },
  };
}

class Bench {
  readonly verdicts: boolean[] = [];
  failures = 0;
  private readonly wheel = new TimerWheel(() => performance.now());
  readonly checker = new HealthChecker(
    {
      wheel: this.wheel,
      monotonic: () => performance.now(),
      now: () => Date.now(),
      identity: () => undefined,
      random: () => 0.5,
      count: () => {
        this.failures++;
      },
    },
    (_item, isPassing) => this.verdicts.push(isPassing),
  );

  constructor() {
    cleanups.push(() => {
      this.checker.close();
      this.wheel.stop();
    });
  }

  watch(port: number, config: HealthCheckConfig, protocol?: Cluster['protocol']): BalancedEndpoint {
    const item = new BalancedEndpoint(makeEndpoint('shop/app-1', { port, tls: false }));
    this.checker.watch(clusterWith(config, protocol), [item]);
    return item;
  }

  /** When some more probes have ended, with this verdict. */
  settled(isPassing: boolean): Promise<void> {
    const enough = this.verdicts.length + 3;
    const latest = () => (this.verdicts.length < enough ? undefined : this.verdicts.at(-1));
    return expect.poll(latest, { timeout: 10_000 }).toBe(isPassing);
  }
}

async function listening(server: net.Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

describe('a probe over HTTP', () => {
  it('fails and passes with the answers, on one connection', async () => {
    let status = 200;
    const seen: string[] = [];
    const sockets = new Set<net.Socket>();
    const server = http.createServer((request, response) => {
      seen.push(`${request.method} ${request.url} ${request.headers.host} ${request.headers['user-agent']}`);
      response.writeHead(status).end('text');
    });
    server.on('connection', (socket) => sockets.add(socket));
    cleanups.push(() => server.closeAllConnections());
    const bench = new Bench();
    bench.watch(await listening(server), HTTP);
    await bench.settled(true);
    status = 503;
    await bench.settled(false);
    status = 204;
    await bench.settled(true);
    expect(new Set(seen)).toEqual(new Set(['GET /health?full=1 app malha-health']));
    expect(sockets.size).toBe(1);
    expect(bench.failures).toBeGreaterThanOrEqual(2);
  });

  it('fails where nobody listens, and where nobody answers in time', async () => {
    const closed = net.createServer();
    const port = await listening(closed);
    await new Promise((resolve) => closed.close(resolve));
    const refused = new Bench();
    refused.watch(port, HTTP);
    await refused.settled(false);
    const silent = new Bench();
    const mute = net.createServer((socket) => {
      socket.on('error', () => undefined);
      cleanups.push(() => socket.destroy());
    });
    silent.watch(await listening(mute), { ...HTTP, timeoutMs: 30 });
    await silent.settled(false);
  });

  it('takes the statuses that are listed', async () => {
    const server = http.createServer((_request, response) => response.writeHead(401).end());
    cleanups.push(() => server.closeAllConnections());
    const bench = new Bench();
    bench.watch(await listening(server), { ...HTTP, type: 'http', expectedStatuses: [401] } as HealthCheckConfig);
    await bench.settled(true);
  });
});

describe('a probe over gRPC', () => {
  it('asks the health protocol for the service, and passes when it serves', async () => {
    let serving = 1;
    const asked: string[] = [];
    const server = http2.createServer();
    server.on('session', (session) => cleanups.push(() => session.destroy()));
    server.on('stream', (stream, headers) => {
      stream.on('error', () => undefined);
      stream.on('data', (chunk: Buffer) => asked.push(`${headers[':path']} ${chunk.subarray(7).toString()}`));
      stream.on('end', () => {
        stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
        stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
        stream.end(Buffer.from([0, 0, 0, 0, 2, 8, serving]));
      });
    });
    const bench = new Bench();
    bench.watch(await listening(server), { ...TIMING, type: 'grpc', service: 'shop.Ledger' }, 'grpc');
    await bench.settled(true);
    serving = 2;
    await bench.settled(false);
    expect(new Set(asked)).toEqual(new Set(['/grpc.health.v1.Health/Check shop.Ledger']));
  });
});

describe('a probe over TCP', () => {
  it('passes where a connection can be made', async () => {
    const server = net.createServer((socket) => socket.on('error', () => undefined));
    const bench = new Bench();
    bench.watch(await listening(server), { ...TIMING, type: 'tcp' });
    await bench.settled(true);
  });
});

it('an endpoint passes when checks are no longer wanted', async () => {
  const server = http.createServer((_request, response) => response.writeHead(500).end());
  cleanups.push(() => server.closeAllConnections());
  const bench = new Bench();
  const item = bench.watch(await listening(server), HTTP);
  await bench.settled(false);
  bench.checker.watch(clusterWith(undefined), [item]);
  expect(bench.verdicts.at(-1)).toBe(true);
});
