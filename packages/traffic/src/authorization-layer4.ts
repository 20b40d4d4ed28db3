// Authorization of connections: what a rule asks of HTTP cannot be seen there, so such a rule never matches.
import type { AuthorizationRule, AuthorizationRules } from './config.ts';

/** Policies keep their place: an ALLOW that is left without rules still denies the rest. */
export function withoutHttpRules({ policies }: AuthorizationRules): AuthorizationRules {
  return { policies: policies.map((policy) => ({ ...policy, rules: policy.rules.filter(isOfConnections) })) };
}

/**
 * For bytes at a port that takes HTTP too. They may be a request after all, for whoever reads them at the end: a DENY
 * that asks for more than can be seen refuses every connection of the callers that it names.
 */
export function forUndeclaredBytes({ policies }: AuthorizationRules): AuthorizationRules {
  return withoutHttpRules({
    policies: policies.map((policy) =>
      policy.action === 'DENY' ? { ...policy, rules: policy.rules.map(withoutHttpConditions) } : policy,
    ),
  });
}

function withoutHttpConditions(rule: AuthorizationRule): AuthorizationRule {
  return isOfConnections(rule) ? rule : { ...rule, methods: [], paths: [], hosts: [], headers: [] };
}

/** Asks for nothing but caller, address and port. */
export function isOfConnections({ methods, paths, hosts, headers }: AuthorizationRule): boolean {
  return methods.length === 0 && paths.length === 0 && hosts.length === 0 && headers.length === 0;
}
