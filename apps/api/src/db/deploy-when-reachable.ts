// A start while Postgres is away waits for it: the control plane may well come up before its database.
import { setTimeout as sleep } from 'node:timers/promises';
import { isDatabaseAway } from './away.ts';
import { deployMigrations } from './migrate.ts';

const BACKOFF_FIRST_MS = 200;
const BACKOFF_MAX_MS = 2_000;

export interface DeployOptions {
  readonly url: string;
  readonly migrationsDir: string;
  /** Called once, when the wait begins. */
  readonly onWaiting: (error: unknown) => void;
  readonly signal?: AbortSignal | undefined;
}

/** Applies the migrations as soon as Postgres answers. Every other failure is thrown at once. */
export async function deployWhenReachable({ url, migrationsDir, onWaiting, signal }: DeployOptions): Promise<string[]> {
  for (let backoffMs = BACKOFF_FIRST_MS, attempt = 1; ; attempt++) {
    try {
      return await deployMigrations(url, migrationsDir);
    } catch (error) {
      if (!isDatabaseAway(error)) throw error;
      if (attempt === 1) onWaiting(error);
      await sleep(backoffMs, undefined, { signal });
      backoffMs = Math.min(backoffMs * 2, BACKOFF_MAX_MS);
    }
  }
}
