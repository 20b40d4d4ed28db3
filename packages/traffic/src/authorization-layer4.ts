// Authorization of connections: what a rule asks of HTTP cannot be seen there, so such a rule never matches.
import type { AuthorizationRule, AuthorizationRules } from './config.ts';

/** Policies keep their place: an ALLOW that is left without rules still denies the rest. */
export function withoutHttpRules({ policies }: AuthorizationRules): AuthorizationRules {
  return { policies: policies.map((policy) => ({ ...policy, rules: policy.rules.filter(isOfConnections) })) };
}

/** Asks for nothing but caller, address and port. */
export function isOfConnections({ methods, paths, hosts, headers }: AuthorizationRule): boolean {
  return methods.length === 0 && paths.length === 0 && hosts.length === 0 && headers.length === 0;
}
