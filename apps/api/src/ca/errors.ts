// Failures of the authority, the seal and joining.
import { DomainError, type FailureKind } from '../errors.ts';

export type CaErrorCode =
  | 'MALHA3020' // seal key malformed or readable by others
  | 'MALHA3021' // sealed under another key
  | 'MALHA3022' // join token refused
  | 'MALHA3023' // join request invalid
  | 'MALHA3024' // renewal refused
  | 'MALHA3025' // identity or certificate denied
  | 'MALHA3026' // too many requests
  | 'MALHA3027'; // caller did not present a certificate of the mesh

export class CaError extends DomainError {
  override readonly name = 'CaError';

  constructor(kind: FailureKind, code: CaErrorCode, message: string, cause?: unknown) {
    super(kind, code, message, cause === undefined ? {} : { cause });
  }
}
