// Tells telemetry of each finished connection of bytes, through one record that is filled anew every time.
import type { Clock } from '@malha/traffic/clock';
import type { Destination } from '../filters/request-recorder.ts';
import { type Reporter, type RequestRecord, type Telemetry, UNKNOWN_PEER } from '../telemetry/record.ts';

export interface TcpOutcome {
  readonly route: string;
  readonly flags: number;
  readonly attempts: number;
  readonly startMs: number;
  /** To the first byte of the upstream; negative when there was none. */
  readonly ttfbMs: number;
  readonly clientBytes: number;
  readonly upstreamBytes: number;
  readonly authorizationPolicy: string;
  readonly shadowPolicy: string;
}

export class TcpRecorder {
  private readonly telemetry: Telemetry;
  private readonly clock: Clock;
  private readonly record: RequestRecord;

  constructor(reporter: Reporter, telemetry: Telemetry, clock: Clock) {
    this.telemetry = telemetry;
    this.clock = clock;
    this.record = {
      reporter,
      peer: UNKNOWN_PEER,
      serviceNamespace: '',
      service: '',
      port: 0,
      destinationVersion: '',
      destinationWorkload: '',
      route: '',
      protocol: 'tcp',
      status: 0,
      flags: 0,
      method: '',
      path: '',
      authority: '',
      requestId: '',
      attempts: 1,
      startMs: 0,
      ttfbMs: -1,
      durationMs: 0,
      requestBytes: 0,
      responseBytes: 0,
      mtls: false,
      authorizationPolicy: '',
      shadowPolicy: '',
      trace: undefined,
    };
  }

  finished(destination: Destination, outcome: TcpOutcome): void {
    const { record, clock } = this;
    const durationMs = clock.monotonic() - outcome.startMs;
    record.peer = destination.peer;
    record.serviceNamespace = destination.serviceNamespace;
    record.service = destination.service;
    record.port = destination.port;
    record.destinationVersion = destination.version;
    record.destinationWorkload = destination.workload;
    record.mtls = destination.mtls;
    record.route = outcome.route;
    record.flags = outcome.flags;
    record.attempts = outcome.attempts;
    record.startMs = clock.now() - durationMs;
    record.ttfbMs = outcome.ttfbMs;
    record.durationMs = durationMs;
    record.requestBytes = outcome.clientBytes;
    record.responseBytes = outcome.upstreamBytes;
    record.authorizationPolicy = outcome.authorizationPolicy;
    record.shadowPolicy = outcome.shadowPolicy;
    this.telemetry.request(record);
  }
}
