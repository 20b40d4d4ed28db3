// Routes against what they refer to: backends, weights, filters, and rules that no request reaches.
import { type Finding, type HttpBackendRef, type HttpRouteFilter, type HttpRouteRule, keyOf } from '@malha/model';
import { featureOfFilter, isPlanned } from '../enforcement.ts';
import type { ReferenceGrants } from '../reference-grant/grants.ts';
import { report } from '../report.ts';
import type { PortEntry, ServiceEntry } from '../services/entries.ts';
import { type RuleRef, rankRules, routeName, rulesOf } from './apply.ts';
import type { AttachedRoute, Attachments } from './attach.ts';
import { type BackendContext, resolveBackend } from './backends.ts';
import { type DirectResponses, findDirectResponse, idleFields, isDirectResponse } from './direct-response.ts';
import { covers } from './precedence.ts';

export interface RouteAnalysis {
  readonly attachments: Attachments;
  /** Routes of each listener of a gateway. */
  readonly ofListeners: readonly (readonly AttachedRoute[])[];
  readonly grants: ReferenceGrants;
  readonly directResponses: DirectResponses;
  readonly services: readonly ServiceEntry[];
  readonly servicesByKey: ReadonlyMap<string, ServiceEntry>;
  /** Whether a rule is only for some callers, so that it does not hide others. */
  isConditional(rule: RuleRef): boolean;
}

export function analyzeRoutes(analysis: RouteAnalysis): Finding[] {
  const findings = [...analysis.attachments.findings];
  for (const service of analysis.services) {
    for (const port of service.ports) {
      const attached = analysis.attachments.of(service, port);
      for (const route of attached) findings.push(...ruleFindings(route, port, analysis));
      findings.push(...hiddenRules(attached, analysis));
    }
  }
  for (const attached of analysis.ofListeners) {
    for (const route of attached) findings.push(...ruleFindings(route, undefined, analysis));
  }
  return distinct(findings);
}

/** A route that is attached to several ports says the same thing once. */
function distinct(findings: readonly Finding[]): Finding[] {
  const seen = new Map<string, Finding>();
  for (const finding of findings) {
    const key = `${finding.object}\0${finding.path}\0${finding.code}`;
    if (!seen.has(key)) seen.set(key, finding);
  }
  return [...seen.values()];
}

function ruleFindings(route: AttachedRoute, port: PortEntry | undefined, analysis: RouteAnalysis): Finding[] {
  const { resource } = route;
  const context = backendContext(route, port, analysis);
  return rulesOf(route).flatMap((rule, index) => {
    const path = `spec.rules[${index}]`;
    const backends = rule.backendRefs ?? [];
    const findings = backends.flatMap((backend, at) => {
      const where = `${path}.backendRefs[${at}]`;
      const resolved = resolveBackend(backend, context);
      const problem = resolved.ok
        ? []
        : [report(resolved.code, resource, `${where}.${resolved.field}`, resolved.message)];
      return [
        ...problem,
        ...mirrorFindings(route, backend.filters, context, where),
        ...filterFindings(route, backend.filters, `${where}.filters`, true, analysis),
      ];
    });
    return [
      ...findings,
      ...mirrorFindings(route, rule.filters, context, path),
      ...weightFindings(route, rule, backends, path),
      ...idleFindings(route, rule, path),
      ...filterFindings(route, rule.filters, `${path}.filters`, false, analysis),
      ...(rule.sessionPersistence?.idleTimeout === undefined
        ? []
        : [
            report(
              'MALHA1033',
              resource,
              `${path}.sessionPersistence.idleTimeout`,
              'Sessions are not ended for being idle: nobody keeps when they were last used.',
            ),
          ]),
    ];
  });
}

function backendContext(
  { resource, namespace }: AttachedRoute,
  port: PortEntry | undefined,
  { servicesByKey, grants }: RouteAnalysis,
): BackendContext {
  return { services: servicesByKey, grants, kind: resource.kind, namespace, parentPort: port?.port };
}

function mirrorFindings(
  { resource }: AttachedRoute,
  filters: HttpRouteRule['filters'],
  context: BackendContext,
  path: string,
): Finding[] {
  return (filters ?? []).flatMap((filter, at) => {
    if (filter.type !== 'RequestMirror') return [];
    const { backendRef } = filter.requestMirror;
    const resolved = resolveBackend(backendRef, context);
    if (resolved.ok) return [];
    const where = `${path}.filters[${at}].requestMirror.backendRef.${resolved.field}`;
    return [report(resolved.code, resource, where, resolved.message)];
  });
}

function weightFindings(
  { resource }: AttachedRoute,
  rule: HttpRouteRule,
  backends: readonly HttpBackendRef[],
  path: string,
): Finding[] {
  const redirects = rule.filters?.some((filter) => filter.type === 'RequestRedirect') ?? false;
  if (backends.length === 0) {
    return redirects || idleFields(rule) !== undefined
      ? []
      : [report('MALHA1040', resource, `${path}.backendRefs`, 'The rule has no backend.')];
  }
  if (backends.some((backend) => (backend.weight ?? 1) > 0)) return [];
  return [report('MALHA1029', resource, `${path}.backendRefs`, 'All weights of the rule are 0.')];
}

function idleFindings({ resource }: AttachedRoute, rule: HttpRouteRule, path: string): Finding[] {
  return (idleFields(rule) ?? []).map((field) => {
    const message = `${field} has no effect: the proxy answers the requests of this rule by itself.`;
    return report('MALHA1051', resource, `${path}.${field}`, message);
  });
}

/** The Gateway API forbids to skip these: requests get an error instead. */
const FAILS_CLOSED: ReadonlySet<HttpRouteFilter['type']> = new Set<HttpRouteFilter['type']>([
  'ExtensionRef',
  'ExternalAuth',
]);

function filterFindings(
  { resource, namespace }: AttachedRoute,
  filters: readonly HttpRouteFilter[] | undefined,
  path: string,
  isBackend: boolean,
  { directResponses }: RouteAnalysis,
): Finding[] {
  return (filters ?? []).flatMap((filter, index) => {
    const where = `${path}[${index}]`;
    const { type } = filter;
    if (type === 'ExtensionRef' && isDirectResponse(filter.extensionRef)) {
      const { name } = filter.extensionRef;
      if (findDirectResponse(directResponses, namespace, filter.extensionRef) !== undefined) return [];
      const message = `There is no DirectResponse "${name}" in namespace ${namespace}: these requests would get 500.`;
      return [report('MALHA1044', resource, `${where}.extensionRef.name`, message)];
    }
    if (!isPlanned(featureOfFilter(type, isBackend))) return [];
    if (FAILS_CLOSED.has(type)) {
      return [report('MALHA1044', resource, where, `${type} is not enforced yet: these requests would get 500.`)];
    }
    const message = `${type} ${isBackend ? 'of a backend ' : ''}is not enforced yet and is left out.`;
    return [report('MALHA1033', resource, where, message)];
  });
}

/** Matches that an earlier one of the same parent and the same set of callers covers wholly. */
function hiddenRules(attached: readonly AttachedRoute[], analysis: RouteAnalysis): Finding[] {
  const findings: Finding[] = [];
  for (const namespace of new Set(attached.map((route) => route.namespace))) {
    const group = attached.filter((route) => route.namespace === namespace);
    const ranked = rankRules(group);
    ranked.forEach((later, index) => {
      const hiding = ranked
        .slice(0, index)
        .find(
          (earlier) =>
            earlier.rule !== later.rule && covers(earlier.match, later.match) && !analysis.isConditional(earlier),
        );
      if (hiding === undefined) return;
      const { resource, name } = later.route;
      const message = `Every request of this match of ${name} goes to ${routeName(hiding)} of ${keyOf(hiding.route.resource)} first.`;
      const path = `spec.rules[${later.ruleIndex}].matches[${later.matchIndex}]`;
      findings.push(report('MALHA1030', resource, path, message));
    });
  }
  return findings;
}
