// Authorization policies that match nothing, or that ask for identities where nobody has one.
import type { AuthorizationPolicyResource, Finding } from '@malha/model';
import type { MtlsMode } from '@malha/traffic';
import { report } from '../report.ts';
import type { AuthorizationPolicies } from './apply.ts';

/** Modes of the inbound ports that a policy acts on. */
export type ModesOf = (policy: AuthorizationPolicyResource) => ReadonlySet<MtlsMode>;

export function analyzeAuthorization(policies: AuthorizationPolicies, modesOf: ModesOf): Finding[] {
  return [...policies.findings, ...policies.attached.flatMap((policy) => policyFindings(policy, modesOf))];
}

function policyFindings(policy: AuthorizationPolicyResource, modesOf: ModesOf): Finding[] {
  const { action, rules = [] } = policy.spec;
  if (rules.length === 0 && action !== 'ALLOW') {
    return [report('MALHA1041', policy, 'spec.rules', `A ${action} policy without rules matches no request.`)];
  }
  const index = rules.findIndex(
    (rule) => (rule.from?.principals?.length ?? 0) > 0 || (rule.from?.namespaces?.length ?? 0) > 0,
  );
  if (index === -1) return [];
  const modes = modesOf(policy);
  const weak = modes.has('DISABLE') ? 'DISABLE' : modes.has('PERMISSIVE') ? 'PERMISSIVE' : undefined;
  if (weak === undefined) return [];
  const message = `The rule asks for identities, and a port that the policy acts on is ${weak}: callers without mTLS have none.`;
  return [report('MALHA1042', policy, `spec.rules[${index}].from`, message)];
}
