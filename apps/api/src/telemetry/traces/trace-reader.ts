// Finds traces, and reads all spans of one with their flags in words.

import type { Clock } from '@malha/traffic/clock';
import { flagNames, flagWords, parseFlags } from '@malha/traffic/flags';
import type pg from 'pg';
import { TraceUnknown } from '../errors.ts';
import { queryNumbers } from '../numbers.ts';
import type { TimeRange } from '../query/time-range.ts';
import type { SpanKind } from '../spans/span.ts';

export interface TraceSearch {
  readonly service?: string | undefined;
  readonly namespace?: string | undefined;
  readonly minDurationMs?: number | undefined;
  readonly errorsOnly?: boolean | undefined;
  readonly traceId?: string | undefined;
  readonly range: TimeRange;
  readonly limit: number;
}

export interface TraceSummary {
  readonly traceId: string;
  readonly startMs: number;
  readonly durationMs: number;
  readonly rootService: string;
  readonly rootOperation: string;
  /** `<namespace>/<service>` */
  readonly services: string[];
  readonly spans: number;
  readonly errors: number;
  readonly status: number;
}

export interface TraceSpan {
  readonly spanId: string;
  readonly parentSpanId: string | null;
  readonly service: string;
  readonly namespace: string;
  readonly workload: string;
  readonly kind: 'client' | 'server';
  readonly name: string;
  readonly startMs: number;
  readonly durationMs: number;
  readonly status: number;
  /** As who made the span says: a server error, or of a call any that was not answered well. */
  readonly isError: boolean;
  readonly flags: string[];
  readonly flagWords: string[];
  readonly route: string;
  readonly policy: string;
  readonly attempts: number;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
}

/** Traces looked at, newest first, before those that do not fit are left out. */
const CANDIDATES_MAX = 5_000;
const SPANS_OF_TRACE_MAX = 5_000;

interface SummaryRow {
  readonly trace_id: string;
  readonly start_ms: number;
  readonly duration_ms: number;
  readonly root_service: string;
  readonly root_operation: string;
  readonly root_status: number;
  readonly services: string[];
  readonly spans: number;
  readonly errors: number;
}

export async function searchTraces(pool: pg.Pool, clock: Clock, search: TraceSearch): Promise<TraceSummary[]> {
  const { range, service, namespace, minDurationMs, errorsOnly, traceId, limit } = search;
  const toMs = 'toMs' in range ? range.toMs : clock.now() + 1_000;
  const fromMs = 'fromMs' in range ? range.fromMs : toMs - range.liveSeconds * 1000;
  const rows = await queryNumbers<SummaryRow>(pool, SEARCH, [
    fromMs,
    toMs,
    namespace ?? null,
    service ?? null,
    traceId === undefined ? null : Buffer.from(traceId, 'hex'),
    minDurationMs ?? 0,
    errorsOnly ?? false,
    limit,
  ]);
  return rows.map((row) => ({
    traceId: row.trace_id,
    startMs: row.start_ms,
    durationMs: row.duration_ms,
    rootService: row.root_service,
    rootOperation: row.root_operation,
    services: row.services,
    spans: row.spans,
    errors: row.errors,
    status: row.root_status,
  }));
}

interface SpanRow {
  readonly span_id: string;
  readonly parent_span_id: string | null;
  readonly service: string;
  readonly namespace: string;
  readonly workload: string;
  readonly kind: SpanKind;
  readonly name: string;
  readonly start_ms: number;
  readonly duration_ms: number;
  readonly status: number;
  readonly is_error: boolean;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
}

/** `showPolicies` false leaves out what only operators may see. */
export async function readTrace(
  pool: pg.Pool,
  traceId: string,
  showPolicies: boolean,
): Promise<{ traceId: string; spans: TraceSpan[] }> {
  const { rows } = await pool.query<SpanRow>(TRACE, [Buffer.from(traceId, 'hex'), SPANS_OF_TRACE_MAX]);
  if (rows.length === 0) throw new TraceUnknown(traceId);
  return { traceId, spans: rows.map((row) => presentSpan(row, showPolicies)) };
}

const POLICY_ATTRIBUTES: ReadonlySet<string> = new Set(['malha.policy', 'malha.shadow_policy']);

function presentSpan(row: SpanRow, showPolicies: boolean): TraceSpan {
  const { attributes } = row;
  const flags = flagNames(parseFlags(textOf(attributes['malha.flags'])));
  const shown = Object.entries(attributes).filter(([key]) => showPolicies || !POLICY_ATTRIBUTES.has(key));
  const attempts = attributes['malha.attempts'];
  return {
    spanId: row.span_id,
    parentSpanId: row.parent_span_id,
    service: row.service,
    namespace: row.namespace,
    workload: row.workload,
    kind: row.kind === 'client' || row.kind === 'producer' ? 'client' : 'server',
    name: row.name,
    startMs: row.start_ms,
    durationMs: row.duration_ms,
    status: row.status,
    isError: row.is_error,
    flags,
    flagWords: flags.map((flag) => flagWords[flag]),
    route: textOf(attributes['malha.route']),
    policy: showPolicies ? textOf(attributes['malha.policy']) : '',
    attempts: typeof attempts === 'number' ? attempts : 1,
    attributes: Object.fromEntries(shown),
  };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

const SEARCH = `
  WITH candidates AS (
    SELECT trace_id, MAX(start_ms) AS newest FROM telemetry.span
    WHERE start_ms >= $1::float8 AND start_ms < $2::float8
      AND ($3::text IS NULL OR namespace = $3) AND ($4::text IS NULL OR service = $4)
      AND ($5::bytea IS NULL OR trace_id = $5)
    GROUP BY trace_id ORDER BY newest DESC LIMIT ${CANDIDATES_MAX}
  ), traces AS (
    SELECT
      trace_id,
      MIN(start_ms) AS start_ms,
      MAX(start_ms + duration_ms) - MIN(start_ms) AS duration_ms,
      (array_agg(namespace || '/' || service ORDER BY parent_span_id IS NOT NULL, start_ms))[1] AS root_service,
      (array_agg(name ORDER BY parent_span_id IS NOT NULL, start_ms))[1] AS root_operation,
      (array_agg(status ORDER BY parent_span_id IS NOT NULL, start_ms))[1] AS root_status,
      array_agg(DISTINCT namespace || '/' || service) AS services,
      COUNT(*) AS spans,
      COUNT(*) FILTER (WHERE is_error) AS errors
    FROM candidates JOIN telemetry.span USING (trace_id)
    GROUP BY trace_id
  )
  SELECT encode(trace_id, 'hex') AS trace_id, start_ms, duration_ms, root_service, root_operation, root_status,
    services, spans, errors
  FROM traces
  WHERE duration_ms >= $6::float8 AND (NOT $7::bool OR errors > 0)
  ORDER BY start_ms DESC LIMIT $8::int`;

const TRACE = `
  SELECT encode(span_id, 'hex') AS span_id, encode(parent_span_id, 'hex') AS parent_span_id, service, namespace,
    workload, kind, name, start_ms, duration_ms, status, is_error, attributes
  FROM telemetry.span WHERE trace_id = $1 ORDER BY start_ms, parent_span_id NULLS FIRST LIMIT $2`;
