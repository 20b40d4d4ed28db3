// Runs roll-up and retention now and then; of several replicas one at a time does it.
import type { Clock } from '@malha/traffic/clock';
import type pg from 'pg';
import { asLeader, Rounds } from '../../db/leader-rounds.ts';
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
  readonly #rounds: Rounds;
  #round = 0;

  constructor(options: MaintenanceOptions) {
    this.#options = options;
    this.#rounds = new Rounds({ intervalMs: INTERVAL_MS, run: () => this.run(), onError: options.onError });
  }

  start(): void {
    this.#rounds.start();
  }

  stop(): Promise<void> {
    return this.#rounds.stop();
  }

  async run(): Promise<void> {
    const { pool, clock } = this.#options;
    await asLeader(pool, MAINTENANCE_LOCK, async () => {
      while (!this.#rounds.isStopped && (await rollUp(pool, clock)));
      if (this.#round++ % RETENTION_ROUNDS === 0) await deleteOld(pool, clock);
    });
  }
}
