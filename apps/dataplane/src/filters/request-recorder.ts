// Tells telemetry of each request, through one record that is filled anew every time.
import type { Clock } from '@malha/traffic/clock';
import type { Exchange } from '../exchange/exchange.ts';
import { GRPC_OK, isGrpc } from '../grpc/grpc-status.ts';
import {
  type AttemptFacts,
  emptyRecord,
  type PeerLabels,
  type Reporter,
  type RequestRecord,
  type Telemetry,
  type TraceRef,
  UNKNOWN_PEER,
} from '../telemetry/record.ts';

/** What the stack knows beyond the exchange. */
export interface Destination {
  readonly peer: PeerLabels;
  readonly serviceNamespace: string;
  readonly service: string;
  readonly port: number;
  readonly version: string;
  readonly workload: string;
  readonly mtls: boolean;
}

export interface Outcome {
  readonly flags: number;
  readonly attempts: number;
  /** Absent = 0. */
  readonly hedges?: number;
  /** Absent = that of the exchange. */
  readonly startMs?: number;
  /** Of a failure that the client never saw; absent or 0 = what it saw is what there was. */
  readonly hiddenStatus?: number;
  readonly ttfbMs: number;
  /** What the connection to the upstream spoke. */
  readonly spoken?: 'http' | 'http1' | 'http2';
  /** It goes on. */
  readonly isProgress?: boolean;
  /** Of these telemetry has heard before; absent = 0. */
  readonly requestBytesTold?: number;
  readonly responseBytesTold?: number;
}

/** What came of one attempt. */
export interface AttemptOutcome extends AttemptFacts {
  readonly startMs: number;
  readonly trace: TraceRef | undefined;
  readonly status: number;
  readonly flags: number;
  readonly spoken: 'http' | 'http1' | 'http2';
}

/** Of requests that were never assigned to a service. */
export const NO_DESTINATION: Destination = Object.freeze({
  peer: UNKNOWN_PEER,
  serviceNamespace: '',
  service: '',
  port: 0,
  version: '',
  workload: '',
  mtls: false,
});

export class RequestRecorder {
  private readonly telemetry: Pick<Telemetry, 'request'>;
  private readonly clock: Clock;
  private readonly record: RequestRecord;

  constructor(reporter: Reporter, telemetry: Pick<Telemetry, 'request'>, clock: Clock) {
    this.telemetry = telemetry;
    this.clock = clock;
    this.record = emptyRecord(reporter, 'http');
  }

  /** At its end, and as often before as it is asked how far it has come. */
  tell(exchange: Exchange, destination: Destination, outcome: Outcome): void {
    const { record, clock } = this;
    const { request, notes } = exchange;
    const tookMs = clock.monotonic() - (outcome.startMs ?? exchange.startMs);
    recordDestination(record, destination);
    record.route = notes.route;
    record.requestId = notes.requestId;
    record.trace = notes.trace;
    record.authorizationPolicy = notes.authorizationPolicy;
    record.shadowPolicy = notes.shadowPolicy;
    record.protection = notes.protection;
    record.faultDelayMs = notes.faultDelayMs;
    record.isPacedByFault = notes.pace !== undefined;
    const isCall = isGrpc(request);
    record.protocol = isCall ? 'grpc' : (outcome.spoken ?? 'http');
    record.status =
      outcome.hiddenStatus || (isCall && notes.grpcStatus !== GRPC_OK ? notes.grpcStatus : exchange.status);
    record.flags = outcome.flags;
    record.attempts = outcome.attempts;
    record.hedges = outcome.hedges ?? 0;
    record.ttfbMs = outcome.ttfbMs;
    record.method = request.method;
    record.path = request.path;
    record.authority = request.authority;
    record.startMs = clock.now() - tookMs;
    // Its last bytes are on their way to the client as fast as a fault lets them.
    record.durationMs = tookMs + (notes.pace?.leftMs ?? 0);
    record.requestBytes = exchange.requestBytes - (outcome.requestBytesTold ?? 0);
    record.responseBytes = exchange.responseBytes - (outcome.responseBytesTold ?? 0);
    record.isProgress = outcome.isProgress === true;
    this.telemetry.request(record);
  }

  /** One attempt of several: with its own times, endpoint and outcome, for the trace alone. */
  tellAttempt(exchange: Exchange, destination: Destination, attempt: AttemptOutcome): void {
    const { record, clock } = this;
    const { request, notes } = exchange;
    const durationMs = clock.monotonic() - attempt.startMs;
    recordDestination(record, destination);
    record.route = notes.route;
    record.requestId = notes.requestId;
    record.trace = attempt.trace;
    record.authorizationPolicy = '';
    record.shadowPolicy = '';
    record.protection = '';
    record.faultDelayMs = 0;
    record.isPacedByFault = false;
    record.protocol = isGrpc(request) ? 'grpc' : attempt.spoken;
    record.status = attempt.status;
    record.flags = attempt.flags;
    record.attempts = 1;
    record.hedges = 0;
    record.attempt = attempt;
    record.ttfbMs = -1;
    record.method = request.method;
    record.path = request.path;
    record.authority = request.authority;
    record.startMs = clock.now() - durationMs;
    record.durationMs = durationMs;
    record.requestBytes = 0;
    record.responseBytes = 0;
    record.isProgress = false;
    this.telemetry.request(record);
    record.attempt = undefined;
  }
}

export function recordDestination(record: RequestRecord, destination: Destination): void {
  record.peer = destination.peer;
  record.serviceNamespace = destination.serviceNamespace;
  record.service = destination.service;
  record.port = destination.port;
  record.destinationVersion = destination.version;
  record.destinationWorkload = destination.workload;
  record.mtls = destination.mtls;
}
