import { create } from '@bufbuild/protobuf';
import * as grpc from '@grpc/grpc-js';
import { redisProblem, startRedis, type TestRedis } from '@malha/testing/redis';
import {
  RateLimitResponse_Code as Code,
  RateLimitRequestSchema,
  type RateLimitResponse,
} from '@malha/xds/generated/envoy/service/ratelimit/v3/rls_pb';
import { callUnary } from '@malha/xds/rpc';
import { rateLimitService } from '@malha/xds/services';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { RedisStore } from '../src/ratelimit/redis-store.ts';
import { type RateLimitServer, startRateLimitServer } from '../src/ratelimit/server.ts';

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

const problem = redisProblem();
if (problem !== undefined) console.warn(`malha ratelimit is not tested: ${problem}`);

interface Service {
  readonly server: RateLimitServer;
  readonly store: RedisStore;
  ask(descriptors: readonly Entries[], hits?: number): Promise<RateLimitResponse>;
  close(): Promise<void>;
}

type Entries = Readonly<Record<string, string>>;

async function startService(url: string): Promise<Service> {
  const log = { info: () => undefined, warn: () => undefined };
  const store = new RedisStore({ url, timeoutMs: 2_000, random: Math.random, log });
  store.start();
  const server = await startRateLimitServer({ store, bindAddress: '127.0.0.1', port: 0, operationsPort: 0 });
  const client = new grpc.Client(`127.0.0.1:${server.port}`, grpc.credentials.createInsecure());
  return {
    server,
    store,
    ask: (descriptors, hits = 0) => {
      const request = create(RateLimitRequestSchema, {
        domain: 'malha',
        hitsAddend: hits,
        descriptors: descriptors.map((entries) => ({
          entries: Object.entries(entries).map(([key, value]) => ({ key, value })),
        })),
      });
      return callUnary(client, rateLimitService.ShouldRateLimit, request, { deadlineMs: 10_000 });
    },
    close: async () => {
      client.close();
      await server.close(1_000);
      store.close();
    },
  };
}

describe.skipIf(problem !== undefined)('malha ratelimit', () => {
  let redis: TestRedis;
  const open: Service[] = [];

  beforeAll(async () => {
    redis = await startRedis();
  });
  afterEach(async () => {
    for (const service of open.splice(0)) await service.close();
  });
  afterAll(async () => {
    await redis?.kill();
  });

  async function service(): Promise<Service> {
    const started = await startService(redis.url);
    open.push(started);
    await expect.poll(() => started.store.isHere).toBe(true);
    return started;
  }

  let named = 0;
  const limit = (rate: string, more: Entries = {}): Entries => ({ limit: `shop/limits/${++named}`, rate, ...more });

  it('lets a burst pass, and says of the rest when to come back', async () => {
    const { ask } = await service();
    const descriptor = limit('3/3600000/3');
    const answers = [
      await ask([descriptor]),
      await ask([descriptor]),
      await ask([descriptor]),
      await ask([descriptor]),
    ];
    expect(answers.map(({ overallCode }) => overallCode)).toEqual([Code.OK, Code.OK, Code.OK, Code.OVER_LIMIT]);
    expect(answers.map(({ statuses }) => statuses[0]?.limitRemaining)).toEqual([2, 1, 0, 0]);
    expect(answers[3]?.statuses[0]?.durationUntilReset?.seconds).toBeGreaterThan(1190n);
    expect(answers[3]?.statuses[0]?.durationUntilReset?.seconds).toBeLessThanOrEqual(1200n);
    expect(answers[0]?.statuses[0]?.currentLimit).toMatchObject({ requestsPerUnit: 3 });
  });

  it('gives each value of the other entries a bucket of its own', async () => {
    const { ask } = await service();
    const descriptor = limit('1/3600000/1');
    expect((await ask([{ ...descriptor, key0: 'a' }])).overallCode).toBe(Code.OK);
    expect((await ask([{ ...descriptor, key0: 'b' }])).overallCode).toBe(Code.OK);
    expect((await ask([{ ...descriptor, key0: 'a' }])).overallCode).toBe(Code.OVER_LIMIT);
  });

  it('of two limits takes nothing of the one when the other refuses', async () => {
    const { ask } = await service();
    const wide = limit('2/3600000/2');
    const narrow = limit('1/3600000/1');
    expect((await ask([wide, narrow])).overallCode).toBe(Code.OK);
    const refused = await ask([wide, narrow]);
    expect(refused.statuses.map(({ code }) => code)).toEqual([Code.OK, Code.OVER_LIMIT]);
    expect((await ask([wide])).overallCode).toBe(Code.OK);
    expect((await ask([wide])).overallCode).toBe(Code.OVER_LIMIT);
  });

  it('goes on with what was taken when a limit is changed', async () => {
    const { ask } = await service();
    const descriptor = limit('1/3600000/1');
    await ask([descriptor]);
    expect((await ask([{ ...descriptor, rate: '1/1800000/1' }])).overallCode).toBe(Code.OVER_LIMIT);
  });

  it('counts for several services as one', async () => {
    const services = [await service(), await service(), await service()];
    const descriptor = limit('50/3600000/50');
    const answers = await Promise.all(
      Array.from({ length: 150 }, (_, index) => services[index % 3]?.ask([descriptor])),
    );
    expect(answers.filter((answer) => answer?.overallCode === Code.OK)).toHaveLength(50);
  });

  it('takes as many tokens as the caller says', async () => {
    const { ask } = await service();
    const descriptor = limit('10/3600000/10');
    expect((await ask([descriptor], 10)).overallCode).toBe(Code.OK);
    expect((await ask([descriptor], 1)).overallCode).toBe(Code.OVER_LIMIT);
  });

  it('has nothing to say of descriptors without a limit, and refuses what it cannot read', async () => {
    const { ask } = await service();
    expect((await ask([{ generic_key: 'foreign' }])).overallCode).toBe(Code.OK);
    await expect(ask([])).rejects.toMatchObject({ code: grpc.status.INVALID_ARGUMENT });
  });

  it('answers UNAVAILABLE and is not ready while Redis is away, and counts again when it is back', async () => {
    const { ask, server, store } = await service();
    const ready = async () => (await fetch(`http://127.0.0.1:${server.operationsPort}/ready`)).status;
    expect(await ready()).toBe(200);
    await redis.kill();
    await expect.poll(() => store.isHere, { timeout: 10_000 }).toBe(false);
    await expect(ask([limit('1/1000/1')])).rejects.toMatchObject({ code: grpc.status.UNAVAILABLE });
    expect(await ready()).toBe(503);
    await redis.restart();
    await expect.poll(ready, { timeout: 20_000 }).toBe(200);
    expect((await ask([limit('1/1000/1')])).overallCode).toBe(Code.OK);
    const metrics = await (await fetch(`http://127.0.0.1:${server.operationsPort}/metrics`)).text();
    expect(metrics).toContain('malha_ratelimit_decisions_total{outcome="failed"} 1');
    expect(metrics).toContain('malha_ratelimit_store_up 1');
  });
});
