// A span as OTLP has it, in whichever encoding, and how it becomes one of the store: checked, bounded, with its owner.
import type { SpanKind, StoredSpan } from '../spans/span.ts';
import { type Attributes, MalformedOtlp, text, whole } from './wire.ts';

/** Of `Status.code`. */
export const STATUS_ERROR = 2;
export const ATTRIBUTES_MAX = 64;
/** Spans of one request; exporters send batches of 512. */
const SPANS_MAX = 10_000;
const TRACE_ID_BYTES = 16;
const SPAN_ID_BYTES = 8;
const NAME_LENGTH_MAX = 300;
const VALUE_LENGTH_MAX = 1_024;

const KINDS: Readonly<Record<number, SpanKind>> = {
  1: 'internal',
  2: 'server',
  3: 'client',
  4: 'producer',
  5: 'consumer',
};

export interface RawSpan {
  traceId: Uint8Array;
  spanId: Uint8Array;
  parentSpanId: Uint8Array;
  name: string;
  kind: SpanKind;
  startMs: number;
  endMs: number;
  isError: boolean;
  readonly attributes: Attributes;
}

/** Spans of one resource. `workload` is `<namespace>/<workload>` for our proxies, empty for applications. */
export interface ResourceSpans {
  readonly namespace: string;
  readonly service: string;
  readonly workload: string;
  readonly spans: StoredSpan[];
}

export function kindOf(number: number): SpanKind {
  return KINDS[number] ?? 'internal';
}

/** Throws MalformedOtlp when one request has more spans than are taken. */
export function requireFewSpans(count: number): void {
  if (count > SPANS_MAX) throw new MalformedOtlp(`more than ${SPANS_MAX} spans in one request`);
}

/** Throws MalformedOtlp for a span without identifiers, or one that ends before it starts. */
export function spansOf(resource: Attributes, spans: readonly RawSpan[]): ResourceSpans {
  const owner = {
    namespace: bounded(text(resource, 'service.namespace')),
    service: bounded(text(resource, 'service.name')),
    workload: bounded(text(resource, 'malha.workload')),
  };
  return { ...owner, spans: spans.map((span) => storedSpan(span, owner)) };
}

function storedSpan(span: RawSpan, owner: Omit<ResourceSpans, 'spans'>): StoredSpan {
  if (span.traceId.length !== TRACE_ID_BYTES || span.spanId.length !== SPAN_ID_BYTES) {
    throw new MalformedOtlp('a span has no valid trace and span identifiers');
  }
  if (!(span.startMs > 0 && span.endMs >= span.startMs)) throw new MalformedOtlp('a span ends before it starts');
  const attributes: Record<string, string | number | boolean> = {};
  for (const [key, value] of span.attributes) {
    attributes[bounded(key)] = typeof value === 'string' ? clean(value).slice(0, VALUE_LENGTH_MAX) : value;
  }
  return {
    traceId: Buffer.from(span.traceId).toString('hex'),
    spanId: Buffer.from(span.spanId).toString('hex'),
    parentSpanId: span.parentSpanId.length === SPAN_ID_BYTES ? Buffer.from(span.parentSpanId).toString('hex') : '',
    ...owner,
    kind: span.kind,
    name: clean(span.name).slice(0, NAME_LENGTH_MAX),
    startMs: span.startMs,
    durationMs: span.endMs - span.startMs,
    status: whole(span.attributes, 'http.response.status_code'),
    isError: span.isError,
    attributes,
  };
}

function bounded(value: string): string {
  return clean(value).slice(0, NAME_LENGTH_MAX);
}

/** Postgres stores no NUL. */
function clean(value: string): string {
  return value.replaceAll('\0', '');
}
