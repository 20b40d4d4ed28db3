// Authorization policies as Envoy's RBAC rules: one RBAC policy for each of our rules, all parts of a rule and-ed.
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import type { AuthorizationPolicyRules, AuthorizationRule } from '@malha/traffic';
import type { CidrRangeSchema } from '@malha/xds/generated/envoy/config/core/v3/address_pb';
import {
  type PermissionSchema,
  type Policy,
  PolicySchema,
  type PrincipalSchema,
  RBAC_Action,
} from '@malha/xds/generated/envoy/config/rbac/v3/rbac_pb';
import type { StringMatcherSchema } from '@malha/xds/generated/envoy/type/matcher/v3/string_pb';
import { UnencodableError } from '../dialect.ts';
import { exactString, regexString } from './matches.ts';

type StringMatcher = MessageInitShape<typeof StringMatcherSchema>;
type Permission = MessageInitShape<typeof PermissionSchema>;
export type HostMatcher = (pattern: string) => StringMatcher;
type Principal = MessageInitShape<typeof PrincipalSchema>;

export const ACTIONS = {
  ALLOW: RBAC_Action.ALLOW,
  DENY: RBAC_Action.DENY,
  AUDIT: RBAC_Action.LOG,
} as const satisfies Record<AuthorizationPolicyRules['action'], RBAC_Action>;

/** `prefix*`, `*suffix`, `*` or an exact value. */
export function wildcardString(pattern: string): StringMatcher {
  if (pattern === '*') return regexString('.*');
  if (pattern.endsWith('*')) return { matchPattern: { case: 'prefix', value: pattern.slice(0, -1) } };
  if (pattern.startsWith('*')) return { matchPattern: { case: 'suffix', value: pattern.slice(1) } };
  return exactString(pattern);
}

/** A namespace is a part of the SPIFFE ID; the name of one is a DNS label, so nothing in it needs escaping. */
export function namespacePattern(namespace: string): string {
  return `spiffe://[^/]+/ns/${namespace}/sa/.+`;
}

function cidrRange(block: string): MessageInitShape<typeof CidrRangeSchema> {
  const slash = block.indexOf('/');
  if (slash < 0) return { addressPrefix: block, prefixLen: block.includes(':') ? 128 : 32 };
  return { addressPrefix: block.slice(0, slash), prefixLen: Number(block.slice(slash + 1)) };
}

function principal(pattern: string): Principal {
  return {
    identifier: {
      case: 'authenticated',
      value: pattern === '*' ? {} : { principalName: wildcardString(pattern) },
    },
  };
}

function anyPermission(rules: readonly Permission[]): Permission[] {
  return rules.length === 0 ? [] : [{ rule: { case: 'orRules', value: { rules: [...rules] } } }];
}

function anyPrincipal(ids: readonly Principal[]): Principal[] {
  return ids.length === 0 ? [] : [{ identifier: { case: 'orIds', value: { ids: [...ids] } } }];
}

function header(name: string, matcher: StringMatcher): Permission {
  return {
    rule: { case: 'header', value: { name, headerMatchSpecifier: { case: 'stringMatch', value: matcher } } },
  };
}

/** Without values the condition never holds; to leave it out would widen the rule. */
function headerCondition({ name, values }: AuthorizationRule['headers'][number]): Permission[] {
  if (values.length === 0) throw new UnencodableError('authorization rule', `headers ${name}`, 'has no values');
  return anyPermission(values.map((value) => header(name, wildcardString(value))));
}

function permissions(rule: AuthorizationRule, host: HostMatcher): Permission[] {
  const path = (pattern: string): Permission => ({
    rule: { case: 'urlPath', value: { rule: { case: 'path', value: wildcardString(pattern) } } },
  });
  return [
    ...anyPermission(rule.methods.map((method) => header(':method', exactString(method)))),
    ...anyPermission(rule.paths.map(path)),
    ...anyPermission(rule.hosts.map((pattern) => header(':authority', host(pattern)))),
    ...anyPermission(rule.ports.map((port) => ({ rule: { case: 'destinationPort', value: port } }))),
    ...rule.headers.flatMap(headerCondition),
  ];
}

function principals(rule: AuthorizationRule): Principal[] {
  const namespace = (name: string): Principal => ({
    identifier: { case: 'authenticated', value: { principalName: regexString(namespacePattern(name)) } },
  });
  return [
    ...anyPrincipal(rule.principals.map(principal)),
    ...anyPrincipal(rule.namespaces.map(namespace)),
    ...anyPrincipal(
      rule.ipBlocks.map((block) => ({ identifier: { case: 'directRemoteIp', value: cidrRange(block) } })),
    ),
  ];
}

/** `host`: how a pattern of hosts is matched with `:authority`, which may have a port. */
export function rbacPolicy(rule: AuthorizationRule, host: HostMatcher = wildcardString): Policy {
  const and = permissions(rule, host);
  const ids = principals(rule);
  return create(PolicySchema, {
    permissions: [
      and.length === 0 ? { rule: { case: 'any', value: true } } : { rule: { case: 'andRules', value: { rules: and } } },
    ],
    principals: [
      ids.length === 0
        ? { identifier: { case: 'any', value: true } }
        : { identifier: { case: 'andIds', value: { ids } } },
    ],
  });
}
