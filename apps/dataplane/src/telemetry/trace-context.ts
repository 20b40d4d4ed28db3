// W3C Trace Context (level 1): strict traceparent parsing, formatting, and identifiers of new spans.
import { randomFillSync } from 'node:crypto';
import type { TraceRef } from './record.ts';

/** What an incoming `traceparent` says. */
export interface TraceParent {
  readonly traceId: string;
  readonly parentId: string;
  readonly sampled: boolean;
}

/** Source of identifiers: lower-case hex, never all zero. */
export interface TraceIds {
  traceId(): string;
  spanId(): string;
}

const VERSION_00_LENGTH = 55;
const SAMPLED = 1;

/**
 * Parses one header value; undefined for whatever the standard calls invalid, so that a new trace begins.
 * Higher versions are read as version 00 when what follows the flags begins with a dash (section 3.2.4).
 */
export function parseTraceparent(value: string | undefined): TraceParent | undefined {
  if (value === undefined || value.length < VERSION_00_LENGTH) return undefined;
  if (!isLowerHex(value, 0, 2) || value.startsWith('ff')) return undefined;
  if (value.length > VERSION_00_LENGTH && (value.startsWith('00') || value[VERSION_00_LENGTH] !== '-'))
    return undefined;
  if (value[2] !== '-' || value[35] !== '-' || value[52] !== '-') return undefined;
  if (!isLowerHex(value, 3, 35) || !isLowerHex(value, 36, 52) || !isLowerHex(value, 53, 55)) return undefined;
  if (isZeros(value, 3, 35) || isZeros(value, 36, 52)) return undefined;
  const flags = Number.parseInt(value.slice(53, 55), 16);
  return { traceId: value.slice(3, 35), parentId: value.slice(36, 52), sampled: (flags & SAMPLED) === SAMPLED };
}

/** The header to send on, with this proxy's span as the parent of what follows. */
export function formatTraceparent(trace: TraceRef): string {
  return `00-${trace.traceId}-${trace.spanId}-${trace.sampled ? '01' : '00'}`;
}

/** Parent-based sampling: a parent's decision is followed, `samplePercent` decides for requests without one. */
export function startSpan(
  parent: TraceParent | undefined,
  samplePercent: number,
  source: { readonly ids: TraceIds; readonly random: () => number },
): TraceRef {
  if (parent !== undefined) {
    return {
      traceId: parent.traceId,
      spanId: source.ids.spanId(),
      parentSpanId: parent.parentId,
      sampled: parent.sampled,
    };
  }
  const sampled = samplePercent >= 100 || source.random() * 100 < samplePercent;
  return { traceId: source.ids.traceId(), spanId: source.ids.spanId(), parentSpanId: '', sampled };
}

/** Identifiers from a pool of random bytes, refilled in one call for many spans. */
export function createTraceIds(fill: (pool: Buffer) => void = randomFillSync, poolBytes = 4096): TraceIds {
  const pool = Buffer.alloc(poolBytes);
  let used = pool.length;
  const take = (bytes: number): string => {
    for (;;) {
      if (used + bytes > pool.length) {
        fill(pool);
        used = 0;
      }
      const id = pool.toString('hex', used, used + bytes);
      used += bytes;
      if (!isZeros(id, 0, id.length)) return id;
    }
  };
  return { traceId: () => take(16), spanId: () => take(8) };
}

function isLowerHex(text: string, from: number, to: number): boolean {
  for (let i = from; i < to; i++) {
    const code = text.charCodeAt(i);
    const isDigit = code >= 48 && code <= 57;
    if (!isDigit && !(code >= 97 && code <= 102)) return false;
  }
  return true;
}

function isZeros(text: string, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (text.charCodeAt(i) !== 48) return false;
  return true;
}
