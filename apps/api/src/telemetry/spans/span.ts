// A span as the store keeps it.
export type SpanKind = 'internal' | 'server' | 'client' | 'producer' | 'consumer';

export interface StoredSpan {
  /** 32 and 16 hex digits. */
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for a root. */
  readonly parentSpanId: string;
  readonly namespace: string;
  readonly service: string;
  /** `<namespace>/<workload>`; empty for spans of applications. */
  readonly workload: string;
  readonly kind: SpanKind;
  readonly name: string;
  readonly startMs: number;
  readonly durationMs: number;
  /** HTTP status; 0 = none. */
  readonly status: number;
  readonly isError: boolean;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
}
