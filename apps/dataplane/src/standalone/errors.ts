// Failures of a standalone proxy, each with a stable code of docs/errors.md.
import { describeFinding } from '@malha/cli/finding-text';
import type { Finding } from '@malha/model';

export type StandaloneErrorCode =
  | 'MALHA4810' // the folder cannot be read
  | 'MALHA4811' // the resources are wrong
  | 'MALHA4812' // the workload is not among the resources
  | 'MALHA4813'; // the identity folder is unusable

export class StandaloneError extends Error {
  override readonly name = 'StandaloneError';
  constructor(
    readonly code: StandaloneErrorCode,
    message: string,
    readonly findings: readonly Finding[] = [],
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  /** One line for each finding. */
  get details(): readonly string[] {
    return this.findings.map(describeFinding);
  }
}
