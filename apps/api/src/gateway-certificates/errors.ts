// Failures about certificates of gateways.
import { IdentityError } from '@malha/identity';
import { DomainError } from '../errors.ts';

/** The pair is no certificate that can be served; the code is that of the identity layer. */
export class CertificateRefused extends DomainError {
  override readonly name = 'CertificateRefused';
  constructor(cause: IdentityError) {
    super('invalid', cause.code, sentence(cause.message), { cause });
  }
}

export class CertificateNotFound extends DomainError {
  override readonly name = 'CertificateNotFound';
  constructor(name: string) {
    super('not-found', 'MALHA3030', `There is no certificate ${name}.`);
  }
}

export class CertificateInUse extends DomainError {
  override readonly name = 'CertificateInUse';
  constructor(name: string, usedBy: readonly string[]) {
    super('conflict', 'MALHA3031', `Certificate ${name} is shown by ${usedBy.join(', ')}.`, { data: { usedBy } });
  }
}

export class TooManyCertificates extends DomainError {
  override readonly name = 'TooManyCertificates';
  constructor(max: number) {
    super('conflict', 'MALHA3032', `There are ${max} certificates already: delete those that no listener shows.`);
  }
}

/** Runs a check of the identity layer; what it refuses is the caller's to mend. */
export function checked<T>(check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (error instanceof IdentityError) throw new CertificateRefused(error);
    throw error;
  }
}

function sentence(words: string): string {
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
}
