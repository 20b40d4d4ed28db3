// Failures of a standalone proxy, each with a stable code of docs/errors.md.
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

/** `file:line path: message [code]`, as editors and people read it. */
export function describeFinding(finding: Finding): string {
  const line = finding.line === undefined ? '' : `:${finding.line}`;
  const place = finding.source === undefined ? (finding.object ?? '') : `${finding.source}${line}`;
  const object = finding.source === undefined || finding.object === undefined ? '' : `${finding.object} `;
  const remedy = finding.remedy === undefined ? '' : `; ${finding.remedy}`;
  return `${place}: ${object}${finding.path === '' ? '' : `${finding.path}: `}${finding.message}${remedy} [${finding.code}]`;
}
