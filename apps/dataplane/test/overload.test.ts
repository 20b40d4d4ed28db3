import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { createTestCa } from '@malha/testing/test-ca';
import type { Cluster, InboundPort, MeshConfig } from '@malha/traffic/config';
import { RequestFlags } from '@malha/traffic/flags';
import type { OverloadConfig } from '@malha/traffic/overload/config';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  cluster,
  endpoint,
  forwardTo,
  inboundConfig,
  outboundConfig,
  route,
  startProxy,
  type TestProxy,
} from './mesh-fixture.ts';

/** Longer than any test. */
const LONG_MS = 600_000;
/** One request at a time, whatever its latency. */
const ONE: OverloadConfig = {
  id: 'shop/app',
  minConcurrency: 1,
  maxConcurrency: 1,
  maxQueue: 4,
  queueTimeoutMs: LONG_MS,
  probePaths: ['/live'],
};

vi.setConfig({ testTimeout: 60_000 });

const ca = createTestCa();
const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0).toReversed()) cleanup();
});

/** An application that answers `/held` only when it is told to, everything else at once. */
class HoldingApp {
  readonly held: http.ServerResponse[] = [];
  readonly paths: string[] = [];
  received = 0;
  private readonly server = http.createServer((request, response) => {
    this.paths.push(request.url ?? '');
    request.on('data', (chunk: Buffer) => {
      this.received += chunk.length;
    });
    request.on('error', () => undefined);
    if (request.url === '/held') {
      this.held.push(response);
      return;
    }
    if (request.url === '/events') {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: 1\n\n');
      return;
    }
    request.on('end', () => response.end('done'));
  });

  async start(): Promise<number> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    cleanups.push(() => {
      this.server.closeAllConnections();
      this.server.close();
    });
    return (this.server.address() as AddressInfo).port;
  }

  answer(): void {
    this.held.shift()?.end('done');
  }
}

interface Mesh {
  readonly app: HoldingApp;
  readonly caller: TestProxy;
  readonly callee: TestProxy;
}

async function meshWith(
  bounds: Pick<InboundPort, 'overload' | 'requests'>,
  called: Partial<Cluster> = {},
): Promise<Mesh> {
  const app = new HoldingApp();
  const config = withBounds(inboundConfig({ appPort: await app.start(), mode: 'PERMISSIVE' }), bounds);
  const callee = await startProxy(config, { secrets: ca.issue('shop', 'app'), name: 'app-1' });
  cleanups.push(() => callee.dataPlane.close());
  const calling = outboundConfig({
    routes: [route(forwardTo([{ name: 'app', weight: 1 }]))],
    clusters: [cluster('app', called)],
    endpoints: { app: [endpoint('app-1', callee.inboundPort, { tls: true })] },
  });
  const caller = await startProxy(calling, { secrets: ca.issue('shop', 'caller') });
  cleanups.push(() => caller.dataPlane.close());
  return { app, caller, callee };
}

function withBounds(config: MeshConfig, bounds: Pick<InboundPort, 'overload' | 'requests'>): MeshConfig {
  return {
    ...config,
    inbound: { ...config.inbound, ports: config.inbound.ports.map((each) => ({ ...each, ...bounds })) },
  };
}

interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
}

interface Asked {
  readonly path?: string;
  readonly headers?: http.OutgoingHttpHeaders;
  /** Sent chunk by chunk, without a length. */
  readonly chunks?: readonly string[];
  readonly body?: string;
}

function ask(port: number, { path = '/', headers = {}, chunks, body }: Asked = {}) {
  const hasBody = chunks !== undefined || body !== undefined;
  const request = http.request({
    ...{ port, host: '127.0.0.1', path, agent: false, method: hasBody ? 'POST' : 'GET' },
    headers: { host: 'app', ...headers, ...(body !== undefined && { 'content-length': body.length }) },
  });
  const answer = new Promise<Answer>((resolve, reject) => {
    request.on('error', reject);
    request.on('response', (response) => {
      response.resume();
      response.on('error', () => undefined);
      resolve({ status: response.statusCode ?? 0, headers: response.headers });
    });
  });
  answer.catch(() => undefined);
  cleanups.push(() => request.destroy());
  for (const chunk of chunks ?? []) request.write(chunk);
  request.end(body);
  // A client that merely ends its side may still want the answer.
  return { answer, leave: () => request.socket?.resetAndDestroy() };
}

const statusOf = async (asked: { readonly answer: Promise<Answer> }) => (await asked.answer).status;
const stateOf = ({ callee }: Mesh) => callee.dataPlane.stats().overloads[0];
const until = (condition: () => void) => vi.waitFor(condition, { timeout: 30_000 });

async function busy(bounds: Partial<OverloadConfig> = {}): Promise<Mesh & { readonly first: ReturnType<typeof ask> }> {
  const mesh = await meshWith({ overload: { ...ONE, ...bounds } });
  const first = ask(mesh.caller.outboundPort, { path: '/held' });
  await until(() => expect(mesh.app.held).toHaveLength(1));
  return { ...mesh, first };
}

describe('a service that has as many requests as it can work on', () => {
  it('sheds what comes beyond, with words, and takes more when one is done', async () => {
    const { app, caller, callee, first } = await busy({ maxQueue: 0 });
    const { status, headers } = await ask(caller.outboundPort).answer;
    expect({ status, after: headers['retry-after'], overloaded: headers['x-envoy-overloaded'] }).toEqual({
      ...{ status: 503, after: '1', overloaded: 'true' },
    });
    expect(callee.telemetry.count('overload-shed')).toBe(1);
    expect(caller.telemetry.records.at(-1)).toMatchObject({ status: 503, flags: RequestFlags.OM });
    expect(callee.telemetry.records.at(-1)).toMatchObject({
      ...{ status: 503, flags: RequestFlags.OM, protection: 'Overload shop/app/default' },
    });
    app.answer();
    expect(await statusOf(first)).toBe(200);
    expect(await statusOf(ask(caller.outboundPort))).toBe(200);
  });

  it('is not taken for broken by its callers', async () => {
    const outlierDetection = {
      ...{ consecutive5xx: 1, consecutiveGatewayErrors: 1, consecutiveLocalErrors: 1 },
      ...{ intervalMs: LONG_MS, baseEjectionMs: LONG_MS, maxEjectionMs: LONG_MS, maxEjectionPercent: 100 },
    };
    const breaker = {
      ...{ successRate: 1, windowMs: LONG_MS, minRequests: 1, openMs: LONG_MS, openMaxMs: LONG_MS },
      halfOpenRequests: 1,
    };
    const mesh = await meshWith({ overload: { ...ONE, maxQueue: 0 } }, { outlierDetection, breaker });
    const first = ask(mesh.caller.outboundPort, { path: '/held' });
    await until(() => expect(mesh.app.held).toHaveLength(1));
    for (let nth = 0; nth < 3; nth++) expect(await statusOf(ask(mesh.caller.outboundPort))).toBe(503);
    mesh.app.answer();
    expect(await statusOf(first)).toBe(200);
    expect(await statusOf(ask(mesh.caller.outboundPort))).toBe(200);
    expect(mesh.callee.telemetry.count('overload-shed')).toBe(3);
    const [called] = mesh.caller.dataPlane.stats().clusters;
    expect(called).toMatchObject({ breaker: { type: 'closed' }, endpoints: [{ isEjected: false }] });
  });

  it('lets some wait for their turn', async () => {
    const mesh = await busy();
    const second = ask(mesh.caller.outboundPort, { chunks: ['a', 'body', 'that', 'waits'] });
    await until(() => expect(stateOf(mesh)).toMatchObject({ service: 'shop/app', port: 80, inFlight: 1, waiting: 1 }));
    expect(mesh.app.paths).toEqual(['/held']);
    mesh.app.answer();
    expect(await statusOf(mesh.first)).toBe(200);
    expect(await statusOf(second)).toBe(200);
    expect(mesh.app.received).toBe('abodythatwaits'.length);
    await until(() => expect(stateOf(mesh)).toMatchObject({ inFlight: 0, waiting: 0 }));
  });

  it('sheds who waits too long', async () => {
    const { caller, app } = await busy({ queueTimeoutMs: 1 });
    expect(await statusOf(ask(caller.outboundPort))).toBe(503);
    expect(app.paths).toEqual(['/held']);
  });

  it('forgets who leaves the queue', async () => {
    const mesh = await busy();
    const second = ask(mesh.caller.outboundPort);
    await until(() => expect(stateOf(mesh)?.waiting).toBe(1));
    second.leave();
    await until(() => expect(stateOf(mesh)?.waiting).toBe(0));
    mesh.app.answer();
    expect(await statusOf(mesh.first)).toBe(200);
    expect(mesh.app.paths).toEqual(['/held']);
  });

  it('gives back the place of a caller that leaves', async () => {
    const mesh = await busy();
    mesh.first.leave();
    await until(() => expect(stateOf(mesh)?.inFlight).toBe(0));
    expect(await statusOf(ask(mesh.caller.outboundPort))).toBe(200);
  });

  it('sheds by priority, which it believes of callers with an identity alone', async () => {
    const mesh = await busy();
    const sheddable = { headers: { 'x-malha-priority': 'sheddable' } };
    expect(await statusOf(ask(mesh.caller.outboundPort, sheddable))).toBe(503);
    const stranger = ask(mesh.callee.inboundPort, sheddable);
    await until(() => expect(stateOf(mesh)?.waiting).toBe(1));
    mesh.app.answer();
    expect(await statusOf(stranger)).toBe(200);
  });

  it('answers its health checks all the same', async () => {
    const { caller } = await busy({ maxQueue: 0 });
    expect(await statusOf(ask(caller.outboundPort, { path: '/live' }))).toBe(200);
    expect(await statusOf(ask(caller.outboundPort, { path: '/live/not' }))).toBe(503);
  });

  it('keeps no place for streams that last', async () => {
    const mesh = await meshWith({ overload: { ...ONE, maxQueue: 0 } });
    expect(await statusOf(ask(mesh.caller.outboundPort, { path: '/events' }))).toBe(200);
    expect(stateOf(mesh)?.inFlight).toBe(0);
    expect(await statusOf(ask(mesh.caller.outboundPort))).toBe(200);
  });

  it('keeps what is in flight over a change of the bounds', async () => {
    const mesh = await busy({ maxQueue: 0 });
    const wider = { overload: { ...ONE, minConcurrency: 2, maxConcurrency: 2, maxQueue: 0 } };
    const appPort = mesh.callee.dataPlane.stats().applications[0]?.endpoints[0]?.port ?? 0;
    mesh.callee.dataPlane.apply(withBounds(inboundConfig({ appPort, mode: 'PERMISSIVE' }), wider));
    expect(stateOf(mesh)).toMatchObject({ limit: 2, inFlight: 1 });
    const second = ask(mesh.caller.outboundPort, { path: '/held' });
    await until(() => expect(mesh.app.held).toHaveLength(2));
    expect(await statusOf(ask(mesh.caller.outboundPort))).toBe(503);
    mesh.app.answer();
    mesh.app.answer();
    expect([await statusOf(mesh.first), await statusOf(second)]).toEqual([200, 200]);
  });
});

describe('the size of requests', () => {
  const TEN = { requests: { maxBytes: 10 } };

  it('is bounded by what the head says, before the application is asked', async () => {
    const { app, caller, callee } = await meshWith(TEN);
    for (const port of [caller.outboundPort, callee.inboundPort]) {
      expect(await statusOf(ask(port, { body: 'x'.repeat(11) }))).toBe(413);
      expect(await statusOf(ask(port, { body: 'x'.repeat(10) }))).toBe(200);
    }
    expect(app.paths).toEqual(['/', '/']);
    expect(callee.telemetry.count('request-too-large')).toBe(2);
  });

  it('is bounded by what comes, where the head says nothing', async () => {
    const { app, caller, callee } = await meshWith(TEN);
    for (const port of [caller.outboundPort, callee.inboundPort]) {
      expect(await statusOf(ask(port, { chunks: ['12345', '67890', 'x'] }))).toBe(413);
      expect(await statusOf(ask(port, { chunks: ['12345', '67890'] }))).toBe(200);
    }
    expect(app.received).toBeLessThanOrEqual(40);
    expect(callee.telemetry.records.filter(({ status }) => status === 413)).toHaveLength(2);
    await until(() => expect(callee.dataPlane.stats().applications[0]?.activeRequests).toBe(0));
  });

  it('gives back the place of a request that becomes too large', async () => {
    const mesh = await meshWith({ ...TEN, overload: ONE });
    expect(await statusOf(ask(mesh.caller.outboundPort, { chunks: ['12345', '67890', 'x'] }))).toBe(413);
    await until(() => expect(stateOf(mesh)?.inFlight).toBe(0));
    expect(await statusOf(ask(mesh.caller.outboundPort))).toBe(200);
  });
});

it('kinds of requests that are not allowed are refused', async () => {
  const { app, caller, callee } = await meshWith({ requests: { kinds: ['grpc'] } });
  expect(await statusOf(ask(caller.outboundPort))).toBe(403);
  expect(await statusOf(ask(callee.inboundPort))).toBe(403);
  expect(app.paths).toEqual([]);
  expect(callee.telemetry.count('protocol-refused')).toBe(2);
});
