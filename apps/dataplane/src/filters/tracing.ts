// W3C trace context and request id of one request: taken over or begun, and written for the next hop.
import { randomFillSync } from 'node:crypto';
import type { HeaderBlock } from '../exchange/header-block.ts';
import { TRACEPARENT, X_REQUEST_ID } from '../exchange/known-headers.ts';
import type { TraceRef } from '../telemetry/record.ts';
import { formatTraceparent, parseTraceparent, startSpan, type TraceIds } from '../telemetry/trace-context.ts';

export interface TraceSource {
  readonly ids: TraceIds;
  readonly random: () => number;
}

/** Identifiers cut from one long random text: no call out of JavaScript for each. */
export function createIdentifierPool(fill: (pool: Buffer) => void = randomFillSync): TraceIds {
  const bytes = Buffer.alloc(POOL_BYTES);
  let text = '';
  let used = 0;
  const take = (length: number): string => {
    for (;;) {
      if (used + length > text.length) {
        fill(bytes);
        text = bytes.toString('hex');
        used = 0;
      }
      const id = text.slice(used, used + length);
      used += length;
      // All zeros is not an identifier (W3C Trace Context §3.2.2.3).
      if (id.charCodeAt(0) !== ZERO || !/^0+$/.test(id)) return id;
    }
  };
  return { traceId: () => take(32), spanId: () => take(16) };
}

const POOL_BYTES = 4096;
const ZERO = 0x30;

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

/** A span within one that this proxy made; what follows is within the new one. */
export function traceWithin(headers: HeaderBlock, { traceId, spanId, sampled }: TraceRef, ids: TraceIds): TraceRef {
  const trace = { traceId, spanId: ids.spanId(), parentSpanId: spanId, sampled };
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
