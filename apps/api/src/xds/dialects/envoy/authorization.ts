// Authorization of one inbound port as Envoy RBAC filters: DENY, then ALLOW, then AUDIT (LOG); each with its shadow rules.
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import type { AuthorizationPolicyRules, AuthorizationRule, InboundPort } from '@malha/traffic';
import { type RBAC, RBAC_Action, RBACSchema } from '@malha/xds/generated/envoy/config/rbac/v3/rbac_pb';
import type { StringMatcherSchema } from '@malha/xds/generated/envoy/type/matcher/v3/string_pb';
import { regexString } from '../shared/matches.ts';
import { ACTIONS, rbacPolicy } from '../shared/rbac.ts';
import { escaped } from './rewrites.ts';

export interface RbacGroup {
  readonly name: string;
  readonly rules: RBAC | undefined;
  readonly shadowRules: RBAC | undefined;
}

const ORDER = ['DENY', 'ALLOW', 'AUDIT'] as const satisfies readonly AuthorizationPolicyRules['action'][];

export function rbacGroups(port: InboundPort): RbacGroup[] {
  return ORDER.flatMap((action) => {
    const policies = port.authorization.policies.filter((policy) => policy.action === action);
    if (policies.length === 0) return [];
    const rules = rbac(
      port,
      action,
      policies.filter(({ mode }) => mode === 'Enforce'),
    );
    const shadowRules = rbac(
      port,
      action,
      policies.filter(({ mode }) => mode === 'Shadow'),
    );
    return [{ name: `malha.rbac.${action.toLowerCase()}`, rules, shadowRules }];
  });
}

/** An ALLOW without any policy denies everything, as ours does; so an empty group must not be there at all. */
function rbac(
  port: InboundPort,
  action: AuthorizationPolicyRules['action'],
  policies: readonly AuthorizationPolicyRules[],
): RBAC | undefined {
  if (policies.length === 0) return undefined;
  const entries = policies.flatMap(({ id, rules }) =>
    rules.flatMap((rule, index) => {
      const applicable = onPort(rule, port);
      return applicable === undefined ? [] : [[`${id}#${index}`, rbacPolicy(applicable, hostPattern)] as const];
    }),
  );
  if (entries.length === 0 && ACTIONS[action] !== RBAC_Action.ALLOW) return undefined;
  return create(RBACSchema, { action: ACTIONS[action], policies: Object.fromEntries(entries) });
}

/** The rule for calls of this port; undefined when it cannot hold there. Envoy would compare the listener's own port. */
function onPort(rule: AuthorizationRule, { port, protocol }: InboundPort): AuthorizationRule | undefined {
  if (rule.ports.length > 0 && !rule.ports.includes(port)) return undefined;
  const isHttp = protocol !== 'tcp' && protocol !== 'tls';
  const asksForHttp = [rule.methods, rule.paths, rule.hosts, rule.headers].some((part) => part.length > 0);
  if (!isHttp && asksForHttp) return undefined;
  return { ...rule, ports: [] };
}

/** With or without a port, in any case. */
function hostPattern(pattern: string): MessageInitShape<typeof StringMatcherSchema> {
  const text = pattern.toLowerCase();
  if (text === '*') return regexString('.*');
  if (text.endsWith('*')) return regexString(`(?i)${escaped(text.slice(0, -1))}.*`);
  if (text.startsWith('*')) return regexString(`(?i).*${escaped(text.slice(1))}(:[0-9]+)?`);
  return regexString(`(?i)${escaped(text)}(:[0-9]+)?`);
}
