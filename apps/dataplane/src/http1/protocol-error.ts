// A message that breaks HTTP/1.1: what was wrong, and the status that a client is told.

export type RefusalStatus = 400 | 405 | 408 | 414 | 417 | 431 | 501 | 505;

/** Code MALHA4001 for requests, MALHA4002 for responses of an upstream; `reason` is for the operator. */
export class ProtocolError extends Error {
  readonly status: RefusalStatus;
  /** Not HTTP/1 at all: an answer in HTTP/1 would mean nothing to this client. */
  readonly isForeign: boolean;

  constructor(status: RefusalStatus, reason: string, isForeign = false) {
    super(reason);
    this.name = 'ProtocolError';
    this.status = status;
    this.isForeign = isForeign;
  }
}
