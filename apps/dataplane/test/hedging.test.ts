// Hedging, whole: a slow endpoint is not waited for, others are asked once and in bounds.
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ForwardAction, HedgingConfig } from '@malha/traffic';
import { formatFlags } from '@malha/traffic';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  cluster,
  endpoint,
  forwardTo,
  NO_RETRY,
  outboundConfig,
  route,
  startProxy,
  type TestProxy,
} from './mesh-fixture.ts';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0).toReversed()) cleanup();
});

/** Whom the requests of a test came to, in their order. */
const order: Replica[] = [];
afterEach(() => void order.splice(0));

const SOON: HedgingConfig = { delayMs: 20, maxAttempts: 2, perMillion: 1_000_000 };

/** Answers when it is told to, and knows which of its requests were given up. */
class Replica {
  readonly name: string;
  status = 200;
  isHolding = false;
  requests = 0;
  cancelled = 0;
  readonly bodies: string[] = [];
  private readonly held: (() => void)[] = [];
  private readonly server = http.createServer((request, response) => {
    this.requests++;
    order.push(this);
    response.on('close', () => {
      if (!response.writableFinished) this.cancelled++;
    });
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on('end', () => {
      this.bodies.push(body);
      const answer = () => response.writeHead(this.status, { 'x-replica': this.name }).end(this.name);
      if (this.isHolding) this.held.push(answer);
      else answer();
    });
  });

  constructor(name: string) {
    this.name = name;
  }

  async start(): Promise<number> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    cleanups.push(() => {
      this.server.close();
      this.server.closeAllConnections();
    });
    return (this.server.address() as AddressInfo).port;
  }

  release(): void {
    this.isHolding = false;
    for (const answer of this.held.splice(0)) answer();
  }
}

async function serviceOf(count: number, action: Partial<ForwardAction>) {
  const replicas = Array.from({ length: count }, (_, index) => new Replica(`app-${index}`));
  const endpoints = await Promise.all(replicas.map(async (each) => endpoint(each.name, await each.start())));
  const proxy = await startProxy(
    outboundConfig({
      routes: [route(forwardTo([{ name: 'app', weight: 1 }], action))],
      clusters: [cluster('app')],
      endpoints: { app: endpoints },
    }),
  );
  cleanups.push(() => proxy.dataPlane.close());
  return { replicas, proxy };
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

function send(proxy: TestProxy, method = 'GET', body = ''): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port: proxy.outboundPort, method, headers: { host: 'app' }, agent: false };
    const request = http.request(options, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }));
      response.on('error', reject);
    });
    request.on('error', reject);
    request.end(body);
  });
}

const asked = (replicas: readonly Replica[]) => replicas.reduce((sum, { requests }) => sum + requests, 0);

describe('hedging', () => {
  it('asks another endpoint while the first is slow, takes its answer and gives the first up', async () => {
    const { replicas, proxy } = await serviceOf(2, { hedging: SOON });
    for (const replica of replicas) replica.isHolding = true;
    const answer = send(proxy);
    await vi.waitFor(() => expect(order).toHaveLength(2));
    const [first, second] = order as [Replica, Replica];
    expect(first).not.toBe(second);
    second.release();
    expect(await answer).toEqual({ status: 200, body: second.name });
    await vi.waitFor(() => expect(first.cancelled).toBe(1));
    expect([proxy.telemetry.count('hedge-sent'), proxy.telemetry.count('hedge-won')]).toEqual([1, 1]);
    const [record] = proxy.telemetry.records;
    expect(record).toMatchObject({ attempts: 2, hedges: 1, status: 200, destinationWorkload: second.name });
    expect(formatFlags(record?.flags ?? 0)).toBe('HG');
  });

  it('takes the first answer when it comes first after all', async () => {
    const { replicas, proxy } = await serviceOf(2, { hedging: SOON });
    for (const replica of replicas) replica.isHolding = true;
    const answer = send(proxy);
    await vi.waitFor(() => expect(order).toHaveLength(2));
    const [first, second] = order as [Replica, Replica];
    first.release();
    expect(await answer).toEqual({ status: 200, body: first.name });
    await vi.waitFor(() => expect(second.cancelled).toBe(1));
    expect([proxy.telemetry.count('hedge-sent'), proxy.telemetry.count('hedge-won')]).toEqual([1, 0]);
  });

  it('waits for the others when one of them fails', async () => {
    const { replicas, proxy } = await serviceOf(2, { hedging: SOON, retry: NO_RETRY });
    const [first, second] = replicas as [Replica, Replica];
    for (const replica of replicas) replica.isHolding = true;
    const answer = send(proxy);
    await vi.waitFor(() => expect(asked(replicas)).toBe(2));
    first.status = 503;
    first.release();
    await vi.waitFor(() => expect(proxy.dataPlane.stats().clusters[0]?.endpoints[0]?.activeRequests).toBe(0));
    second.release();
    expect(await answer).toEqual({ status: 200, body: second.name });
  });

  it('answers with the failure of the last one when all fail', async () => {
    const { replicas, proxy } = await serviceOf(2, { hedging: SOON, retry: NO_RETRY });
    for (const replica of replicas) {
      replica.status = 503;
      replica.isHolding = true;
    }
    const answer = send(proxy);
    await vi.waitFor(() => expect(asked(replicas)).toBe(2));
    for (const replica of replicas) replica.release();
    expect((await answer).status).toBe(503);
  });

  it('begins no more attempts than it may, whatever the time', async () => {
    const { replicas, proxy } = await serviceOf(4, { hedging: { ...SOON, delayMs: 1, maxAttempts: 3 } });
    for (const replica of replicas) replica.isHolding = true;
    const answer = send(proxy);
    await vi.waitFor(() => expect(asked(replicas)).toBe(3));
    for (const replica of replicas) replica.release();
    expect((await answer).status).toBe(200);
    expect(asked(replicas)).toBe(3);
  });

  it('is not for a request that may not be sent twice', async () => {
    const { replicas, proxy } = await serviceOf(2, { hedging: { ...SOON, delayMs: 1 } });
    for (const replica of replicas) replica.isHolding = true;
    const answer = send(proxy, 'POST', 'text');
    await vi.waitFor(() => expect(asked(replicas)).toBe(1));
    // Hedged after it, and answered: whatever was due before is over.
    const later = send(proxy);
    await vi.waitFor(() => expect(proxy.telemetry.count('hedge-sent')).toBe(1));
    for (const replica of replicas) replica.release();
    expect([(await answer).status, (await later).status]).toEqual([200, 200]);
    expect(asked(replicas)).toBe(3);
  });

  it('is not for one whose only endpoint is asked already', async () => {
    const { replicas, proxy } = await serviceOf(1, { hedging: { ...SOON, delayMs: 1 }, requestTimeoutMs: 200 });
    for (const replica of replicas) replica.isHolding = true;
    expect((await send(proxy)).status).toBe(504);
    expect(asked(replicas)).toBe(1);
    expect(proxy.telemetry.count('hedge-sent')).toBe(0);
  });

  it('stays within the budget of the retries', async () => {
    const budget = { percent: 0, minConcurrent: 1 };
    const { replicas, proxy } = await serviceOf(4, { hedging: SOON, retry: { ...NO_RETRY, budget } });
    for (const replica of replicas) replica.isHolding = true;
    const answers = [send(proxy), send(proxy), send(proxy)];
    await vi.waitFor(() => expect(proxy.telemetry.count('retry-budget-exhausted')).toBe(2));
    expect(proxy.telemetry.count('hedge-sent')).toBe(1);
    for (const replica of replicas) replica.release();
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(asked(replicas)).toBe(4);
  });

  it('sends the body again', async () => {
    const { replicas, proxy } = await serviceOf(2, { hedging: SOON });
    for (const replica of replicas) replica.isHolding = true;
    const answer = send(proxy, 'PUT', 'text');
    await vi.waitFor(() => expect(replicas.flatMap(({ bodies }) => bodies)).toEqual(['text', 'text']));
    for (const replica of replicas) replica.release();
    expect((await answer).status).toBe(200);
  });
});
