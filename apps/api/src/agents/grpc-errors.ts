// The one place where a failure becomes a gRPC status.
import { status } from '@grpc/grpc-js';
import { IdentityError } from '@malha/identity';
import { isDatabaseAway } from '../db/away.ts';
import { domainErrorOf, type FailureKind } from '../errors.ts';

const STATUS: Readonly<Record<FailureKind, status>> = {
  invalid: status.INVALID_ARGUMENT,
  unauthenticated: status.UNAUTHENTICATED,
  forbidden: status.PERMISSION_DENIED,
  'not-found': status.NOT_FOUND,
  conflict: status.ALREADY_EXISTS,
  'rate-limited': status.RESOURCE_EXHAUSTED,
  unavailable: status.UNAVAILABLE,
};

export interface GrpcFailure {
  readonly code: status;
  readonly details: string;
}

/** What the caller may see. `onUnexpected` gets what is our own fault; of that the caller learns nothing. */
export function toGrpcFailure(error: unknown, onUnexpected: (error: unknown) => void): GrpcFailure {
  const domain = domainErrorOf(error);
  if (domain !== undefined) return { code: STATUS[domain.kind], details: `${domain.code}: ${domain.message}` };
  if (error instanceof IdentityError) {
    const code = error.code === 'MALHA3004' ? status.UNAUTHENTICATED : status.INVALID_ARGUMENT;
    return { code, details: `${error.code}: ${error.message}` };
  }
  if (isDatabaseAway(error)) return { code: status.UNAVAILABLE, details: 'the database is away' };
  onUnexpected(error);
  return { code: status.INTERNAL, details: 'internal error' };
}
