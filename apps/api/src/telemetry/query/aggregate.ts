// Sums of buckets over a window of time, grouped by step, edge or service; histograms are summed bucket by bucket.
import { BUCKET_COUNT } from '@malha/traffic/histogram';
import type pg from 'pg';
import { queryNumbers } from '../numbers.ts';
import type { Window } from './time-range.ts';

export interface ServiceRef {
  readonly namespace: string;
  readonly name: string;
}

/** All given parts must hold. Only edges that count are seen. */
export interface EdgeFilter {
  /** Source or destination lies in one of these. */
  readonly namespaces?: readonly string[] | undefined;
  readonly destinationNamespaces?: readonly string[] | undefined;
  readonly destination?: ServiceRef | undefined;
  readonly source?: ServiceRef | undefined;
  readonly route?: string | undefined;
}

const GROUPS = {
  step: '(bucket.at - $1::bigint) / $3::bigint',
  edge: 'bucket.edge',
  namespace: 'edge.destination_namespace',
  service: 'edge.destination_service',
  version: 'edge.destination_version',
} as const;
export type Group = keyof typeof GROUPS;

export interface Sums {
  readonly requests: number;
  readonly failures: number;
  readonly retries: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
  /** Counts by bucket of duration; empty unless asked for. */
  readonly latency: Float64Array;
}

export type SumsRow<G extends Group> = Sums & { readonly [K in G]: K extends 'step' | 'edge' ? number : string };

export interface AggregateOptions<G extends Group> {
  readonly window: Window;
  readonly groupBy: readonly G[];
  readonly filter?: EdgeFilter | undefined;
  readonly withLatency?: boolean;
}

interface RawRow {
  readonly requests: number;
  readonly failures: number;
  readonly retries: number;
  readonly request_bytes: number;
  readonly response_bytes: number;
  readonly buckets?: number[] | null;
  readonly counts?: number[] | null;
}

export async function aggregate<G extends Group>(pool: pg.Pool, options: AggregateOptions<G>): Promise<SumsRow<G>[]> {
  const { text, values } = statementOf(options);
  const rows = await queryNumbers<RawRow & Record<string, number | string>>(pool, text, values);
  return rows.map((row) => {
    const group = Object.fromEntries(options.groupBy.map((name) => [name, row[name]]));
    return {
      ...(group as { [K in G]: K extends 'step' | 'edge' ? number : string }),
      requests: row.requests,
      failures: row.failures,
      retries: row.retries,
      requestBytes: row.request_bytes,
      responseBytes: row.response_bytes,
      latency: dense(row.buckets ?? [], row.counts ?? []),
    };
  });
}

export interface OutcomeRow {
  readonly edge: number;
  /** flags * 1024 + status. */
  readonly outcome: number;
  readonly requests: number;
}

/** Requests by edge and outcome. */
export function aggregateOutcomes(pool: pg.Pool, window: Window, filter: EdgeFilter = {}): Promise<OutcomeRow[]> {
  const values: unknown[] = [window.fromS, window.toS];
  const text = `
    WITH bucket AS (${bucketsOf(window)})
    SELECT bucket.edge, counts.outcome, SUM(counts.requests)::bigint AS requests
    FROM bucket JOIN telemetry.edge ON edge.id = bucket.edge,
      unnest(bucket.outcomes, bucket.outcome_requests) AS counts (outcome, requests)
    WHERE ${conditionsOf(filter, values)}
    GROUP BY 1, 2`;
  return queryNumbers<OutcomeRow>(pool, text, values);
}

function statementOf({ window, groupBy, filter = {}, withLatency }: AggregateOptions<Group>) {
  const values: unknown[] = [window.fromS, window.toS, window.stepS];
  const columns = groupBy.map((name) => `${GROUPS[name]} AS "${name}"`).join(', ');
  const names = groupBy.map((name) => `"${name}"`).join(', ');
  const selected = names === '' ? '' : `${names}, `;
  const grouped = names === '' ? '' : `GROUP BY ${names}`;
  const matched = `
    matched AS MATERIALIZED (
      SELECT ${columns === '' ? '' : `${columns}, `} requests, failures, retries, request_bytes, response_bytes,
        duration_buckets, duration_counts
      FROM bucket JOIN telemetry.edge ON edge.id = bucket.edge
      WHERE $3::bigint > 0 AND ${conditionsOf(filter, values)}
    )`;
  const sums = `
    SELECT ${selected} COALESCE(SUM(requests), 0)::bigint AS requests, COALESCE(SUM(failures), 0)::bigint AS failures,
      COALESCE(SUM(retries), 0)::bigint AS retries, COALESCE(SUM(request_bytes), 0)::bigint AS request_bytes,
      COALESCE(SUM(response_bytes), 0)::bigint AS response_bytes
    FROM matched ${grouped}`;
  if (!withLatency) return { text: `WITH bucket AS (${bucketsOf(window)}), ${matched} ${sums}`, values };
  const join = names === '' ? 'ON true' : `USING (${names})`;
  const text = `
    WITH bucket AS (${bucketsOf(window)}), ${matched}, sums AS (${sums}),
    latencies AS (
      SELECT ${selected} counts.bucket, SUM(counts.n)::bigint AS n
      FROM matched, unnest(duration_buckets, duration_counts) AS counts (bucket, n)
      GROUP BY ${selected} counts.bucket
    ),
    histograms AS (
      SELECT ${selected} array_agg(bucket::bigint) AS buckets, array_agg(n) AS counts FROM latencies ${grouped}
    )
    SELECT * FROM sums LEFT JOIN histograms ${join}`;
  return { text, values };
}

/** The rows of the window; minutes end where seconds are not summed up yet. */
function bucketsOf({ source }: Window): string {
  if (source === 'second') return 'SELECT * FROM telemetry.second WHERE at >= $1::bigint AND at < $2::bigint';
  const rolled = '(SELECT rolled_until FROM telemetry.rollup)';
  return `
    SELECT * FROM telemetry.minute WHERE at >= $1::bigint AND at < LEAST($2::bigint, ${rolled})
    UNION ALL
    SELECT * FROM telemetry.second WHERE at >= GREATEST($1::bigint, ${rolled}) AND at < $2::bigint`;
}

function conditionsOf(filter: EdgeFilter, values: unknown[]): string {
  const parameter = (value: unknown): string => {
    values.push(value);
    return `$${values.length}`;
  };
  const conditions = ['edge.is_counted'];
  if (filter.namespaces !== undefined) {
    const list = parameter(filter.namespaces);
    conditions.push(
      `(edge.source_namespace = ANY(${list}::text[]) OR edge.destination_namespace = ANY(${list}::text[]))`,
    );
  }
  if (filter.destinationNamespaces !== undefined) {
    conditions.push(`edge.destination_namespace = ANY(${parameter(filter.destinationNamespaces)}::text[])`);
  }
  for (const side of ['source', 'destination'] as const) {
    const service = filter[side];
    if (service === undefined) continue;
    conditions.push(`edge.${side}_namespace = ${parameter(service.namespace)}`);
    conditions.push(`edge.${side}_service = ${parameter(service.name)}`);
  }
  if (filter.route !== undefined) conditions.push(`edge.route = ${parameter(filter.route)}`);
  return conditions.join(' AND ');
}

function dense(buckets: readonly number[], counts: readonly number[]): Float64Array {
  const histogram = new Float64Array(buckets.length === 0 ? 0 : BUCKET_COUNT);
  for (const [i, bucket] of buckets.entries()) histogram[bucket] = counts[i] ?? 0;
  return histogram;
}
