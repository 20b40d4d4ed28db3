// Opens Postgres: migrations first, then the two ways to it and the connection that hears of changes.
import type pg from 'pg';
import { createDatabase, type Database } from '../db/client.ts';
import { deployWhenReachable } from '../db/deploy-when-reachable.ts';
import { NotificationFeed } from '../db/listener.ts';
import { createPool } from '../db/postgres.ts';
import type { Foundation } from './foundation.ts';

export interface Storage {
  /** For hot paths. */
  readonly pool: pg.Pool;
  readonly database: Database;
  readonly feed: NotificationFeed;
  /** Postgres went away or came back. */
  onStateChange(listener: () => void): () => void;
}

/** Waits for a Postgres that is away. */
export async function openStorage({ config, logger, random, metrics, teardown }: Foundation): Promise<Storage> {
  const url = config.databaseUrl;
  await deployWhenReachable({
    url,
    migrationsDir: config.migrationsDir,
    onWaiting: (error) => logger.warn({ err: error }, 'Postgres is away: waiting for it'),
  });
  const pool = createPool(url);
  const database = createDatabase(url);
  teardown.add(async () => void (await Promise.all([pool.end(), database.$disconnect()])));
  const listeners = new Set<() => void>();
  const feed = new NotificationFeed({
    url,
    random,
    onStateChange: (isConnected) => {
      logger.warn({ isConnected }, isConnected ? 'Postgres is here' : 'Postgres is away: read-only until it is back');
      for (const listener of listeners) listener();
    },
  });
  metrics.watch({ isDatabaseUp: () => feed.isConnected });
  await feed.start();
  teardown.add(() => feed.stop());
  return {
    pool,
    database,
    feed,
    onStateChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
