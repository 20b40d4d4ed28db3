// Writes spans in batches; a span that comes twice is stored once.
import type pg from 'pg';
import type { StoredSpan } from './span.ts';

export class SpanStore {
  readonly #pool: pg.Pool;

  constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  async store(spans: readonly StoredSpan[]): Promise<void> {
    if (spans.length === 0) return;
    const hex = (id: string) => Buffer.from(id, 'hex');
    await this.#pool.query(INSERT, [
      spans.map((span) => hex(span.traceId)),
      spans.map((span) => hex(span.spanId)),
      spans.map((span) => (span.parentSpanId === '' ? null : hex(span.parentSpanId))),
      spans.map((span) => span.startMs),
      spans.map((span) => span.durationMs),
      spans.map((span) => span.namespace),
      spans.map((span) => span.service),
      spans.map((span) => span.workload),
      spans.map((span) => span.kind),
      spans.map((span) => span.name),
      spans.map((span) => span.status),
      spans.map((span) => span.isError),
      spans.map((span) => JSON.stringify(span.attributes)),
    ]);
  }
}

/** Ordered by key, so that two replicas that store the same spans wait for each other instead of dead-locking. */
const INSERT = `
  INSERT INTO telemetry.span (
    trace_id, span_id, parent_span_id, start_ms, duration_ms, namespace, service, workload, kind, name, status,
    is_error, attributes
  )
  SELECT trace_id, span_id, parent_span_id, start_ms, duration_ms, namespace, service, workload, kind, name, status,
    is_error, attributes::jsonb
  FROM unnest(
    $1::bytea[], $2::bytea[], $3::bytea[], $4::float8[], $5::float8[], $6::text[], $7::text[], $8::text[],
    $9::text[], $10::text[], $11::int[], $12::bool[], $13::text[]
  ) AS incoming (
    trace_id, span_id, parent_span_id, start_ms, duration_ms, namespace, service, workload, kind, name, status,
    is_error, attributes
  )
  ORDER BY trace_id, span_id
  ON CONFLICT (trace_id, span_id) DO NOTHING`;
