// The attempts of a request in its trace, whole: each has its span, its endpoint and its outcome, and what it called is within it.
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ForwardAction } from '@malha/traffic/config';
import { RequestFlags } from '@malha/traffic/flags';
import { afterEach, describe, expect, it } from 'vitest';
import type { RequestRecord, TraceRef } from '../src/telemetry/record.ts';
import {
  cluster,
  clusterName,
  DEFAULT_RETRY,
  endpoint,
  forwardTo,
  outboundConfig,
  route,
  startProxy,
  type TestProxy,
} from './mesh-fixture.ts';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0).toReversed()) cleanup();
});

type Answer = (response: http.ServerResponse) => void;
const ok: Answer = (response) => response.end('ok');
const unavailable: Answer = (response) => response.writeHead(503).end();
const never: Answer = () => undefined;
const broken: Answer = (response) => response.socket?.resetAndDestroy();

/** Answers its requests in turn, the last answer for all that follow; keeps their `traceparent`. */
async function application(...answers: readonly Answer[]) {
  const parents: string[] = [];
  const server = http.createServer((request, response) => {
    const answer = answers[Math.min(parents.length, answers.length - 1)];
    parents.push(String(request.headers.traceparent));
    answer?.(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return { parents, port: (server.address() as AddressInfo).port };
}

/** Where nobody listens. */
async function closedPort(): Promise<number> {
  const server = http.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

interface Setup {
  readonly action: Partial<ForwardAction>;
  readonly ports: readonly number[];
  readonly spare?: number;
  readonly samplePercent?: number;
}

async function proxyTo({ action, ports, spare, samplePercent = 100 }: Setup): Promise<TestProxy> {
  const proxy = await startProxy(
    outboundConfig({
      routes: [route(forwardTo([{ name: 'app', weight: 1 }], action))],
      clusters: [cluster('app'), cluster('spare')],
      endpoints: {
        app: ports.map((port, index) => endpoint(`app-${index}`, port)),
        spare: spare === undefined ? [] : [endpoint('spare-0', spare)],
      },
      samplePercent,
    }),
  );
  cleanups.push(() => proxy.dataPlane.close());
  return proxy;
}

function get({ outboundPort }: TestProxy): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = http.get({ host: '127.0.0.1', port: outboundPort, headers: { host: 'app' }, agent: false });
    request.on('response', (response) => response.resume().on('end', () => resolve(response.statusCode ?? 0)));
    request.on('error', reject);
  });
}

const header = (trace: TraceRef | undefined) => `00-${trace?.traceId}-${trace?.spanId}-01`;
const only = (records: readonly RequestRecord[]): RequestRecord => {
  expect(records).toHaveLength(1);
  return records[0] as RequestRecord;
};

describe('attempts in a trace', () => {
  it('have a span each within that of the request once there are two, and what was called is within its own', async () => {
    const app = await application(unavailable, ok);
    const proxy = await proxyTo({ action: { retry: DEFAULT_RETRY }, ports: [app.port] });
    expect(await get(proxy)).toBe(200);
    const whole = only(proxy.telemetry.records);
    const [first, second] = proxy.telemetry.attempts;
    expect(proxy.telemetry.attempts).toHaveLength(2);
    expect(whole.trace).toMatchObject({ parentSpanId: '', sampled: true });
    for (const attempt of [first, second])
      expect(attempt?.trace).toMatchObject({
        traceId: whole.trace?.traceId,
        parentSpanId: whole.trace?.spanId,
      });
    expect(app.parents).toEqual([header(first?.trace), header(second?.trace)]);
    expect(new Set([whole, first, second].map((record) => record?.trace?.spanId)).size).toBe(3);
  });

  it('say what came of them, where they went and how long was waited before', async () => {
    const app = await application(unavailable, ok);
    const retry = { ...DEFAULT_RETRY, backoffBaseMs: 20, backoffMaxMs: 20 };
    const proxy = await proxyTo({ action: { retry }, ports: [app.port] });
    await get(proxy);
    const [first, second] = proxy.telemetry.attempts;
    expect(first).toMatchObject({ status: 503, flags: 0, destinationWorkload: 'app-0', protocol: 'http1' });
    expect(first?.attempt).toMatchObject({ number: 1, kind: 'first', backoffMs: 0, isGivenUp: false });
    expect(second).toMatchObject({ status: 200, flags: 0, destinationWorkload: 'app-0' });
    expect(second?.attempt).toMatchObject({ number: 2, kind: 'retry', isGivenUp: false });
    expect(second?.attempt?.backoffMs).toBeGreaterThan(0);
    expect(only(proxy.telemetry.records)).toMatchObject({ attempts: 2, status: 200 });
  });

  it.each([
    ['lost', async () => (await application(broken)).port],
    ['unsent', closedPort],
  ] as const)('say why no budget counts one: what the one before asked was %s', async (why, portOf) => {
    const retry = { ...DEFAULT_RETRY, budget: { percent: 0, minConcurrent: 0 } };
    const proxy = await proxyTo({ action: { retry }, ports: [await portOf(), (await application(ok)).port] });
    // Until one begins at the endpoint that is of no use.
    for (let index = 0; index < 30 && proxy.telemetry.attempts.length === 0; index++)
      expect(await get(proxy)).toBe(200);
    const told = proxy.telemetry.attempts.map(({ attempt }) => [attempt?.kind, attempt?.beyondBudget]);
    expect(told).toEqual([
      ['first', ''],
      ['retry', why],
    ]);
  });

  it('end with the flag of their failure', async () => {
    const app = await application(never);
    const retry = { ...DEFAULT_RETRY, attempts: 1, on: ['gateway-error' as const] };
    const proxy = await proxyTo({ action: { retry, backendRequestTimeoutMs: 30 }, ports: [app.port] });
    expect(await get(proxy)).toBe(504);
    expect(proxy.telemetry.attempts.map(({ status, flags }) => [status, flags])).toEqual([
      [0, RequestFlags.UT],
      [0, RequestFlags.UT],
    ]);
  });

  it('show a hedge beside the one that was slow, which is given up', async () => {
    const slow = await application(never);
    const quick = await application(ok);
    const hedging = { delayMs: 5, maxAttempts: 2, perMillion: 1_000_000 };
    const proxy = await proxyTo({ action: { hedging }, ports: [slow.port, quick.port] });
    // Requests begin at the two in turn; a hedge may also go from a quick one that the machine made slow.
    const isSlow = ({ attempt }: RequestRecord) => attempt?.kind === 'first' && attempt.isGivenUp;
    while (!proxy.telemetry.attempts.some(isSlow)) await get(proxy);
    const given = proxy.telemetry.attempts.find(isSlow);
    const hedge = proxy.telemetry.attempts.find(
      ({ trace, attempt }) => trace?.traceId === given?.trace?.traceId && attempt?.kind === 'hedge',
    );
    expect(given).toMatchObject({ destinationWorkload: 'app-0', status: 0, flags: 0 });
    expect(hedge).toMatchObject({ destinationWorkload: 'app-1', status: 200, attempt: { number: 2, backoffMs: 0 } });
    expect(slow.parents).toContain(header(given?.trace));
    expect(quick.parents).toContain(header(hedge?.trace));
  });

  it('leave the fallback within the span of the request that failed', async () => {
    const app = await application(unavailable);
    const spare = await application(ok);
    const fallback = { on: ['5xx' as const], to: { type: 'backend' as const, cluster: clusterName('spare') } };
    const proxy = await proxyTo({ action: { retry: DEFAULT_RETRY, fallback }, ports: [app.port], spare: spare.port });
    expect(await get(proxy)).toBe(200);
    const [failed, made] = proxy.telemetry.records;
    expect(failed).toMatchObject({ status: 503, service: 'app' });
    expect(made).toMatchObject({ status: 200, service: 'spare', flags: RequestFlags.FB });
    expect(made?.trace?.parentSpanId).toBe(failed?.trace?.spanId);
    expect(spare.parents).toEqual([header(made?.trace)]);
    expect(proxy.telemetry.attempts.every(({ trace }) => trace?.parentSpanId === failed?.trace?.spanId)).toBe(true);
  });

  it('have none of their own while there is only one, nor in a trace that is not sampled', async () => {
    const app = await application(ok);
    const single = await proxyTo({ action: { retry: DEFAULT_RETRY }, ports: [app.port] });
    await get(single);
    expect(single.telemetry.attempts).toEqual([]);
    expect(app.parents).toEqual([header(only(single.telemetry.records).trace)]);

    const troubled = await application(unavailable, ok);
    const unsampled = await proxyTo({ action: { retry: DEFAULT_RETRY }, ports: [troubled.port], samplePercent: 0 });
    await get(unsampled);
    expect(unsampled.telemetry.attempts).toEqual([]);
    expect(new Set(troubled.parents).size).toBe(1);
  });

  it('are told of one by one up to a bound', async () => {
    const app = await application(unavailable);
    const budget = { percent: 100, minConcurrent: 100 };
    const retry = { ...DEFAULT_RETRY, attempts: 30, backoffMaxMs: 1, budget };
    const proxy = await proxyTo({ action: { retry }, ports: [app.port] });
    expect(await get(proxy)).toBe(503);
    const whole = only(proxy.telemetry.records);
    expect(whole.attempts).toBe(31);
    expect(proxy.telemetry.attempts.map(({ attempt }) => attempt?.number)).toEqual(
      Array.from({ length: 16 }, (_, index) => index + 1),
    );
    expect(app.parents.at(-1)).toBe(header(whole.trace));
  });
});
