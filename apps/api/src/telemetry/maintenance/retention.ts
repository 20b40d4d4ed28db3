// Keeps the store within its bounds: by age, spans also by number, and instances that ended long ago.
import type { Clock } from '@malha/traffic/clock';
import type pg from 'pg';
import { INGEST_LOCK } from '../ingest/ingest.ts';
import { MINUTES_KEPT_S, SECONDS_KEPT_S } from '../query/time-range.ts';

export interface RetentionLimits {
  readonly spansKeptMs: number;
  readonly spansMax: number;
  /** An instance that was silent for this long is retired: its counts stay in the totals, later reports are not taken. */
  readonly instanceSilentMs: number;
  /** Retired instances are forgotten after this; the proxy's own pending reports are long gone by then. */
  readonly instanceForgottenMs: number;
}

const DAY_MS = 24 * 3600 * 1000;
export const RETENTION: RetentionLimits = {
  spansKeptMs: DAY_MS,
  spansMax: 300_000,
  instanceSilentMs: 7 * DAY_MS,
  instanceForgottenMs: 90 * DAY_MS,
};

/** Rows of one statement, so that none runs long. */
const ROWS_PER_STATEMENT = 20_000;
const STATEMENTS_MAX = 20;
const INSTANCES_PER_STEP = 200;

export async function deleteOld(pool: pg.Pool, clock: Clock, limits: RetentionLimits = RETENTION): Promise<void> {
  const nowMs = clock.now();
  await deleteBatches(pool, 'second', 'at', Math.floor(nowMs / 1000) - SECONDS_KEPT_S);
  await deleteBatches(pool, 'minute', 'at', Math.floor(nowMs / 1000) - MINUTES_KEPT_S);
  await deleteBatches(pool, 'span', 'start_ms', await oldestSpanKept(pool, nowMs, limits));
  await retireInstances(pool, nowMs - limits.instanceSilentMs);
  await pool.query('DELETE FROM telemetry.instance WHERE is_retired AND last_time_ms < $1', [
    nowMs - limits.instanceForgottenMs,
  ]);
}

async function deleteBatches(pool: pg.Pool, table: string, column: string, before: number): Promise<void> {
  const statement = `
    DELETE FROM telemetry.${table} WHERE ctid = ANY(ARRAY(
      SELECT ctid FROM telemetry.${table} WHERE ${column} < $1 ORDER BY ${column} LIMIT ${ROWS_PER_STATEMENT}
    ))`;
  for (let i = 0; i < STATEMENTS_MAX; i++) {
    const { rowCount } = await pool.query(statement, [before]);
    if ((rowCount ?? 0) < ROWS_PER_STATEMENT) return;
  }
}

/** By age, or by number where there are too many. */
async function oldestSpanKept(pool: pg.Pool, nowMs: number, limits: RetentionLimits): Promise<number> {
  const { rows } = await pool.query<{ start_ms: number }>(
    'SELECT start_ms FROM telemetry.span ORDER BY start_ms DESC OFFSET $1 LIMIT 1',
    [limits.spansMax],
  );
  // The row at the offset is the first one too many.
  const byNumber = rows[0] === undefined ? 0 : rows[0].start_ms + Number.EPSILON * rows[0].start_ms;
  return Math.max(nowMs - limits.spansKeptMs, byNumber);
}

async function retireInstances(pool: pg.Pool, silentSinceMs: number): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query(`BEGIN; SET LOCAL lock_timeout = '5s'; SELECT pg_advisory_xact_lock(${INGEST_LOCK})`);
    await client.query(RETIRE, [silentSinceMs, INSTANCES_PER_STEP]);
    await client.query('COMMIT');
    client.release();
  } catch (error) {
    client.release(true);
    throw error;
  }
}

/** Moves the counts to the totals and empties the row in one statement. */
const RETIRE = `
  WITH silent AS (
    SELECT id, edges, outcomes, requests, retries FROM telemetry.instance
    WHERE NOT is_retired AND last_time_ms < $1 ORDER BY id LIMIT $2
  ), moved AS (
    INSERT INTO telemetry.total (edge, outcome, requests, retries)
    SELECT n.edge, n.outcome, SUM(n.requests), SUM(n.retries)
    FROM silent, unnest(edges, outcomes, requests, retries) AS n (edge, outcome, requests, retries)
    GROUP BY n.edge, n.outcome
    ON CONFLICT (edge, outcome) DO UPDATE SET
      requests = total.requests + excluded.requests, retries = total.retries + excluded.retries
  )
  UPDATE telemetry.instance SET is_retired = true, edges = '{}', outcomes = '{}', requests = '{}', retries = '{}',
    packed = '', sequence = sequence + 1
  FROM silent WHERE instance.id = silent.id`;
