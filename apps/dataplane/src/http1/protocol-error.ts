// A message that breaks HTTP/1.1: what was wrong, and the status that a client is told.
import type { RejectionReason } from '../telemetry/record.ts';

export type RefusalStatus = 400 | 405 | 408 | 414 | 417 | 431 | 501 | 505;

const REASONS: Readonly<Record<RefusalStatus, RejectionReason>> = {
  400: 'malformed',
  405: 'method',
  408: 'head-timeout',
  414: 'target-too-long',
  417: 'expectation',
  431: 'head-too-large',
  501: 'transfer-coding',
  505: 'version',
};

/** Code MALHA4001 for requests, MALHA4002 for responses of an upstream; `reason` is for the operator. */
export class ProtocolError extends Error {
  readonly status: RefusalStatus;
  /** What it is counted as. */
  readonly rejection: RejectionReason;

  constructor(status: RefusalStatus, reason: string, rejection = REASONS[status]) {
    super(reason);
    this.name = 'ProtocolError';
    this.status = status;
    this.rejection = rejection;
  }

  /** Not HTTP/1 at all: an answer in HTTP/1 would mean nothing to this client. */
  get isForeign(): boolean {
    return this.rejection === 'not-http';
  }
}

/** How long the message is cannot be said for sure: what request smuggling lives on. */
export function badFraming(reason: string): ProtocolError {
  return new ProtocolError(400, reason, 'framing');
}
