// Failures of the registry.
import { DomainError, type FailureKind } from '../errors.ts';

export type RegistryErrorCode =
  | 'MALHA5050' // no free address
  | 'MALHA5051' // workload name taken by another identity or service
  | 'MALHA5052' // workload not registered
  | 'MALHA5053'; // what the workload says of itself is invalid

export class RegistryError extends DomainError {
  override readonly name = 'RegistryError';

  constructor(kind: FailureKind, code: RegistryErrorCode, message: string) {
    super(kind, code, message);
  }
}
