// Encodes finished spans as an OTLP ExportTraceServiceRequest (opentelemetry.proto.trace.v1).
import { type BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { formatFlags } from '@malha/traffic/flags';
import type { AttemptFacts } from '../record.ts';
import type { SpanRecord } from '../snapshot.ts';
import { type TelemetryResource, writeResource, writeScope } from './resource.ts';
import { attribute, encode, message, stringField, timeField } from './wire.ts';

const SPAN = {
  traceId: 1,
  spanId: 2,
  parentSpanId: 4,
  name: 5,
  kind: 6,
  start: 7,
  end: 8,
  attributes: 9,
  status: 15,
} as const;
const KIND = { server: 2, client: 3 } as const;
const STATUS_CODE = 3;
const STATUS_ERROR = 2;

export function encodeSpans(resource: TelemetryResource, spans: readonly SpanRecord[]): Uint8Array {
  return encode((request) =>
    message(request, 1, (resourceSpans) => {
      writeResource(resourceSpans, resource);
      message(resourceSpans, 2, (scope) => {
        writeScope(scope);
        for (const span of spans) message(scope, 2, (body) => writeSpan(body, span));
      });
    }),
  );
}

/** UNKNOWN, DEADLINE_EXCEEDED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE, DATA_LOSS (semantic conventions for gRPC). */
const GRPC_SERVER_ERRORS: ReadonlySet<number> = new Set([2, 4, 12, 13, 14, 15]);

function writeSpan(writer: BinaryWriter, span: SpanRecord): void {
  const path = pathOf(span.path);
  idField(writer, SPAN.traceId, span.traceId);
  idField(writer, SPAN.spanId, span.spanId);
  if (span.parentSpanId !== '') idField(writer, SPAN.parentSpanId, span.parentSpanId);
  stringField(writer, SPAN.name, span.protocol === 'tcp' ? 'TCP' : `${span.method} ${path}`);
  writer.tag(SPAN.kind, WireType.Varint).uint32(KIND[span.kind]);
  timeField(writer, SPAN.start, span.startMs);
  timeField(writer, SPAN.end, span.startMs + span.durationMs);
  writeAttributes(writer, span, path);
  if (isError(span)) {
    message(writer, SPAN.status, (status) => status.tag(STATUS_CODE, WireType.Varint).uint32(STATUS_ERROR));
  }
}

function writeAttributes(writer: BinaryWriter, span: SpanRecord, path: string): void {
  const put = (key: string, value: string | number | boolean) => attribute(writer, SPAN.attributes, key, value);
  put('http.request.method', span.method);
  put('url.path', path);
  put('server.address', span.authority);
  if (isGrpcStatus(span)) {
    put('http.response.status_code', 200);
    put('rpc.grpc.status_code', span.status);
  } else put('http.response.status_code', span.status);
  put('malha.request_id', span.requestId);
  put('malha.protocol', span.protocol);
  put('malha.route', span.route);
  put('malha.flags', formatFlags(span.flags));
  put('malha.policy', span.policy);
  put('malha.shadow_policy', span.shadowPolicy);
  put('malha.protection', span.protection);
  if (span.faultDelayMs > 0) put('malha.fault.delay_ms', span.faultDelayMs);
  if (span.isPacedByFault) put('malha.fault.paced', true);
  put('malha.attempts', span.attempts);
  if (span.hedges > 0) put('malha.hedges', span.hedges);
  if (span.attempt !== undefined) writeAttempt(put, span.attempt);
  put('malha.mtls', span.mtls);
  put('malha.destination.service', `${span.destination.namespace}/${span.destination.service}`);
  put('malha.destination.port', span.destination.port);
  const { peer, destination } = span;
  if (span.kind === 'client') {
    if (destination.workload !== '') put('malha.upstream.workload', `${peer.namespace}/${destination.workload}`);
    put('malha.upstream.version', destination.version);
  } else if (peer.workload !== '') put('malha.downstream.workload', `${peer.namespace}/${peer.workload}`);
}

function writeAttempt(put: (key: string, value: string | number | boolean) => void, attempt: AttemptFacts): void {
  const { number, kind, backoffMs, beyondBudget, isGivenUp } = attempt;
  put('malha.attempt.number', number);
  put('malha.attempt.kind', kind);
  if (number > 1) put('http.request.resend_count', number - 1);
  if (backoffMs > 0) put('malha.attempt.backoff_ms', backoffMs);
  put('malha.attempt.beyond_budget', beyondBudget);
  if (isGivenUp) put('malha.attempt.given_up', true);
}

/** Without the query: it may hold what nobody should read later. */
function pathOf(path: string): string {
  const query = path.indexOf('?');
  return query < 0 ? path : path.slice(0, query);
}

/** An attempt that was given up for another one did nothing wrong. A server error, or a flag that says why there was no answer. Semantic conventions leave 4xx of a server span unset. */
function isError(span: SpanRecord): boolean {
  if (span.attempt?.isGivenUp === true) return false;
  if (isGrpcStatus(span)) return span.kind === 'client' || GRPC_SERVER_ERRORS.has(span.status);
  return (
    span.status >= 500 || (span.status === 0 && span.flags !== 0) || (span.kind === 'client' && span.status >= 400)
  );
}

/** Records of gRPC hold its code where it is not OK. */
function isGrpcStatus({ protocol, status }: SpanRecord): boolean {
  return protocol === 'grpc' && status > 0 && status < 100;
}

function idField(writer: BinaryWriter, field: number, hex: string): void {
  writer.tag(field, WireType.LengthDelimited).bytes(Buffer.from(hex, 'hex'));
}
