// Failures of agent sessions.
import { DomainError, type FailureKind } from '../errors.ts';

export type AgentErrorCode =
  | 'MALHA5055' // session protocol violated
  | 'MALHA5056' // session over: another one speaks for the workload, or it was out
  | 'MALHA5057' // agent not connected
  | 'MALHA5058' // agent did not answer in time
  | 'MALHA5059'; // certificate of the session expired

export class AgentError extends DomainError {
  override readonly name = 'AgentError';

  constructor(kind: FailureKind, code: AgentErrorCode, message: string) {
    super(kind, code, message);
  }
}

export function certificateExpired(): AgentError {
  return new AgentError('unauthenticated', 'MALHA5059', 'the certificate of this session expired: connect anew');
}
