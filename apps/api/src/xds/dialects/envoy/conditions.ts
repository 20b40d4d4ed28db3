// Conditions on requests as expressions of CEL, which Envoy evaluates for limits and faults.
import type { RequestCondition } from '@malha/traffic';

/** `true` when nothing is asked. */
export function conditionExpression({ principals, methods, paths, headers }: RequestCondition): string {
  const parts = [
    ...anyOf(principals, 'connection.uri_san_peer_certificate').map((any) => `connection.mtls && ${any}`),
    ...(methods.length === 0 ? [] : [`request.method in [${methods.map(text).join(', ')}]`]),
    ...anyOf(paths, 'request.url_path'),
    ...headers.flatMap(({ name, values }) => [
      `${text(name)} in request.headers`,
      ...anyOf(values, `request.headers[${text(name)}]`),
    ]),
  ];
  return parts.length === 0 ? 'true' : parts.join(' && ');
}

/** Whether the attribute is one of the patterns: exact, `prefix*`, `*suffix`, or `*` for all. */
function anyOf(patterns: readonly string[], attribute: string): string[] {
  if (patterns.length === 0 || patterns.includes('*')) return [];
  const tests = patterns.map((pattern) => {
    if (pattern.endsWith('*')) return `${attribute}.startsWith(${text(pattern.slice(0, -1))})`;
    if (pattern.startsWith('*')) return `${attribute}.endsWith(${text(pattern.slice(1))})`;
    return `${attribute} == ${text(pattern)}`;
  });
  return [`(${tests.join(' || ')})`];
}

/** A literal of CEL; its escapes are those of JSON. */
export function text(value: string): string {
  return JSON.stringify(value);
}
