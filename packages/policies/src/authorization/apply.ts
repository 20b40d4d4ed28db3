// The authorization rules of an inbound port: every policy of mesh, namespace, services and workload, within isolation.
import {
  type AuthorizationPolicyResource,
  type AuthorizationRuleSpec,
  defaults,
  namespaceOf,
  spiffeId,
} from '@malha/model';
import type { AuthorizationPolicyRules, AuthorizationRule, AuthorizationRules } from '@malha/traffic';
import { compareText } from '../report.ts';
import type { PolicyTargets } from '../targets.ts';
import { restrict } from './restrict.ts';

export type AuthorizationPolicies = PolicyTargets<AuthorizationPolicyResource>;

export interface AuthorizedPort {
  readonly namespace: string;
  readonly workload: string;
  /** Services that the port serves. */
  readonly services: readonly { readonly namespace: string; readonly name: string }[];
}

/** Who may call into the namespace of the port; undefined = everybody. */
export interface Admission {
  readonly namespaces: ReadonlySet<string>;
  readonly accounts: readonly { readonly namespace: string; readonly serviceAccount: string }[];
}

const EVERY_REQUEST: AuthorizationRule = {
  principals: [],
  namespaces: [],
  ipBlocks: [],
  methods: [],
  paths: [],
  hosts: [],
  ports: [],
  headers: [],
};

export function rulesOf(
  policies: AuthorizationPolicies,
  port: AuthorizedPort,
  admission: Admission | undefined,
  trustDomain: string,
): AuthorizationRules {
  const own = policiesOf(policies, port).map(compilePolicy);
  return { policies: admission === undefined ? own : isolate(own, port.namespace, admission, trustDomain) };
}

function policiesOf(policies: AuthorizationPolicies, port: AuthorizedPort): AuthorizationPolicyResource[] {
  if (policies.isEmpty) return [];
  const found = [
    ...policies.ofMesh(),
    ...policies.ofNamespace(port.namespace),
    ...port.services.flatMap((service) => policies.ofService(service.namespace, service.name)),
    ...policies.ofWorkload(port.namespace, port.workload),
  ];
  return [...new Set(found)];
}

function compilePolicy(policy: AuthorizationPolicyResource): AuthorizationPolicyRules {
  return {
    id: `${namespaceOf(policy)}/${policy.metadata.name}`,
    action: policy.spec.action,
    mode: policy.spec.mode ?? defaults.authorizationMode,
    rules: (policy.spec.rules ?? []).map(compileRule),
  };
}

function compileRule({ from, to, when }: AuthorizationRuleSpec): AuthorizationRule {
  return {
    principals: from?.principals ?? [],
    namespaces: from?.namespaces ?? [],
    ipBlocks: from?.ipBlocks ?? [],
    methods: to?.methods ?? [],
    paths: to?.paths ?? [],
    hosts: to?.hosts ?? [],
    ports: to?.ports ?? [],
    headers: (when ?? []).map(({ header, values }) => ({ name: header.toLowerCase(), values })),
  };
}

/** Isolation and ALLOW policies must both admit a caller, so each ALLOW rule is restricted to the admitted ones. */
function isolate(
  policies: readonly AuthorizationPolicyRules[],
  namespace: string,
  admission: Admission,
  trustDomain: string,
): AuthorizationPolicyRules[] {
  const namespaces = [...admission.namespaces].sort(compareText);
  const principals = admission.accounts
    .map((account) => spiffeId(trustDomain, account.namespace, account.serviceAccount))
    .sort(compareText);
  const within = (rules: readonly AuthorizationRule[]) =>
    rules.flatMap((rule) => restrict(rule, namespaces, principals));
  const isEnforcedAllow = (policy: AuthorizationPolicyRules) => policy.action === 'ALLOW' && policy.mode === 'Enforce';
  if (!policies.some(isEnforcedAllow)) {
    const isolation: AuthorizationPolicyRules = {
      id: `${namespace}/isolation`,
      action: 'ALLOW',
      mode: 'Enforce',
      rules: within([EVERY_REQUEST]),
    };
    return [isolation, ...policies];
  }
  return policies.map((policy) => (isEnforcedAllow(policy) ? { ...policy, rules: within(policy.rules) } : policy));
}
