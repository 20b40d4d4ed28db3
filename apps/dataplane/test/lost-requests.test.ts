// What an endpoint takes with it when it dies, without any budget of retries: all of it is sent again. What living endpoints
// break off again and again is not.
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { createTestCa } from '@malha/testing/test-ca';
import type { Endpoint, RetryPolicy } from '@malha/traffic/config';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  cluster,
  DEFAULT_RETRY,
  endpoint,
  forwardTo,
  inboundConfig,
  outboundConfig,
  route,
  startProxy,
  type TestProxy,
} from './mesh-fixture.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

const CALLS = 30;
const NO_BUDGET = { ...DEFAULT_RETRY, budget: { percent: 0, minConcurrent: 0 } };
const ca = createTestCa();
let identity: ReturnType<typeof ca.issue>;
beforeAll(() => {
  identity = ca.issue('shop', 'app');
});

/** Holds what it is asked until it is told what to do with it. */
class App {
  requests = 0;
  port = 0;
  does: 'hold' | 'answer' | 'break' = 'hold';
  private readonly held: http.ServerResponse[] = [];
  private readonly server = http.createServer((_request, response) => {
    this.requests++;
    this.held.push(response);
    this.act();
  });

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    this.port = (this.server.address() as AddressInfo).port;
    cleanups.push(() => this.kill());
    return this;
  }

  now(does: 'answer' | 'break'): void {
    this.does = does;
    this.act();
  }

  /** As `kill -9` looks from outside: nobody listens any more, and open connections break. */
  kill(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  private act(): void {
    if (this.does === 'hold') return;
    for (const response of this.held.splice(0)) {
      if (this.does === 'answer') response.end('answer');
      else response.socket?.resetAndDestroy();
    }
  }
}

function apps(count: number): Promise<App[]> {
  return Promise.all(Array.from({ length: count }, () => new App().start()));
}

async function callerOf(endpoints: readonly Endpoint[], retry: RetryPolicy = NO_BUDGET): Promise<TestProxy> {
  const config = outboundConfig({
    routes: [route(forwardTo([{ name: 'app', weight: 1 }], { retry }))],
    clusters: [cluster('app')],
    endpoints: { app: endpoints },
  });
  const proxy = await startProxy(config, { secrets: identity });
  cleanups.push(() => proxy.dataPlane.close());
  return proxy;
}

/** Each with a proxy of its own, over mutual TLS. */
async function behindProxies(of: readonly App[]): Promise<Endpoint[]> {
  return Promise.all(
    of.map(async ({ port }, index) => {
      const proxy = await startProxy(inboundConfig({ appPort: port }), { secrets: identity, name: `app-${index}` });
      cleanups.push(() => proxy.dataPlane.close());
      return endpoint(`app-${index}`, proxy.inboundPort, { tls: true });
    }),
  );
}

const plain = async (of: readonly App[]) => of.map(({ port }, index) => endpoint(`app-${index}`, port));

interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
}

function call({ outboundPort: port }: TestProxy, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, method, agent: false, headers: { host: 'app' } };
    const request = http.request(options, (response) => {
      response.resume();
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers }));
    });
    request.on('error', reject);
    request.end();
  });
}

const statuses = async (answers: readonly Promise<Answer>[]) =>
  (await Promise.all(answers)).map(({ status }) => status);
const requestsAt = (of: readonly App[]) => of.reduce((sum, { requests }) => sum + requests, 0);

describe.each([
  ['in plaintext', plain],
  ['behind a proxy that lives on', behindProxies],
])('an application that dies, %s', { timeout: 60_000 }, (_where, endpointsOf) => {
  it('takes no GET with it, however many it had', async () => {
    const replicas = await apps(3);
    const [first, second, third] = replicas;
    const caller = await callerOf(await endpointsOf(replicas));
    const answers = Array.from({ length: CALLS }, () => call(caller));
    await vi.waitFor(() => expect(requestsAt(replicas)).toBe(CALLS), { timeout: 50_000 });
    second?.kill();
    first?.now('answer');
    third?.now('answer');
    expect(await statuses(answers)).toEqual(Array.from({ length: CALLS }, () => 200));
    expect(requestsAt(replicas)).toBe(CALLS + (second?.requests ?? 0));
    expect(caller.telemetry.count('retry-lost')).toBe(second?.requests);
    expect(caller.telemetry.count('retry-budget-exhausted')).toBe(0);
  });

  it('costs no request that comes later, a POST neither', async () => {
    const replicas = await apps(3);
    const [first, second, third] = replicas;
    const caller = await callerOf(await endpointsOf(replicas));
    second?.kill();
    first?.now('answer');
    third?.now('answer');
    const answers = Array.from({ length: CALLS }, () => call(caller, 'POST'));
    expect(await statuses(answers)).toEqual(Array.from({ length: CALLS }, () => 200));
    expect(requestsAt(replicas)).toBe(CALLS);
    expect(caller.telemetry.count('retry-unsent')).toBeGreaterThan(0);
    expect(caller.telemetry.count('ejected-connect-failure')).toBeGreaterThan(0);
  });
});

describe('applications that break off all that they are asked', { timeout: 60_000 }, () => {
  it.each([
    ['in plaintext', plain],
    ['behind proxies', behindProxies],
  ])('are not asked again beyond the budget, %s', async (_where, endpointsOf) => {
    const replicas = await apps(3);
    for (const replica of replicas) replica.now('break');
    const caller = await callerOf(await endpointsOf(replicas));
    for (let index = 0; index < 100; index++) expect((await call(caller)).status).toBe(503);
    // One for each of them: what it had in flight when it broke off for the first time.
    expect(requestsAt(replicas)).toBeLessThanOrEqual(100 + replicas.length);
  });
});

it('tells of an application that is gone no caller but proxies', async () => {
  const [app] = await apps(1);
  if (app === undefined) return;
  app.kill();
  const caller = await callerOf(await behindProxies([app]));
  const { status, headers } = await call(caller);
  expect([status, headers['x-malha-unserved']]).toEqual([503, undefined]);
});

it.each([
  ['GET', { on: ['gateway-error'] }],
  ['POST', { on: ['retriable-status'], statusCodes: [503] }],
] as const)(
  'is an answer of 503 to a policy that names no such loss: %s',
  { timeout: 60_000 },
  async (method, policy) => {
    const replicas = await apps(2);
    const [broken, well] = replicas;
    broken?.now('break');
    well?.now('answer');
    const caller = await callerOf(await behindProxies(replicas), { ...DEFAULT_RETRY, ...policy });
    // By turns: one of the two begins at the application that breaks off.
    expect(await statuses([call(caller, method), call(caller, method)])).toEqual([200, 200]);
    expect(broken?.requests).toBeGreaterThan(0);
  },
);

it('believes no application that says so itself', async () => {
  const [app] = await apps(1);
  const liar = http.createServer((_request, response) =>
    response.writeHead(503, { 'x-malha-unserved': 'connect-failure' }).end(),
  );
  await new Promise<void>((resolve) => liar.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => liar.close());
  app?.now('answer');
  const caller = await callerOf([
    endpoint('liar', (liar.address() as AddressInfo).port),
    ...(await plain(app === undefined ? [] : [app])),
  ]);
  const answers = [await call(caller, 'POST'), await call(caller, 'POST')];
  // By turns: one of the two is the liar's.
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 503]);
  expect(answers.map(({ headers }) => headers['x-malha-unserved'])).toEqual([undefined, undefined]);
});
