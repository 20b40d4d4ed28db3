// Tells telemetry of each connection of bytes, through one record that is filled anew every time.
import type { Clock } from '@malha/traffic/clock';
import { type Destination, recordDestination } from '../filters/request-recorder.ts';
import { emptyRecord, type Reporter, type RequestRecord, type Telemetry } from '../telemetry/record.ts';

/** What a connection came to, or has come to so far. */
export interface TcpOutcome {
  /** It goes on. */
  readonly isProgress?: boolean;
  readonly flags: number;
  readonly attempts: number;
  readonly startMs: number;
  /** To the first byte of the upstream; negative when there was none. */
  readonly ttfbMs: number;
  /** Of these two, what telemetry has not heard of before. */
  readonly clientBytes: number;
  readonly upstreamBytes: number;
}

/** What was decided before it began; empty = none. */
export interface TcpDecision {
  readonly route: string;
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
    this.record = emptyRecord(reporter, 'tcp');
  }

  /** At its end, and as often before as it is asked how far it has come. */
  tell(destination: Destination, decision: TcpDecision, outcome: TcpOutcome): void {
    const { record, clock } = this;
    const durationMs = clock.monotonic() - outcome.startMs;
    recordDestination(record, destination);
    record.route = decision.route;
    record.flags = outcome.flags;
    record.attempts = outcome.attempts;
    record.startMs = clock.now() - durationMs;
    record.ttfbMs = outcome.ttfbMs;
    record.durationMs = durationMs;
    record.requestBytes = outcome.clientBytes;
    record.responseBytes = outcome.upstreamBytes;
    record.isProgress = outcome.isProgress === true;
    record.authorizationPolicy = decision.authorizationPolicy;
    record.shadowPolicy = decision.shadowPolicy;
    this.telemetry.request(record);
  }
}
