// Envoy's RBAC rules, in the shape our encoder gives them -> authorization rules.
import type { AuthorizationPolicyRules, AuthorizationRule } from '@malha/traffic';
import {
  type Permission,
  PermissionSchema,
  type Policy,
  PolicySchema,
  type Principal,
  PrincipalSchema,
  type RBAC,
  RBAC_Action,
  RBACSchema,
} from '@malha/xds/generated/envoy/config/rbac/v3/rbac_pb';
import {
  type HeaderMatcher,
  HeaderMatcherSchema,
} from '@malha/xds/generated/envoy/config/route/v3/route_components_pb';
import type { StringMatcher } from '@malha/xds/generated/envoy/type/matcher/v3/string_pb';
import type { AuthorizationPolicy } from '@malha/xds/generated/malha/extensions/v1/extensions_pb';
import { checkString } from './matches.ts';
import { onlyFields, ResourceError, required } from './strict.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer E)[] ? E[] : T[K] };
type RuleParts = Mutable<AuthorizationRule>;

const checkRbac = onlyFields(RBACSchema, ['action', 'policies']);
const checkPolicy = onlyFields(PolicySchema, ['permissions', 'principals']);
const checkPermission = onlyFields(PermissionSchema, [
  'andRules',
  'orRules',
  'any',
  'header',
  'urlPath',
  'destinationPort',
]);
const checkPrincipal = onlyFields(PrincipalSchema, ['andIds', 'orIds', 'any', 'authenticated', 'directRemoteIp']);
const checkHeader = onlyFields(HeaderMatcherSchema, ['name', 'stringMatch']);

const NAMESPACE_PATTERN = /^spiffe:\/\/\[\^\/\]\+\/ns\/([a-z0-9-]+)\/sa\/\.\+$/;

export function authorizationPolicy(from: AuthorizationPolicy, path: string): AuthorizationPolicyRules {
  const rules = required(from.rules, `${path}.rules`);
  checkRbac(rules, `${path}.rules`);
  return {
    id: from.id,
    action: action(rules, `${path}.rules.action`),
    mode: from.shadow ? 'Shadow' : 'Enforce',
    rules: Object.entries(rules.policies).map(([name, policy]) => rule(policy, `${path}.rules.policies[${name}]`)),
  };
}

function action(rules: RBAC, path: string): AuthorizationPolicyRules['action'] {
  switch (rules.action) {
    case RBAC_Action.ALLOW:
      return 'ALLOW';
    case RBAC_Action.DENY:
      return 'DENY';
    case RBAC_Action.LOG:
      return 'AUDIT';
    default:
      throw new ResourceError(path, `unknown value ${rules.action}`);
  }
}

function rule(policy: Policy, path: string): AuthorizationRule {
  checkPolicy(policy, path);
  const parts: RuleParts = {
    principals: [],
    namespaces: [],
    ipBlocks: [],
    methods: [],
    paths: [],
    hosts: [],
    ports: [],
    headers: [],
  };
  for (const [index, group] of permissionGroups(policy, path).entries())
    addPermissions(parts, group, `${path}.and_rules[${index}]`);
  for (const [index, group] of principalGroups(policy, path).entries())
    addPrincipals(parts, group, `${path}.and_ids[${index}]`);
  return parts;
}

/** Groups of which each must hold by any one of its members. */
function permissionGroups(policy: Policy, path: string): Permission[][] {
  const [only, ...more] = policy.permissions;
  const at = `${path}.permissions`;
  if (more.length > 0) throw new ResourceError(`${at}[1]`, 'only one permission is supported by this proxy');
  const permission = required(only, at);
  checkPermission(permission, at);
  const top = permission.rule;
  if (top.case === 'any' && top.value) return [];
  if (top.case !== 'andRules') throw new ResourceError(at, 'only and_rules or any is supported by this proxy');
  return top.value.rules.map((member) => {
    checkPermission(member, at);
    return member.rule.case === 'orRules' ? member.rule.value.rules : [member];
  });
}

function principalGroups(policy: Policy, path: string): Principal[][] {
  const [only, ...more] = policy.principals;
  const at = `${path}.principals`;
  if (more.length > 0) throw new ResourceError(`${at}[1]`, 'only one principal is supported by this proxy');
  const principal = required(only, at);
  checkPrincipal(principal, at);
  const top = principal.identifier;
  if (top.case === 'any' && top.value) return [];
  if (top.case !== 'andIds') throw new ResourceError(at, 'only and_ids or any is supported by this proxy');
  return top.value.ids.map((member) => {
    checkPrincipal(member, at);
    return member.identifier.case === 'orIds' ? member.identifier.value.ids : [member];
  });
}

/** A group restricts one thing; a second group for the same thing would be an AND, which the rules cannot say. */
function fill<K extends 'methods' | 'paths' | 'hosts' | 'ports' | 'principals' | 'namespaces' | 'ipBlocks'>(
  parts: RuleParts,
  key: K,
  path: string,
  values: RuleParts[K],
): void {
  if (parts[key].length > 0)
    throw new ResourceError(path, `a second condition on ${key} is not supported by this proxy`);
  parts[key] = values;
}

function addPermissions(parts: RuleParts, group: Permission[], path: string): void {
  for (const member of group) checkPermission(member, path);
  const kind = group[0]?.rule.case;
  switch (kind) {
    case 'urlPath':
      fill(
        parts,
        'paths',
        path,
        group.map((member) => urlPath(member, path)),
      );
      break;
    case 'destinationPort':
      fill(
        parts,
        'ports',
        path,
        group.map((member) => port(member, path)),
      );
      break;
    case 'header':
      addHeaders(
        parts,
        group.map((member) => header(member, path)),
        path,
      );
      break;
    default:
      throw new ResourceError(path, `${kind ?? 'an empty group'} is not supported here by this proxy`);
  }
}

function addHeaders(parts: RuleParts, matchers: HeaderMatcher[], path: string): void {
  const [first] = matchers;
  const name = required(first, path).name;
  if (matchers.some((matcher) => matcher.name !== name)) {
    throw new ResourceError(path, 'alternatives of different headers are not supported by this proxy');
  }
  if (name === ':method') {
    fill(
      parts,
      'methods',
      path,
      matchers.map((matcher) => exactValue(matcher, path)),
    );
  } else if (name === ':authority') {
    fill(
      parts,
      'hosts',
      path,
      matchers.map((matcher) => wildcard(stringMatch(matcher, path), path)),
    );
  } else {
    parts.headers.push({ name, values: matchers.map((matcher) => wildcard(stringMatch(matcher, path), path)) });
  }
}

function header({ rule: member }: Permission, path: string): HeaderMatcher {
  if (member.case !== 'header')
    throw new ResourceError(path, 'alternatives of different kinds are not supported by this proxy');
  checkHeader(member.value, path);
  return member.value;
}

function stringMatch({ headerMatchSpecifier }: HeaderMatcher, path: string): StringMatcher {
  if (headerMatchSpecifier.case !== 'stringMatch') throw new ResourceError(path, 'string_match missing');
  return headerMatchSpecifier.value;
}

function exactValue(matcher: HeaderMatcher, path: string): string {
  const { matchPattern } = stringMatch(matcher, path);
  if (matchPattern.case !== 'exact') throw new ResourceError(path, 'only exact is supported by this proxy');
  return matchPattern.value;
}

function urlPath({ rule: member }: Permission, path: string): string {
  if (member.case !== 'urlPath')
    throw new ResourceError(path, 'alternatives of different kinds are not supported by this proxy');
  return wildcard(required(member.value.rule.value, `${path}.url_path`), `${path}.url_path`);
}

function port({ rule: member }: Permission, path: string): number {
  if (member.case !== 'destinationPort')
    throw new ResourceError(path, 'alternatives of different kinds are not supported by this proxy');
  return member.value;
}

function addPrincipals(parts: RuleParts, group: Principal[], path: string): void {
  const blocks: string[] = [];
  const namespaces: string[] = [];
  const principals: string[] = [];
  for (const member of group) {
    checkPrincipal(member, path);
    const { identifier } = member;
    if (identifier.case === 'directRemoteIp') {
      blocks.push(`${identifier.value.addressPrefix}/${identifier.value.prefixLen ?? 0}`);
    } else if (identifier.case === 'authenticated') {
      const name = identifier.value.principalName;
      const namespace =
        name?.matchPattern.case === 'safeRegex'
          ? NAMESPACE_PATTERN.exec(name.matchPattern.value.regex)?.[1]
          : undefined;
      if (namespace === undefined) principals.push(name === undefined ? '*' : wildcard(name, path));
      else namespaces.push(namespace);
    } else {
      throw new ResourceError(path, `${identifier.case ?? 'an empty principal'} is not supported here by this proxy`);
    }
  }
  const kinds = [blocks, namespaces, principals].filter((values) => values.length > 0);
  if (kinds.length !== 1) throw new ResourceError(path, 'a group must hold principals of one kind');
  if (blocks.length > 0) fill(parts, 'ipBlocks', path, blocks);
  if (namespaces.length > 0) fill(parts, 'namespaces', path, namespaces);
  if (principals.length > 0) fill(parts, 'principals', path, principals);
}

function wildcard(matcher: StringMatcher, path: string): string {
  checkString(matcher, path);
  const { matchPattern } = matcher;
  switch (matchPattern.case) {
    case 'exact':
      return matchPattern.value;
    case 'prefix':
      return `${matchPattern.value}*`;
    case 'suffix':
      return `*${matchPattern.value}`;
    case 'safeRegex':
      if (matchPattern.value.regex === '.*') return '*';
      throw new ResourceError(path, 'regular expressions are not supported here by this proxy');
    default:
      throw new ResourceError(path, 'no pattern');
  }
}
