// The program `malha ratelimit`: parse, start, wait for a signal, answer what was asked, end.
import { createLog } from '../log.ts';
import { parseRateLimitConfig } from './config.ts';
import { RedisStore } from './redis-store.ts';
import { startRateLimitServer } from './server.ts';

const DRAIN_MS = 5_000;

/** Throws UsageError. Resolves with the exit code. */
export async function runRateLimit(argv: readonly string[]): Promise<number> {
  const config = parseRateLimitConfig(argv);
  const log = createLog({ level: config.logLevel, now: Date.now, write: (line) => process.stderr.write(line) });
  const stopped = new Promise<void>((resolve) => {
    process.once('SIGTERM', () => resolve());
    process.once('SIGINT', () => resolve());
  });
  const store = new RedisStore({ url: config.redisUrl, timeoutMs: config.redisTimeoutMs, random: Math.random, log });
  store.start();
  try {
    const { bindAddress, port, operationsPort } = config;
    const server = await startRateLimitServer({ store, bindAddress, port, operationsPort });
    process.stdout.write(`malha ratelimit: gRPC on ${bindAddress}:${server.port}\n`);
    await stopped;
    await server.close(DRAIN_MS);
    return 0;
  } catch (error) {
    log.error(`cannot start: ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  } finally {
    store.close();
  }
}
