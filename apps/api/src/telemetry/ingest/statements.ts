// The statements that write what a batch changed: one for instances with new counts, one for the others, one per table of buckets.
import type pg from 'pg';
import { type BucketSums, columnValues, literal } from './bucket-rows.ts';
import { encodeInstance } from './instance-codec.ts';
import type { InstanceTotals } from './instance-state.ts';

export interface ChangedInstance {
  readonly id: number;
  lastTimeMs: number;
  sequence: number;
  /** Undefined: it reported, but nothing new. */
  totals: InstanceTotals | undefined;
}

export async function storeInstances(client: pg.PoolClient, instances: readonly ChangedInstance[]): Promise<void> {
  const silent = instances.filter(({ totals }) => totals === undefined);
  if (silent.length > 0) {
    await client.query(TOUCH, [silent.map(({ id }) => id), silent.map(({ lastTimeMs }) => lastTimeMs)]);
  }
  const rows = instances.flatMap(({ id, lastTimeMs, sequence, totals }) =>
    totals === undefined ? [] : [{ id, lastTimeMs, sequence, row: encodeInstance(totals) }],
  );
  if (rows.length === 0) return;
  await client.query(UPDATE, [
    rows.map(({ id }) => id),
    rows.map(({ lastTimeMs }) => lastTimeMs),
    rows.map(({ sequence }) => sequence),
    rows.map(({ row }) => literal(row.edges)),
    rows.map(({ row }) => literal(row.outcomes)),
    rows.map(({ row }) => literal(row.requests)),
    rows.map(({ row }) => literal(row.retries)),
    rows.map(({ row }) => row.packed),
  ]);
}

export async function storeBuckets(client: pg.PoolClient, table: 'second' | 'minute', sums: BucketSums): Promise<void> {
  if (sums.isEmpty) return;
  await client.query(insertBuckets(table), columnValues(sums.columns()));
}

const TOUCH = `
  UPDATE telemetry.instance SET last_time_ms = seen.last_time_ms
  FROM unnest($1::int[], $2::bigint[]) AS seen (id, last_time_ms)
  WHERE instance.id = seen.id AND instance.last_time_ms < seen.last_time_ms`;

const UPDATE = `
  UPDATE telemetry.instance SET
    last_time_ms = changed.last_time_ms, sequence = changed.sequence,
    edges = changed.edges::int[], outcomes = changed.outcomes::bigint[],
    requests = changed.requests::bigint[], retries = changed.retries::bigint[], packed = changed.packed
  FROM unnest($1::int[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bytea[])
    AS changed (id, last_time_ms, sequence, edges, outcomes, requests, retries, packed)
  WHERE instance.id = changed.id`;

/** Sparse arrays add up by being joined; a bucket is nearly always written once. */
function insertBuckets(table: 'second' | 'minute'): string {
  return `
  INSERT INTO telemetry.${table} AS bucket (
    at, edge, requests, failures, retries, request_bytes, response_bytes,
    outcomes, outcome_requests, outcome_retries, duration_buckets, duration_counts, ttfb_buckets, ttfb_counts
  )
  SELECT
    at, edge, requests, failures, retries, request_bytes, response_bytes,
    outcomes::bigint[], outcome_requests::bigint[], outcome_retries::bigint[],
    duration_buckets::smallint[], duration_counts::bigint[], ttfb_buckets::smallint[], ttfb_counts::bigint[]
  FROM unnest(
    $1::bigint[], $2::int[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[],
    $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[]
  ) AS added (
    at, edge, requests, failures, retries, request_bytes, response_bytes,
    outcomes, outcome_requests, outcome_retries, duration_buckets, duration_counts, ttfb_buckets, ttfb_counts
  )
  ON CONFLICT (at, edge) DO UPDATE SET
    requests = bucket.requests + excluded.requests,
    failures = bucket.failures + excluded.failures,
    retries = bucket.retries + excluded.retries,
    request_bytes = bucket.request_bytes + excluded.request_bytes,
    response_bytes = bucket.response_bytes + excluded.response_bytes,
    outcomes = bucket.outcomes || excluded.outcomes,
    outcome_requests = bucket.outcome_requests || excluded.outcome_requests,
    outcome_retries = bucket.outcome_retries || excluded.outcome_retries,
    duration_buckets = bucket.duration_buckets || excluded.duration_buckets,
    duration_counts = bucket.duration_counts || excluded.duration_counts,
    ttfb_buckets = bucket.ttfb_buckets || excluded.ttfb_buckets,
    ttfb_counts = bucket.ttfb_counts || excluded.ttfb_counts`;
}
