// Cumulative metrics of one recorder as plain data that can be posted between threads.
import type { AttemptFacts, ProxyCounter, RecordProtocol, Reporter } from './record.ts';

export interface EndLabels {
  readonly namespace: string;
  readonly service: string;
  readonly version: string;
  readonly workload: string;
}

/** Labels of one edge: who called whom, by which route, seen from which side. */
export interface EdgeLabels {
  readonly reporter: Reporter;
  readonly source: EndLabels;
  readonly destination: EndLabels & { readonly port: number };
  /** SPIFFE ID that the other side proved; empty for plaintext. */
  readonly peerPrincipal: string;
  readonly protocol: RecordProtocol;
  readonly route: string;
  readonly mtls: boolean;
}

export interface OutcomeSnapshot {
  readonly status: number;
  readonly flags: number;
  readonly requests: number;
  readonly retries: number;
}

/** Counts by bucket of packages/traffic's layout; the last one is above every bound. */
export interface HistogramSnapshot {
  readonly counts: Float64Array;
  readonly sumMs: number;
}

export interface EdgeSnapshot {
  /** Canonical form of the labels; equal keys are the same edge in every worker. */
  readonly key: string;
  readonly labels: EdgeLabels;
  readonly outcomes: readonly OutcomeSnapshot[];
  readonly requestBytes: number;
  readonly responseBytes: number;
  readonly duration: HistogramSnapshot;
  readonly ttfb: HistogramSnapshot;
}

/** A limit or fault: requests that it was for, by whether it acted on them. */
export interface ProtectionSnapshot {
  /** `RateLimit <namespace>/<policy>/<limit>` or `FaultInjection <namespace>/<name>` */
  readonly name: string;
  readonly passed: number;
  readonly acted: number;
}

export interface ProxyTotals {
  readonly counters: Readonly<Record<ProxyCounter, number>>;
  readonly connectionsOpened: { readonly inbound: number; readonly outbound: number };
  readonly connectionsClosed: { readonly inbound: number; readonly outbound: number };
  /** Requests that were counted in the overflow edge, because the number of edges is bounded. */
  readonly overflowedRequests: number;
  readonly droppedSpans: number;
  readonly protections: readonly ProtectionSnapshot[];
}

export interface MetricsSnapshot {
  readonly startTimeMs: number;
  readonly timeMs: number;
  readonly edges: readonly EdgeSnapshot[];
  readonly proxy: ProxyTotals;
}

/** A finished span of this proxy; `reporter` tells CLIENT from SERVER. */
export interface SpanRecord {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly kind: 'client' | 'server';
  readonly startMs: number;
  readonly durationMs: number;
  readonly method: string;
  readonly path: string;
  readonly authority: string;
  readonly requestId: string;
  readonly status: number;
  readonly flags: number;
  readonly protocol: RecordProtocol;
  readonly route: string;
  readonly policy: string;
  readonly shadowPolicy: string;
  /** Limit or fault that answered or changed it; empty = none. */
  readonly protection: string;
  /** Of the whole, so long a fault made it wait; 0 = none did. */
  readonly faultDelayMs: number;
  readonly isPacedByFault: boolean;
  readonly attempts: number;
  readonly hedges: number;
  /** Undefined: the whole request. */
  readonly attempt: AttemptFacts | undefined;
  readonly mtls: boolean;
  readonly peer: EndLabels;
  readonly destination: EndLabels & { readonly port: number };
}
