// Runs roll-up and retention now and then; of several replicas one at a time does it.
import type { Clock } from '@malha/traffic/clock';
import type pg from 'pg';
import { deleteOld } from './retention.ts';
import { rollUp } from './rollup.ts';

/** Held by the replica that maintains the store at the moment. */
const MAINTENANCE_LOCK = 7_507_002;
const INTERVAL_MS = 10_000;
/** Retention runs on every n-th round. */
const RETENTION_ROUNDS = 3;

export interface MaintenanceOptions {
  readonly pool: pg.Pool;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
}

export class Maintenance {
  readonly #options: MaintenanceOptions;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #round = 0;
  #isStopped = false;

  constructor(options: MaintenanceOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = setTimeout(() => {
      this.#running = this.run()
        .catch(this.#options.onError)
        .finally(() => {
          if (!this.#isStopped) this.start();
        });
    }, INTERVAL_MS);
    this.#timer.unref();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  async run(): Promise<void> {
    const { pool, clock } = this.#options;
    const client = await pool.connect();
    try {
      const { rows } = await client.query<{ locked: boolean }>('SELECT pg_try_advisory_lock($1) AS locked', [
        MAINTENANCE_LOCK,
      ]);
      if (rows[0]?.locked !== true) return;
      try {
        while (!this.#isStopped && (await rollUp(pool, clock)));
        if (this.#round++ % RETENTION_ROUNDS === 0) await deleteOld(pool, clock);
      } finally {
        await client.query('SELECT pg_advisory_unlock($1)', [MAINTENANCE_LOCK]);
      }
    } finally {
      client.release();
    }
  }
}
