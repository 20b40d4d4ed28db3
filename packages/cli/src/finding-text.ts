// One finding as a line, as editors and people read it: `file:line: object path: message [code]`.
import type { Finding } from '@malha/model';

export function describeFinding(finding: Finding): string {
  const line = finding.line === undefined ? '' : `:${finding.line}`;
  const place = finding.source === undefined ? (finding.object ?? '') : `${finding.source}${line}`;
  const object = finding.source === undefined || finding.object === undefined ? '' : `${finding.object} `;
  // Most messages name their path themselves.
  const path = finding.path === '' || finding.message.includes(finding.path) ? '' : `${finding.path}: `;
  const remedy = finding.remedy === undefined ? '' : ` ${finding.remedy}`;
  return `${place}: ${object}${path}${finding.message}${remedy} [${finding.code}]`;
}
