// The hot path of telemetry: one call per finished request, no strings built, no allocation for unsampled requests.
import type { Clock } from '@malha/traffic/clock';
import { bucketOf } from '@malha/traffic/histogram';
import { OpenStreams } from './open-streams.ts';
import { ProtectionCounts } from './protection-counts.ts';
import {
  type AttemptFacts,
  type ListenerSide,
  type ProxyCounter,
  type RequestRecord,
  type Telemetry,
  type TraceRef,
  zeroCounters,
} from './record.ts';
import { Ring } from './ring.ts';
import { DURATION_SUM, REQUEST_BYTES, RESPONSE_BYTES, SeriesTable, TTFB, TTFB_SUM } from './series-table.ts';
import type { EndLabels, MetricsSnapshot, SpanRecord } from './snapshot.ts';

export {
  type ListenerSide,
  type PeerLabels,
  PROXY_COUNTERS,
  type ProxyCounter,
  type RequestRecord,
  type Telemetry,
  UNKNOWN_PEER,
} from './record.ts';
export type { EdgeLabels, EdgeSnapshot, MetricsSnapshot, SpanRecord } from './snapshot.ts';

export interface RecorderOptions {
  readonly workload: {
    readonly namespace: string;
    readonly name: string;
    readonly service: string;
    readonly version: string;
  };
  /** Start of this process or worker; counts are cumulative from here. */
  readonly startTimeMs: number;
  readonly clock: Clock;
  readonly limits?: Partial<RecorderLimits>;
}

export interface RecorderLimits {
  /** Distinct label sets; requests beyond are counted in one overflow edge. */
  readonly edgesMax: number;
  /** Sampled spans that wait for export. */
  readonly spansMax: number;
}

export interface Recorder extends Telemetry {
  /** Cumulative values since `startTimeMs`. */
  collect(): MetricsSnapshot;
  /** Takes up to `max` finished spans out. */
  takeSpans(max?: number): SpanRecord[];
}

const DEFAULT_LIMITS: RecorderLimits = { edgesMax: 1000, spansMax: 4096 };

export function createRecorder(options: RecorderOptions): Recorder {
  return new RequestRecorder(options);
}

class RequestRecorder implements Recorder {
  readonly openStreams = new OpenStreams();
  readonly #options: RecorderOptions;
  readonly #series: SeriesTable;
  readonly #spans: Ring<SpanRecord>;
  readonly #counters = zeroCounters();
  readonly #protections = new ProtectionCounts();
  #openedInbound = 0;
  #openedOutbound = 0;
  #closedInbound = 0;
  #closedOutbound = 0;

  constructor(options: RecorderOptions) {
    const limits = { ...DEFAULT_LIMITS, ...options.limits };
    const { namespace, name, service, version } = options.workload;
    const self: EndLabels = Object.freeze({ namespace, service, version, workload: name });
    this.#options = options;
    this.#series = new SeriesTable(self, limits.edgesMax);
    this.#spans = new Ring(limits.spansMax);
  }

  request(record: RequestRecord): void {
    if (record.attempt !== undefined) {
      this.#addSpan(record);
      return;
    }
    const series = this.#series;
    const edge = series.edgeOf(record);
    this.#addBytes(edge.offset, record);
    if (record.isProgress) return;
    const outcome = series.outcomeOf(edge, record.status, record.flags);
    const { counters, edgeValues } = series;
    add(counters, outcome, 1);
    const retries = record.attempts - 1 - record.hedges;
    if (retries > 0) add(counters, outcome + 1, retries);
    const at = edge.offset;
    add(edgeValues, at + bucketOf(record.durationMs), 1);
    add(edgeValues, at + DURATION_SUM, record.durationMs);
    if (record.ttfbMs >= 0) {
      add(edgeValues, at + TTFB + bucketOf(record.ttfbMs), 1);
      add(edgeValues, at + TTFB_SUM, record.ttfbMs);
    }
    this.#addSpan(record);
  }

  connectionOpened(listener: ListenerSide): void {
    if (listener === 'inbound') this.#openedInbound += 1;
    else this.#openedOutbound += 1;
  }

  connectionClosed(listener: ListenerSide): void {
    if (listener === 'inbound') this.#closedInbound += 1;
    else this.#closedOutbound += 1;
  }

  counter(name: ProxyCounter): void {
    this.#counters[name] += 1;
  }

  protection(name: string, hasActed: boolean): void {
    this.#protections.note(name, hasActed);
  }

  collect(): MetricsSnapshot {
    this.openStreams.reportProgress();
    return {
      startTimeMs: this.#options.startTimeMs,
      timeMs: this.#options.clock.now(),
      edges: this.#series.snapshot(),
      proxy: {
        counters: { ...this.#counters },
        connectionsOpened: { inbound: this.#openedInbound, outbound: this.#openedOutbound },
        connectionsClosed: { inbound: this.#closedInbound, outbound: this.#closedOutbound },
        overflowedRequests: this.#series.overflowedRequests,
        droppedSpans: this.#spans.dropped,
        protections: this.#protections.snapshot(),
      },
    };
  }

  takeSpans(max?: number): SpanRecord[] {
    return this.#spans.take(max);
  }

  #addSpan(record: RequestRecord): void {
    const trace = record.trace;
    if (trace?.sampled && this.#spans.hasRoom()) this.#spans.push(spanOf(record, trace));
  }

  #addBytes(at: number, { requestBytes, responseBytes }: RequestRecord): void {
    const { edgeValues } = this.#series;
    add(edgeValues, at + REQUEST_BYTES, requestBytes);
    add(edgeValues, at + RESPONSE_BYTES, responseBytes);
  }
}

function add(values: Float64Array, index: number, amount: number): void {
  values[index] = (values[index] ?? 0) + amount;
}

/** V8 cuts a text by reference: a path that waits for export would keep the whole head it was cut from. */
function ownText(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}

/** A span outlives the attempt, and goes from thread to thread. */
function factsOf({ number, kind, backoffMs, beyondBudget, isGivenUp }: AttemptFacts): AttemptFacts {
  return { number, kind, backoffMs, beyondBudget, isGivenUp };
}

function spanOf(record: RequestRecord, trace: TraceRef): SpanRecord {
  return {
    traceId: ownText(trace.traceId),
    spanId: ownText(trace.spanId),
    parentSpanId: ownText(trace.parentSpanId),
    kind: record.reporter === 'source' ? 'client' : 'server',
    startMs: record.startMs,
    durationMs: record.durationMs,
    method: ownText(record.method),
    path: ownText(record.path),
    authority: ownText(record.authority),
    requestId: ownText(record.requestId),
    status: record.status,
    flags: record.flags,
    protocol: record.protocol,
    route: record.route,
    policy: record.authorizationPolicy,
    shadowPolicy: record.shadowPolicy,
    protection: record.protection,
    faultDelayMs: record.faultDelayMs,
    isPacedByFault: record.isPacedByFault,
    attempts: record.attempts,
    hedges: record.hedges,
    attempt: record.attempt && factsOf(record.attempt),
    mtls: record.mtls,
    peer: record.peer,
    destination: {
      namespace: record.serviceNamespace,
      service: record.service,
      version: record.destinationVersion,
      workload: record.destinationWorkload,
      port: record.port,
    },
  };
}
