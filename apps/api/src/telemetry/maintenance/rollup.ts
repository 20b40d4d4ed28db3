// Sums seconds up to minutes, once a minute is over and late reports of it are unlikely.
import type { Clock } from '@malha/traffic/clock';
import type pg from 'pg';
import { INGEST_LOCK } from '../ingest/ingest.ts';
import { queryNumbers } from '../numbers.ts';

const MINUTE_S = 60;
/** A minute is summed up this long after its end. What comes later is added to it by ingestion. */
const DELAY_S = 20;
/** Minutes in one transaction: ingestion waits for it. */
const MINUTES_PER_STEP = 10;

/** Returns whether more is left to do. */
export async function rollUp(pool: pg.Pool, clock: Clock): Promise<boolean> {
  const client = await pool.connect();
  try {
    await client.query(`BEGIN; SET LOCAL lock_timeout = '5s'; SELECT pg_advisory_xact_lock(${INGEST_LOCK})`);
    const isMore = await step(client, Math.floor(clock.now() / 1000));
    await client.query('COMMIT');
    client.release();
    return isMore;
  } catch (error) {
    client.release(true);
    throw error;
  }
}

async function step(client: pg.PoolClient, nowS: number): Promise<boolean> {
  const [state] = await queryNumbers<{ rolled_until: number; first: number | null }>(
    client,
    `SELECT rolled_until, (SELECT MIN(at) FROM telemetry.second WHERE at >= rolled_until) AS first FROM telemetry.rollup`,
  );
  if (state === undefined) throw new Error('telemetry: the row of the roll-up is missing');
  const target = Math.floor((nowS - DELAY_S) / MINUTE_S) * MINUTE_S;
  // Empty time is passed over in one step.
  const from = Math.min(
    target,
    Math.max(state.rolled_until, Math.floor((state.first ?? target) / MINUTE_S) * MINUTE_S),
  );
  const until = Math.min(target, from + MINUTES_PER_STEP * MINUTE_S);
  if (until <= state.rolled_until) return false;
  if (until > from) await client.query(ROLL_UP, [from, until]);
  await client.query('UPDATE telemetry.rollup SET rolled_until = $1', [until]);
  return until < target;
}

const ROLL_UP = `
  WITH seconds AS MATERIALIZED (
    SELECT second.at / ${MINUTE_S} * ${MINUTE_S} AS minute, second.* FROM telemetry.second
    WHERE second.at >= $1::bigint AND second.at < $2::bigint
  ), sums AS (
    SELECT minute, edge, SUM(requests)::bigint AS requests, SUM(failures)::bigint AS failures,
      SUM(retries)::bigint AS retries, SUM(request_bytes)::bigint AS request_bytes,
      SUM(response_bytes)::bigint AS response_bytes
    FROM seconds GROUP BY minute, edge
  ), outcomes AS (
    SELECT minute, edge, array_agg(outcome) AS outcomes, array_agg(r) AS requests, array_agg(t) AS retries
    FROM (
      SELECT minute, edge, n.outcome, SUM(n.r)::bigint AS r, SUM(n.t)::bigint AS t
      FROM seconds, unnest(outcomes, outcome_requests, outcome_retries) AS n (outcome, r, t)
      GROUP BY minute, edge, n.outcome
    ) AS each GROUP BY minute, edge
  ), durations AS (
    SELECT minute, edge, array_agg(bucket) AS buckets, array_agg(n) AS counts
    FROM (
      SELECT minute, edge, h.bucket, SUM(h.n)::bigint AS n
      FROM seconds, unnest(duration_buckets, duration_counts) AS h (bucket, n) GROUP BY minute, edge, h.bucket
    ) AS each GROUP BY minute, edge
  ), ttfbs AS (
    SELECT minute, edge, array_agg(bucket) AS buckets, array_agg(n) AS counts
    FROM (
      SELECT minute, edge, h.bucket, SUM(h.n)::bigint AS n
      FROM seconds, unnest(ttfb_buckets, ttfb_counts) AS h (bucket, n) GROUP BY minute, edge, h.bucket
    ) AS each GROUP BY minute, edge
  )
  INSERT INTO telemetry.minute (
    at, edge, requests, failures, retries, request_bytes, response_bytes,
    outcomes, outcome_requests, outcome_retries, duration_buckets, duration_counts, ttfb_buckets, ttfb_counts
  )
  SELECT minute, edge, sums.requests, sums.failures, sums.retries, request_bytes, response_bytes,
    COALESCE(outcomes.outcomes, '{}'), COALESCE(outcomes.requests, '{}'), COALESCE(outcomes.retries, '{}'),
    COALESCE(durations.buckets, '{}'), COALESCE(durations.counts, '{}'),
    COALESCE(ttfbs.buckets, '{}'), COALESCE(ttfbs.counts, '{}')
  FROM sums
  LEFT JOIN outcomes USING (minute, edge) LEFT JOIN durations USING (minute, edge) LEFT JOIN ttfbs USING (minute, edge)`;
