// `malha ratelimit` with a real Redis, for limits that are counted for all proxies of a side together.
import { redisProblem, startRedis } from '@malha/testing/redis';
import { RedisStore } from '../../../apps/dataplane/src/ratelimit/redis-store.ts';
import { startRateLimitServer } from '../../../apps/dataplane/src/ratelimit/server.ts';

const STORE_TIMEOUT_MS = 5_000;
const HERE_WITHIN_MS = 10_000;
const STEP_MS = 10;

export interface Counter {
  readonly port: number;
  close(): Promise<void>;
}

/** Undefined where there is no Redis: cases that need it are left out there. */
export async function startCounter(): Promise<Counter | undefined> {
  if (redisProblem() !== undefined) return undefined;
  const redis = await startRedis();
  const log = { info: () => undefined, warn: () => undefined };
  const store = new RedisStore({ url: redis.url, timeoutMs: STORE_TIMEOUT_MS, random: Math.random, log });
  store.start();
  const end = performance.now() + HERE_WITHIN_MS;
  while (!store.isHere) {
    if (performance.now() > end) throw new Error(`no connection to ${redis.url} within ${HERE_WITHIN_MS} ms`);
    await new Promise((resolve) => setTimeout(resolve, STEP_MS));
  }
  const server = await startRateLimitServer({ store, bindAddress: '127.0.0.1', port: 0, operationsPort: undefined });
  return {
    port: server.port,
    close: async () => {
      await server.close(STORE_TIMEOUT_MS);
      store.close();
      await redis.kill();
    },
  };
}
