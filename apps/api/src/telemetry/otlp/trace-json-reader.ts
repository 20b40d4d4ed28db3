// Reads an ExportTraceServiceRequest in OTLP's JSON encoding: identifiers in hex, 64-bit numbers as text or number.
import { z } from 'zod';
import {
  ATTRIBUTES_MAX,
  kindOf,
  type RawSpan,
  type ResourceSpans,
  requireFewSpans,
  STATUS_ERROR,
  spansOf,
} from './raw-span.ts';
import { type Attributes, type AttributeValue, MalformedOtlp, nanosToMs } from './wire.ts';

/** Of a fixed64 (0 to 2^64 - 1). */
const nanos = z
  .union([z.string().regex(/^\d{1,20}$/), z.number().int().nonnegative()])
  .transform((value) => nanosToMs(BigInt(value)));
const identifier = z.string().regex(/^(?:[0-9a-fA-F]{2})*$/, 'is not hexadecimal');
const attributes = z
  .array(
    z.object({
      key: z.string(),
      // Arrays, maps and bytes are left out, as in the protobuf encoding.
      value: z
        .object({
          stringValue: z.string().optional(),
          boolValue: z.boolean().optional(),
          intValue: z.union([z.string().regex(/^-?\d{1,19}$/), z.number().int()]).optional(),
          doubleValue: z.number().optional(),
        })
        .optional(),
    }),
  )
  .default([]);

const span = z.object({
  traceId: identifier,
  spanId: identifier,
  parentSpanId: identifier.default(''),
  name: z.string().default(''),
  kind: z.number().int().default(0),
  startTimeUnixNano: nanos,
  endTimeUnixNano: nanos,
  attributes,
  status: z.object({ code: z.number().int().default(0) }).default({ code: 0 }),
});

const exportRequest = z.object({
  resourceSpans: z
    .array(
      z.object({
        resource: z.object({ attributes }).default({ attributes: [] }),
        scopeSpans: z.array(z.object({ spans: z.array(span).default([]) })).default([]),
      }),
    )
    .default([]),
});

/** Unknown fields are passed over, as OTLP asks. Throws MalformedOtlp with the path of the first wrong value. */
export function readJsonSpans(request: Uint8Array): ResourceSpans[] {
  const { resourceSpans } = parse(request);
  requireFewSpans(
    resourceSpans.flatMap(({ scopeSpans }) => scopeSpans).reduce((sum, each) => sum + each.spans.length, 0),
  );
  return resourceSpans.map(({ resource, scopeSpans }) =>
    spansOf(attributesOf(resource.attributes), scopeSpans.flatMap(({ spans }) => spans).map(rawSpan)),
  );
}

function parse(request: Uint8Array): z.infer<typeof exportRequest> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(request));
  } catch (error) {
    throw new MalformedOtlp('the request is not JSON', { cause: error });
  }
  const parsed = exportRequest.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new MalformedOtlp(`${issue?.path.join('.')}: ${issue?.message}`);
}

function rawSpan(from: z.infer<typeof span>): RawSpan {
  return {
    traceId: Buffer.from(from.traceId, 'hex'),
    spanId: Buffer.from(from.spanId, 'hex'),
    parentSpanId: Buffer.from(from.parentSpanId, 'hex'),
    name: from.name,
    kind: kindOf(from.kind),
    startMs: from.startTimeUnixNano,
    endMs: from.endTimeUnixNano,
    isError: from.status.code === STATUS_ERROR,
    attributes: attributesOf(from.attributes),
  };
}

function attributesOf(list: z.infer<typeof attributes>): Attributes {
  const found: Attributes = new Map();
  for (const { key, value } of list.slice(0, ATTRIBUTES_MAX)) {
    const known: AttributeValue | undefined =
      value?.stringValue ??
      value?.boolValue ??
      value?.doubleValue ??
      (value?.intValue === undefined ? undefined : Number(value.intValue));
    if (key !== '' && known !== undefined) found.set(key, known);
  }
  return found;
}
