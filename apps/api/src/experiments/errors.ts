// Why an experiment is not begun, or not shown.
import { DomainError } from '../errors.ts';

export class ExperimentRefused extends DomainError {
  override readonly name = 'ExperimentRefused';
  constructor(fault: string, reasons: readonly string[]) {
    super('conflict', 'MALHA1910', `The experiment ${fault} does not begin. ${[...new Set(reasons)].join(' ')}`, {
      data: { fault, reasons },
    });
  }
}

export class ExperimentNotFound extends DomainError {
  override readonly name = 'ExperimentNotFound';
  constructor(id: string) {
    super('not-found', 'MALHA1911', `There is no experiment ${id}.`);
  }
}
