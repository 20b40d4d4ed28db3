// Active health checks: from results of probes to a verdict, and when the next probe is due.
import type { HealthCheckConfig } from './config.ts';
import type { Random } from './request-view.ts';

/** The first probes of all endpoints, and of all proxies that start together, are spread over this part of an interval. */
const FIRST_SPREAD = 0.1;

/** Of one endpoint. It passes until probes have failed often enough: who has just joined was healthy to whoever registered it. */
export class HealthCheckState {
  isPassing = true;
  /** Results in a row that speak against the verdict. */
  private against = 0;
  private isFirst = true;

  /** The verdict after one more probe. */
  observe(ok: boolean, { healthyThreshold, unhealthyThreshold }: HealthCheckConfig): boolean {
    if (ok === this.isPassing) this.against = 0;
    else if (++this.against >= (ok ? healthyThreshold : unhealthyThreshold)) {
      this.isPassing = ok;
      this.against = 0;
    }
    return this.isPassing;
  }

  /** Until the next probe. */
  delayMs({ intervalMs, jitterPercent }: HealthCheckConfig, random: Random): number {
    if (this.isFirst) {
      this.isFirst = false;
      return random() * intervalMs * FIRST_SPREAD;
    }
    return intervalMs * (1 + (random() * jitterPercent) / 100);
  }
}

/** Whether an HTTP status is a pass: one that is listed, or any 2xx where none is. */
export function isExpectedStatus(expected: readonly number[], status: number): boolean {
  return expected.length === 0 ? status >= 200 && status < 300 : expected.includes(status);
}

/** Bytes of a gRPC message `grpc.health.v1.HealthCheckRequest` with its frame. */
export function grpcHealthRequest(service: string): Buffer {
  const name = Buffer.from(service);
  const field = name.length === 0 ? [] : [0x0a, ...varint(name.length), ...name];
  const frame = Buffer.alloc(5);
  frame.writeUInt32BE(field.length, 1);
  return Buffer.concat([frame, Buffer.from(field)]);
}

const SERVING = 1;
/** Of field 1 with wire type 0. */
const STATUS_TAG = 0x08;

/** Whether the bytes are a framed, uncompressed `HealthCheckResponse` that says SERVING. */
export function isServing(bytes: Uint8Array): boolean {
  return bytes.length >= 7 && bytes[0] === 0 && bytes[5] === STATUS_TAG && bytes[6] === SERVING;
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return [...bytes, rest];
    bytes.push((rest & 0x7f) | 0x80);
  }
}
