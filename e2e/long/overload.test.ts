// A service of a known capacity under twice the load that it can do, over two proxies with mutual TLS: with adaptive
// concurrency it does what it can for callers that wait for it, without it works for callers that have gone.
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { overloadDefaults } from '@malha/model';
import { createTestCa } from '@malha/testing/test-ca';
import { timedLoad } from '@malha/testing/timed-load';
import type { MeshConfig } from '@malha/traffic';
import { afterEach, expect, test } from 'vitest';
import {
  cluster,
  endpoint,
  forwardTo,
  inboundConfig,
  outboundConfig,
  route,
  startProxy,
} from '../../apps/dataplane/test/mesh-fixture.ts';

const WORKERS = 8;
const WORK_MS = 40;
const CAPACITY = (WORKERS * 1_000) / WORK_MS;
const LOAD = 2 * CAPACITY;
const PATIENCE_MS = 1_000;
const SECONDS = 20;
/** In which the limit is found, and without one the queue gets longer than anybody waits. */
const WARM_UP_MS = 5_000;

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0).toReversed()) cleanup();
});

/** Works on so many at once, and on what its callers gave up all the same; `done` counts what it did. */
class Service {
  done = 0;
  private busy = 0;
  private readonly waiting: http.ServerResponse[] = [];
  private readonly server = http.createServer((_request, response) => {
    this.waiting.push(response);
    this.work();
  });

  async start(): Promise<number> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    cleanups.push(() => {
      this.server.closeAllConnections();
      this.server.close();
    });
    return (this.server.address() as AddressInfo).port;
  }

  private work(): void {
    const response = this.busy < WORKERS ? this.waiting.shift() : undefined;
    if (response === undefined) return;
    this.busy++;
    setTimeout(() => {
      this.busy--;
      this.done++;
      response.end('done');
      this.work();
    }, WORK_MS);
  }
}

interface Result {
  /** Answered within the patience of the caller, of what the service did in that time. */
  readonly goodput: number;
  readonly good: number;
  readonly shed: number;
  readonly p99Ms: number;
}

async function underLoad(overload: boolean): Promise<Result> {
  const ca = createTestCa();
  const service = new Service();
  const inbound = inboundConfig({ appPort: await service.start() });
  const callee = await startProxy(overload ? withOverload(inbound) : inbound, { secrets: ca.issue('shop', 'app') });
  const action = forwardTo([{ name: 'app', weight: 1 }], { requestTimeoutMs: PATIENCE_MS });
  const calling = outboundConfig({
    routes: [route(action)],
    clusters: [cluster('app', { limits: { maxConnections: 10_000, maxPending: 10_000, maxRequests: 10_000 } })],
    endpoints: { app: [endpoint('app-1', callee.inboundPort, { tls: true })] },
  });
  const caller = await startProxy(calling, { secrets: ca.issue('shop', 'caller') });
  cleanups.push(
    () => callee.dataPlane.close(),
    () => caller.dataPlane.close(),
  );
  let doneBefore = 0;
  setTimeout(() => {
    doneBefore = service.done;
  }, WARM_UP_MS);
  const samples = await timedLoad({
    ...{ outbound: `http://127.0.0.1:${caller.outboundPort}`, host: 'app', path: '/' },
    ...{ ratePerSecond: LOAD, seconds: SECONDS, patienceMs: 2 * PATIENCE_MS },
  });
  const counted = samples.filter(({ dueMs }) => dueMs >= WARM_UP_MS);
  const good = counted.filter(({ status, waitedMs }) => status === 200 && waitedMs <= PATIENCE_MS);
  const waits = good.map(({ waitedMs }) => waitedMs).sort((a, b) => a - b);
  return {
    goodput: good.length / (service.done - doneBefore),
    good: good.length,
    shed: counted.filter(({ status }) => status === 503).length,
    p99Ms: Math.round(waits[Math.floor(waits.length * 0.99)] ?? 0),
  };
}

function withOverload(config: MeshConfig): MeshConfig {
  const overload = { id: 'shop/app', ...overloadDefaults, probePaths: [] };
  return {
    ...config,
    inbound: { ...config.inbound, ports: config.inbound.ports.map((port) => ({ ...port, overload })) },
  };
}

test('at twice its capacity a service works for callers that wait, and not for those that have gone', async () => {
  const on = await underLoad(true);
  const off = await underLoad(false);
  const most = CAPACITY * (SECONDS - WARM_UP_MS / 1_000);
  console.log(`of ${most} that the service can do: ${JSON.stringify({ on, off })}`);
  // Of what the service did, so that a machine that is busy with something else says nothing.
  expect(on.goodput).toBeGreaterThan(0.9);
  expect(on.shed).toBeGreaterThan(0);
  expect(off.goodput).toBeLessThan(0.5);
});
