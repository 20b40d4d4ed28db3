// The split of one rule as it was measured: requests by version, counted after a moment.
import { rate } from '../golden.ts';
import { queryNumbers } from '../numbers.ts';
import { bucketsFrom, bucketsSince, type TotalsDeps } from '../query/totals.ts';

export interface SplitInput {
  readonly namespace: string;
  readonly route: string;
  /** Name of the rule, or its index where it has none. */
  readonly rule: string;
  readonly sinceMs?: number | undefined;
}

export interface MeasuredSplit {
  /** Beginning of the first second that is counted; nothing that finished before it is in. */
  readonly sinceMs: number;
  readonly total: number;
  readonly backends: { readonly version: string; readonly requests: number; readonly share: number }[];
}

/** Without a moment: the last minute. */
const DEFAULT_WINDOW_MS = 60_000;

export async function measureSplit(
  { pool, clock }: TotalsDeps,
  { namespace, route, rule, sinceMs }: SplitInput,
): Promise<MeasuredSplit> {
  const since = bucketsSince(sinceMs ?? clock.now() - DEFAULT_WINDOW_MS, clock);
  const rows = await queryNumbers<{ version: string; requests: number }>(
    pool,
    `SELECT COALESCE(NULLIF(edge.destination_version, ''), edge.destination_service) AS version,
       SUM(bucket.requests)::bigint AS requests
     FROM (${bucketsFrom(since.source)}) AS bucket JOIN telemetry.edge ON edge.id = bucket.edge
     WHERE edge.is_counted AND edge.route = $2
     GROUP BY 1 ORDER BY 1`,
    [since.fromS, `${namespace}/${route}/${rule}`],
  );
  const total = rows.reduce((sum, { requests }) => sum + requests, 0);
  return {
    sinceMs: since.fromS * 1000,
    total,
    backends: rows.map(({ version, requests }) => ({ version, requests, share: rate(requests, total) })),
  };
}
