// Reads a protobuf ExportTraceServiceRequest into spans, from our proxies or from applications.
import type { WireType } from '@bufbuild/protobuf/wire';
import {
  ATTRIBUTES_MAX,
  kindOf,
  type RawSpan,
  type ResourceSpans,
  requireFewSpans,
  STATUS_ERROR,
  spansOf,
} from './raw-span.ts';
import {
  type Attributes,
  nestedEnd,
  type OtlpReader,
  readAttribute,
  readFields,
  reading,
  readResource,
  readTimeMs,
} from './wire.ts';

export function readSpans(request: Uint8Array): ResourceSpans[] {
  return reading(request, (reader) => {
    const all: ResourceSpans[] = [];
    let count = 0;
    readFields(reader, reader.len, (field) => {
      if (field !== 1) return false;
      const resource = readResourceSpans(reader);
      count += resource.spans.length;
      requireFewSpans(count);
      all.push(resource);
      return true;
    });
    return all;
  });
}

function readResourceSpans(reader: OtlpReader): ResourceSpans {
  let resource: Attributes = new Map();
  const spans: RawSpan[] = [];
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
  return spansOf(resource, spans);
}

function readSpan(reader: OtlpReader): RawSpan {
  const span: RawSpan = {
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
  return span;
}

const NO_BYTES = new Uint8Array(0);

function readSpanField(reader: OtlpReader, span: RawSpan, field: number, wireType: WireType): boolean {
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
      span.kind = kindOf(reader.uint32());
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
