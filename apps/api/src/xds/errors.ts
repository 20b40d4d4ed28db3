// Failures of the xDS server, as a client of it sees them.
import { DomainError, type FailureKind } from '../errors.ts';

export type XdsErrorCode =
  | 'MALHA5059' // certificate of the stream expired
  | 'MALHA5062' // malformed node
  | 'MALHA5063' // the certificate is not the workload's
  | 'MALHA5064' // not registered
  | 'MALHA5065' // replaced by a newer stream
  | 'MALHA5066' // asked for too much
  | 'MALHA5067'; // does not answer

export class XdsError extends DomainError {
  override readonly name = 'XdsError';

  constructor(kind: FailureKind, code: XdsErrorCode, message: string) {
    super(kind, code, message);
  }
}
