// Faults as a proxy gets them: which requests they are for, what they do to which part of these, and until when.
import type { RequestCondition } from '../request-condition.ts';

export interface FaultRule {
  /** `<namespace>/<name>` */
  readonly id: string;
  readonly condition: RequestCondition;
  readonly delay?: { readonly perMillion: number; readonly durationMs: number };
  /** One of the two; a status of HTTP is told to clients of gRPC as they would map it. */
  readonly abort?: { readonly perMillion: number; readonly status?: number; readonly grpcStatus?: number };
  readonly reset?: { readonly perMillion: number };
  /** At least one of the two rates. */
  readonly bandwidth?: {
    readonly perMillion: number;
    readonly responseBytesPerSecond?: number;
    readonly requestBytesPerSecond?: number;
  };
  readonly stop?: FaultStopRule;
  /** How long it lasts, from `startedAtMs` (Unix time), or from when the proxy first had it. */
  readonly lastsMs: number;
  readonly startedAtMs?: number;
}

/** Too many failed requests in a window end the fault before its time. */
export interface FaultStopRule {
  readonly errorPerMillion: number;
  readonly windowMs: number;
  /** Fewer in a window say nothing. */
  readonly minRequests: number;
  /** Calls of the service that the fault left alone. */
  readonly ofService: boolean;
  /** What the caller answers to its own callers. */
  readonly ofCallers: boolean;
}
