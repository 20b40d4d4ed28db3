// A message that breaks HTTP/1.1: what was wrong, and the status that a client is told.

export type RefusalStatus = 400 | 405 | 408 | 414 | 417 | 431 | 501 | 505;

/** Code MALHA4001 for requests, MALHA4002 for responses of an upstream; `reason` is for the operator. */
export class ProtocolError extends Error {
  readonly status: RefusalStatus;

  constructor(status: RefusalStatus, reason: string) {
    super(reason);
    this.name = 'ProtocolError';
    this.status = status;
  }
}
