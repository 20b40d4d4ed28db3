// The one place where a failure to take telemetry becomes what its sender is told, over gRPC or HTTP.
import { status } from '@grpc/grpc-js';
import { IdentityError } from '@malha/identity';
import { domainErrorOf } from '../../errors.ts';
import { QueueFull } from '../ingest/batcher.ts';
import { MalformedOtlp } from './wire.ts';

export interface OtlpFailure {
  readonly code: status;
  readonly details: string;
}

export interface FailureDeps {
  /** Whether a failure means that the store is away. */
  readonly isOutage: (error: unknown) => boolean;
  readonly log: { warn(fields: object, message: string): void };
}

export class ReportDenied extends Error {
  override readonly name = 'ReportDenied';
  constructor(what: string) {
    super(`the certificate of this connection does not stand for ${what}`);
  }
}

export function failureOf(deps: FailureDeps, error: unknown): OtlpFailure {
  if (error instanceof ReportDenied) return failure(status.PERMISSION_DENIED, 'MALHA5071', error.message);
  if (error instanceof MalformedOtlp) return failure(status.INVALID_ARGUMENT, 'MALHA5070', error.message);
  if (error instanceof QueueFull) return failure(status.RESOURCE_EXHAUSTED, 'MALHA5072', error.message);
  const domain = domainErrorOf(error);
  if (domain?.kind === 'forbidden') return failure(status.PERMISSION_DENIED, domain.code, domain.message);
  if (domain?.kind === 'unauthenticated') return failure(status.UNAUTHENTICATED, domain.code, domain.message);
  if (error instanceof IdentityError) return failure(status.UNAUTHENTICATED, error.code, error.message);
  if (deps.isOutage(error)) return failure(status.UNAVAILABLE, 'MALHA5020', 'Postgres is away');
  deps.log.warn({ err: error }, 'a telemetry report could not be stored');
  // Retryable on purpose: counts are cumulative, the next report holds these too.
  return failure(status.UNAVAILABLE, 'MALHA5073', 'the report could not be stored');
}

function failure(code: status, malhaCode: string, message: string): OtlpFailure {
  return { code, details: `${malhaCode}: ${message}` };
}
