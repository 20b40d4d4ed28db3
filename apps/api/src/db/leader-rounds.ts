// Work that comes round again and again, and that of several replicas one at a time does.
import type pg from 'pg';

export interface RoundsOptions {
  readonly intervalMs: number;
  readonly run: () => Promise<void>;
  readonly onError: (error: unknown) => void;
}

/** The next round begins `intervalMs` after the end of the last; one that fails is reported, and the next one comes all the same. */
export class Rounds {
  readonly #options: RoundsOptions;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #isStopped = false;

  constructor(options: RoundsOptions) {
    this.#options = options;
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  start(): void {
    const { intervalMs, run, onError } = this.#options;
    this.#timer = setTimeout(() => {
      this.#running = run()
        .catch(onError)
        .finally(() => {
          if (!this.#isStopped) this.start();
        });
    }, intervalMs);
    this.#timer.unref();
  }

  /** Waits for the round that is under way. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#running;
  }
}

/** Does `work` where no other replica holds `lock` (a key of Postgres' advisory locks); otherwise nothing. */
export async function asLeader(pool: pg.Pool, lock: number, work: () => Promise<void>): Promise<void> {
  const client = await pool.connect();
  try {
    const { rows } = await client.query<{ locked: boolean }>('SELECT pg_try_advisory_lock($1) AS locked', [lock]);
    if (rows[0]?.locked !== true) return;
    try {
      await work();
    } finally {
      await client.query('SELECT pg_advisory_unlock($1)', [lock]);
    }
  } finally {
    client.release();
  }
}
