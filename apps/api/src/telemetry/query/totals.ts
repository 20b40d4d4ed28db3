// Exact counts: of all time, from the cumulative counts of every proxy, or of whole buckets since a moment.

import type { Clock } from '@malha/traffic/clock';
import { isFailedRequest } from '@malha/traffic/request-failure';
import type pg from 'pg';
import { outcomeOfCode } from '../ingest/instance-state.ts';
import { queryNumbers } from '../numbers.ts';
import { type EdgeLabels, isCounted } from '../report.ts';
import type { EdgeDirectory } from './edge-directory.ts';
import { SECONDS_KEPT_S } from './time-range.ts';

export interface EdgeTotal {
  readonly source: { readonly namespace: string; readonly service: string };
  readonly destination: { readonly namespace: string; readonly service: string; readonly version: string };
  readonly requests: number;
  readonly failures: number;
  /** Attempts beyond the first; not in `requests`. */
  readonly retries: number;
}

export interface Totals {
  /** Beginning of the first bucket that is counted; null = of all time. */
  readonly sinceMs: number | null;
  readonly requests: number;
  readonly failures: number;
  readonly retries: number;
  readonly edges: EdgeTotal[];
}

interface OutcomeCounts {
  readonly edge: number;
  readonly outcome: number;
  readonly requests: number;
  readonly retries: number;
}

export interface TotalsDeps {
  readonly pool: pg.Pool;
  readonly clock: Clock;
  readonly edges: EdgeDirectory;
}

export async function readTotals(deps: TotalsDeps, sinceMs?: number): Promise<Totals> {
  const since = sinceMs === undefined ? undefined : bucketsSince(sinceMs, deps.clock);
  const rows =
    since === undefined
      ? await queryNumbers<OutcomeCounts>(deps.pool, ALL_TIME)
      : await queryNumbers<OutcomeCounts>(deps.pool, sinceBucket(since.source), [since.fromS]);
  const labels = await deps.edges.labelsOf(rows.map(({ edge }) => edge));
  const edges = sumEdges(rows, labels);
  const sum = (value: (edge: EdgeTotal) => number) => edges.reduce((all, edge) => all + value(edge), 0);
  return {
    sinceMs: since === undefined ? null : since.fromS * 1000,
    requests: sum(({ requests }) => requests),
    failures: sum(({ failures }) => failures),
    retries: sum(({ retries }) => retries),
    edges,
  };
}

export interface Since {
  readonly fromS: number;
  readonly source: 'second' | 'minute';
}

/**
 * The first whole bucket at or after a moment. A bucket holds only requests that finished at or after its beginning, so
 * nothing from before the moment is counted.
 */
export function bucketsSince(sinceMs: number, clock: Clock): Since {
  const second = Math.ceil(sinceMs / 1000);
  const isRecent = second >= Math.floor(clock.now() / 1000) - SECONDS_KEPT_S + 60;
  return isRecent ? { fromS: second, source: 'second' } : { fromS: Math.ceil(second / 60) * 60, source: 'minute' };
}

/** SQL of the buckets from $1 on. */
export function bucketsFrom(source: Since['source']): string {
  if (source === 'second') return 'SELECT * FROM telemetry.second WHERE at >= $1::bigint';
  const rolled = '(SELECT rolled_until FROM telemetry.rollup)';
  return `
    SELECT * FROM telemetry.minute WHERE at >= $1::bigint AND at < ${rolled}
    UNION ALL SELECT * FROM telemetry.second WHERE at >= GREATEST($1::bigint, ${rolled})`;
}

const ALL_TIME = `
  SELECT edge, outcome, SUM(requests)::bigint AS requests, SUM(retries)::bigint AS retries
  FROM (
    SELECT counts.* FROM telemetry.instance,
      unnest(edges, outcomes, requests, retries) AS counts (edge, outcome, requests, retries)
    WHERE NOT is_retired
    UNION ALL
    SELECT edge, outcome, requests, retries FROM telemetry.total
  ) AS everything
  GROUP BY 1, 2`;

function sinceBucket(source: Since['source']): string {
  return `
    SELECT bucket.edge, counts.outcome, SUM(counts.requests)::bigint AS requests, SUM(counts.retries)::bigint AS retries
    FROM (${bucketsFrom(source)}) AS bucket,
      unnest(outcomes, outcome_requests, outcome_retries) AS counts (outcome, requests, retries)
    GROUP BY 1, 2`;
}

function sumEdges(rows: readonly OutcomeCounts[], labels: ReadonlyMap<number, EdgeLabels>): EdgeTotal[] {
  const sums = new Map<string, EdgeTotal>();
  for (const row of rows) {
    const label = labels.get(row.edge);
    if (label === undefined || !isCounted(label)) continue;
    const { source, destination, protocol } = label;
    const ends = [source.namespace, source.service, destination.namespace, destination.service, destination.version];
    const known = sums.get(ends.join('\n'));
    const { status, flags } = outcomeOfCode(row.outcome);
    const failures = isFailedRequest({ protocol, status, flags }) ? row.requests : 0;
    sums.set(ends.join('\n'), {
      source: { namespace: source.namespace, service: source.service },
      destination: {
        namespace: destination.namespace,
        service: destination.service,
        version: destination.version,
      },
      requests: (known?.requests ?? 0) + row.requests,
      failures: (known?.failures ?? 0) + failures,
      retries: (known?.retries ?? 0) + row.retries,
    });
  }
  return [...sums].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, total]) => total);
}
