// Reads an ExportTraceServiceRequest into spans, from our proxies or from applications.
import type { WireType } from '@bufbuild/protobuf/wire';
import type { SpanKind, StoredSpan } from '../spans/span.ts';
import {
  type Attributes,
  MalformedOtlp,
  nestedEnd,
  type OtlpReader,
  readAttribute,
  readFields,
  reading,
  readResource,
  readTimeMs,
  text,
  whole,
} from './wire.ts';

const KINDS: Readonly<Record<number, SpanKind>> = {
  1: 'internal',
  2: 'server',
  3: 'client',
  4: 'producer',
  5: 'consumer',
};
const STATUS_ERROR = 2;
const TRACE_ID_BYTES = 16;
const SPAN_ID_BYTES = 8;
const NAME_LENGTH_MAX = 300;
const ATTRIBUTES_MAX = 64;
const VALUE_LENGTH_MAX = 1_024;
/** Spans of one request; exporters send batches of 512. */
const SPANS_MAX = 10_000;

/** Spans of one resource. `workload` is `<namespace>/<workload>` for our proxies, empty for applications. */
export interface ResourceSpans {
  readonly namespace: string;
  readonly service: string;
  readonly workload: string;
  readonly spans: StoredSpan[];
}

export function readSpans(request: Uint8Array): ResourceSpans[] {
  return reading(request, (reader) => {
    const all: ResourceSpans[] = [];
    readFields(reader, reader.len, (field) => {
      if (field !== 1) return false;
      all.push(readResourceSpans(reader));
      if (all.reduce((sum, { spans }) => sum + spans.length, 0) > SPANS_MAX) {
        throw new MalformedOtlp(`more than ${SPANS_MAX} spans in one request`);
      }
      return true;
    });
    return all;
  });
}

interface BareSpan {
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

function readResourceSpans(reader: OtlpReader): ResourceSpans {
  let resource: Attributes = new Map();
  const spans: BareSpan[] = [];
  readFields(reader, nestedEnd(reader), (field) => {
    if (field === 1) resource = readResource(reader);
    else if (field === 2) {
      readFields(reader, nestedEnd(reader), (inner) => {
        if (inner !== 2) return false;
        spans.push(readSpan(reader));
        return true;
      });
    } else return false;
    return true;
  });
  const owner = {
    namespace: bounded(text(resource, 'service.namespace')),
    service: bounded(text(resource, 'service.name')),
    workload: bounded(text(resource, 'malha.workload')),
  };
  return { ...owner, spans: spans.map((span) => storedSpan(span, owner)) };
}

function readSpan(reader: OtlpReader): BareSpan {
  const span: BareSpan = {
    traceId: NO_BYTES,
    spanId: NO_BYTES,
    parentSpanId: NO_BYTES,
    name: '',
    kind: 'internal',
    startMs: 0,
    endMs: 0,
    isError: false,
    attributes: new Map(),
  };
  readFields(reader, nestedEnd(reader), (field, wireType) => readSpanField(reader, span, field, wireType));
  if (span.traceId.length !== TRACE_ID_BYTES || span.spanId.length !== SPAN_ID_BYTES) {
    throw new MalformedOtlp('a span has no valid trace and span identifiers');
  }
  if (span.startMs <= 0 || span.endMs < span.startMs) throw new MalformedOtlp('a span ends before it starts');
  return span;
}

const NO_BYTES = new Uint8Array(0);

function readSpanField(reader: OtlpReader, span: BareSpan, field: number, wireType: WireType): boolean {
  switch (field) {
    case 1:
      span.traceId = reader.bytes();
      return true;
    case 2:
      span.spanId = reader.bytes();
      return true;
    case 4:
      span.parentSpanId = reader.bytes();
      return true;
    case 5:
      span.name = reader.string();
      return true;
    case 6:
      span.kind = KINDS[reader.uint32()] ?? 'internal';
      return true;
    case 7:
      span.startMs = readTimeMs(reader);
      return true;
    case 8:
      span.endMs = readTimeMs(reader);
      return true;
    case 9:
      if (span.attributes.size < ATTRIBUTES_MAX) readAttribute(reader, span.attributes);
      else reader.skip(wireType, field);
      return true;
    case 15:
      readFields(reader, nestedEnd(reader), (inner) => {
        if (inner !== 3) return false;
        span.isError = reader.uint32() === STATUS_ERROR;
        return true;
      });
      return true;
    default:
      return false;
  }
}

function storedSpan(span: BareSpan, owner: { namespace: string; service: string; workload: string }): StoredSpan {
  const attributes: Record<string, string | number | boolean> = {};
  for (const [key, value] of span.attributes) {
    attributes[bounded(key)] = typeof value === 'string' ? clean(value).slice(0, VALUE_LENGTH_MAX) : value;
  }
  return {
    traceId: Buffer.from(span.traceId).toString('hex'),
    spanId: Buffer.from(span.spanId).toString('hex'),
    parentSpanId: span.parentSpanId.length === SPAN_ID_BYTES ? Buffer.from(span.parentSpanId).toString('hex') : '',
    namespace: owner.namespace,
    service: owner.service,
    workload: owner.workload,
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
