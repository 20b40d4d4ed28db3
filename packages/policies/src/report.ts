// Makes findings: code, severity and remedy from the catalogue, object and path from the place.
import { catalogue, type Finding, type FindingCode, keyOf, type Resource } from '@malha/model';

export function report(code: FindingCode, resource: Resource, path: string, message: string): Finding {
  const { severity, remedy } = catalogue[code];
  return { code, severity, object: keyOf(resource), path, message, remedy };
}

/** By object, path and code, so that the same world gives the same list. */
export function sortFindings(findings: readonly Finding[]): Finding[] {
  const text = (finding: Finding) => `${finding.object ?? ''}\0${finding.path}\0${finding.code}\0${finding.message}`;
  return findings
    .map((finding) => ({ finding, key: text(finding) }))
    .sort((a, b) => compareText(a.key, b.key))
    .map(({ finding }) => finding);
}

/** By code units: the same order on every machine, unlike a locale's. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
