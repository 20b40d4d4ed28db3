// Restricts a rule to some callers: the rule and the restriction must both hold.
import type { AuthorizationRule } from '@malha/traffic';

/** The rule for callers of the namespaces, and the rule for the single principals; those that match nobody are left out. */
export function restrict(
  rule: AuthorizationRule,
  namespaces: readonly string[],
  principals: readonly string[],
): AuthorizationRule[] {
  const restricted: AuthorizationRule[] = [];
  const left = rule.namespaces.length === 0 ? namespaces : rule.namespaces.filter((name) => namespaces.includes(name));
  if (left.length > 0) restricted.push({ ...rule, namespaces: left });
  const named = principals.filter((id) => rule.principals.length === 0 || rule.principals.some((p) => covers(p, id)));
  if (named.length > 0) restricted.push({ ...rule, principals: named });
  return restricted;
}

/** Whether a principal pattern (exact, `prefix*` or `*`) matches an identity. */
function covers(pattern: string, id: string): boolean {
  return pattern.endsWith('*') ? id.startsWith(pattern.slice(0, -1)) : pattern === id;
}
