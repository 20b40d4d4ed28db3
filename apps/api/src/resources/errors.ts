// Why a change set is refused. Nothing of it is stored then.
import type { Finding } from '@malha/model';
import { DomainError } from '../errors.ts';
import type { ObjectConflict } from './types.ts';

export class StaleBase extends DomainError {
  override readonly name = 'StaleBase';
  constructor(conflicts: readonly ObjectConflict[]) {
    const [first] = conflicts;
    super(
      'conflict',
      'MALHA1901',
      `${first?.key} was changed by ${first?.currentAuthor} in revision ${first?.currentRevision} since you opened it.`,
      { data: { conflict: first, conflicts } },
    );
  }
}

export class RevertConflict extends DomainError {
  override readonly name = 'RevertConflict';
  constructor(revision: number, conflicts: readonly ObjectConflict[]) {
    const keys = conflicts.map(({ key }) => key).join(', ');
    super('conflict', 'MALHA1902', `Revision ${revision} cannot be taken back: ${keys} changed since.`, {
      data: { conflicts },
    });
  }
}

export class ResourcesInvalid extends DomainError {
  override readonly name = 'ResourcesInvalid';
  constructor(findings: readonly Finding[]) {
    const errors = findings.filter(({ severity }) => severity === 'error');
    const [first] = errors;
    const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
    const where = [first?.object, first?.path].filter(Boolean).join(' ');
    super('invalid', 'MALHA1903', `${first?.code} ${where}: ${first?.message}${more}`, { data: { findings } });
  }
}

export class RevisionNotFound extends DomainError {
  override readonly name = 'RevisionNotFound';
  constructor(revision: number) {
    super('not-found', 'MALHA1904', `There is no revision ${revision}.`);
  }
}

export class ResourceNotFound extends DomainError {
  override readonly name = 'ResourceNotFound';
  constructor(key: string) {
    super('not-found', 'MALHA1905', `There is no ${key}.`);
  }
}

export class ChangeSetInvalid extends DomainError {
  override readonly name = 'ChangeSetInvalid';
  constructor(message: string) {
    super('invalid', 'MALHA1906', message);
  }
}
