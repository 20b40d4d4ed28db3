// W3C trace context and request id of one request: taken over or begun, and written for the next hop.
import type { HeaderBlock } from '../exchange/header-block.ts';
import { TRACEPARENT, X_REQUEST_ID } from '../exchange/known-headers.ts';
import type { TraceRef } from '../telemetry/record.ts';
import { formatTraceparent, parseTraceparent, startSpan, type TraceIds } from '../telemetry/trace-context.ts';

export interface TraceSource {
  readonly ids: TraceIds;
  readonly random: () => number;
}

/** A request id of the client's is kept unless it is too long to be one. */
const REQUEST_ID_LENGTH_MAX = 128;

export function traceRequest(headers: HeaderBlock, samplePercent: number, source: TraceSource): TraceRef {
  const hasParent = (headers.known & TRACEPARENT) !== 0;
  const parent = hasParent ? parseTraceparent(headers.get('traceparent')) : undefined;
  // State belongs to the trace that it came with (W3C Trace Context §3.3.1).
  if (parent === undefined) headers.remove('tracestate');
  const trace = startSpan(parent, samplePercent, source);
  headers.set('traceparent', formatTraceparent(trace));
  return trace;
}

export function identifyRequest(headers: HeaderBlock, ids: TraceIds): string {
  if ((headers.known & X_REQUEST_ID) !== 0) {
    const given = headers.get('x-request-id') ?? '';
    if (given !== '' && given.length <= REQUEST_ID_LENGTH_MAX) return given;
  }
  const id = ids.traceId();
  headers.set('x-request-id', id);
  return id;
}
