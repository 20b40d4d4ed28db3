// What the proxy tells telemetry: one record per finished request, connection events, and counters of refusals.

import type { EjectionReason } from '@malha/traffic/endpoint-health';
import type { OpenStreams } from './open-streams.ts';

/** Labels of the other side of a call. Keep one object per peer: telemetry recognises it by identity. */
export interface PeerLabels {
  readonly namespace: string;
  readonly service: string;
  readonly version: string;
  readonly workload: string;
  /** SPIFFE ID that the peer proved; empty for plaintext. */
  readonly principal: string;
}

/** Who is this: empty strings, for a caller that proved nothing. Shared so that it is recognised by identity. */
export const UNKNOWN_PEER: PeerLabels = Object.freeze({
  namespace: '',
  service: '',
  version: '',
  workload: '',
  principal: '',
});

export type Reporter = 'source' | 'destination';
/** `http` where no connection carried the request, so that no version can be said. */
export type RecordProtocol = 'http' | 'http1' | 'http2' | 'grpc' | 'tcp';

/** W3C trace context of the span that this proxy made for the request. */
export interface TraceRef {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for a root span. */
  readonly parentSpanId: string;
  readonly sampled: boolean;
}

/** `hedge`: begun while others go on, as they are slow. */
export type AttemptKind = 'first' | 'retry' | 'hedge';

/**
 * Why an attempt counts in no budget of retries: the one before never left, or its endpoint took it with it; empty where it counts.
 */
export type BeyondBudget = '' | 'unsent' | 'lost';

/** One of several attempts of a request. */
export interface AttemptFacts {
  /** 1 = the first. */
  readonly number: number;
  readonly kind: AttemptKind;
  /** From the end of the attempt before to its beginning; 0 = none. */
  readonly backoffMs: number;
  readonly beyondBudget: BeyondBudget;
  /** The answer of another one was taken. */
  readonly isGivenUp: boolean;
}

/** One finished request. The object may be reused: the recorder copies what it keeps. */
export interface RequestRecord {
  reporter: Reporter;
  /** The other side: the chosen endpoint for `source`, the caller for `destination`. */
  peer: PeerLabels;
  /** Destination service as called. */
  serviceNamespace: string;
  service: string;
  port: number;
  destinationVersion: string;
  destinationWorkload: string;
  /** Name of the route that matched; empty = none. */
  route: string;
  protocol: RecordProtocol;
  /** HTTP status (for gRPC also, or the gRPC code when below 100); 0 = none was sent. */
  status: number;
  /** Bit set of response flags (packages/traffic). */
  flags: number;
  method: string;
  /** Path and query. */
  path: string;
  authority: string;
  requestId: string;
  /** 1 = no retry. */
  attempts: number;
  /** Attempts that were begun beside others; they are no retries. */
  hedges: number;
  startMs: number;
  /** To the response head; negative or NaN = there was none. */
  ttfbMs: number;
  durationMs: number;
  requestBytes: number;
  responseBytes: number;
  mtls: boolean;
  /** Authorization policy that decided, and shadow policy that would have denied; empty = none. Operators only. */
  authorizationPolicy: string;
  shadowPolicy: string;
  /** Limit or fault that answered or changed it; empty = none. */
  protection: string;
  /** How long a fault made it wait before it was carried on; 0 = none did. */
  faultDelayMs: number;
  /** A fault let its bytes through slowly. */
  isPacedByFault: boolean;
  trace: TraceRef | undefined;
  /** Set: it is one attempt of a request that is told of by itself, and no more than a span. */
  attempt: AttemptFacts | undefined;
  /** It goes on: nothing but the bytes counts, those that came since it was last told of. */
  isProgress: boolean;
}

/** To be filled anew for each request or connection. */
export function emptyRecord(reporter: Reporter, protocol: RecordProtocol): RequestRecord {
  return {
    reporter,
    peer: UNKNOWN_PEER,
    serviceNamespace: '',
    service: '',
    port: 0,
    destinationVersion: '',
    destinationWorkload: '',
    route: '',
    protocol,
    status: 0,
    flags: 0,
    method: '',
    path: '',
    authority: '',
    requestId: '',
    attempts: 1,
    hedges: 0,
    startMs: 0,
    ttfbMs: -1,
    durationMs: 0,
    requestBytes: 0,
    responseBytes: 0,
    mtls: false,
    authorizationPolicy: '',
    shadowPolicy: '',
    protection: '',
    faultDelayMs: 0,
    isPacedByFault: false,
    trace: undefined,
    attempt: undefined,
    isProgress: false,
  };
}

/** What a proxy refuses or gives up. */
export const PROXY_EVENTS = [
  'connection-refused',
  'plaintext-refused',
  'handshake-failed',
  'peer-rejected',
  'head-rejected',
  'limit-reached',
  'retry-budget-exhausted',
  'retry-unsent',
  'retry-lost',
  'hedge-sent',
  'hedge-won',
  'fallback-backend',
  'fallback-static',
  'fallback-last-good',
  'fallback-missing',
  'request-mirrored',
  'mirror-dropped',
  'endpoint-ejected',
  'ejection-refused',
  'breaker-opened',
  'breaker-rejected',
  'health-check-failed',
  'config-rejected',
  'first-byte-timeout',
  'idle-closed',
  'stream-refused',
  'drain-cut',
  'client-hello-refused',
  'detected-http1',
  'detected-http2',
  'detected-bytes',
  'detected-greeting',
  'listen-failed',
  'rate-limited',
  'rate-limit-failed-open',
  'rate-limit-failed-closed',
  'overload-shed',
  'request-too-large',
  'protocol-refused',
  'fault-stopped',
] as const;

/** Why a codec refused what a client sent; `head-rejected` is their sum. */
export const REJECTION_REASONS = [
  'malformed',
  'framing',
  'method',
  'head-timeout',
  'target-too-long',
  'expectation',
  'head-too-large',
  'transfer-coding',
  'version',
  'not-http',
  'http2',
  'http2-flood',
] as const;

/** Why endpoints were ejected; `endpoint-ejected` is their sum. */
export const EJECTION_REASONS = [
  'connect-failure',
  'consecutive-5xx',
  'consecutive-gateway-errors',
  'consecutive-local-errors',
  'success-rate',
  'failure-percentage',
] as const satisfies readonly EjectionReason[];

export type ProxyEvent = (typeof PROXY_EVENTS)[number];
export type RejectionReason = (typeof REJECTION_REASONS)[number];

/** Limits of a client's connection. */
export type ConnectionLimit = Extract<ProxyEvent, 'idle-closed' | 'stream-refused'>;

/** What a proxy counts beside requests. */
export type ProxyCounter = ProxyEvent | `rejected-${RejectionReason}` | `ejected-${EjectionReason}`;

export const PROXY_COUNTERS: readonly ProxyCounter[] = [
  ...PROXY_EVENTS,
  ...REJECTION_REASONS.map((reason) => `rejected-${reason}` as const),
  ...EJECTION_REASONS.map((reason) => `ejected-${reason}` as const),
];

export function zeroCounters(): Record<ProxyCounter, number> {
  return Object.fromEntries(PROXY_COUNTERS.map((name) => [name, 0])) as Record<ProxyCounter, number>;
}

/** Counts one refusal, by its reason and in the sum. */
export function countRejection(telemetry: Telemetry, reason: RejectionReason): void {
  telemetry.counter('head-rejected');
  telemetry.counter(`rejected-${reason}`);
}

export type ListenerSide = 'inbound' | 'outbound';

/** What the proxy calls on its hot path. */
export interface Telemetry {
  /** What is under way is told of before each snapshot. */
  readonly openStreams: OpenStreams;
  request(record: RequestRecord): void;
  connectionOpened(listener: ListenerSide): void;
  connectionClosed(listener: ListenerSide): void;
  counter(name: ProxyCounter): void;
  /** A limit or fault that a request is for acted on it, or let it be. */
  protection(name: string, hasActed: boolean): void;
}
