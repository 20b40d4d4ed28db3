// From attached HTTPRoutes and GRPCRoutes to the routes of one virtual host, in order of precedence.
import { defaults, durationMs, type HttpBackendRef, type HttpRouteRule } from '@malha/model';
import {
  type ClusterName,
  type CohortKey,
  type DirectResponseAction,
  type ForwardAction,
  type HeaderMutation,
  type HeaderValue,
  INVALID_BACKEND,
  type Mirror,
  NO_MUTATION,
  PRIORITY_HEADER,
  type Priority,
  type RedirectAction,
  type RetryPolicy,
  type Route,
  type RouteAction,
  type RouteMatch,
  type WeightedCluster,
} from '@malha/traffic';
import type { ReferenceGrants } from '../reference-grant/grants.ts';
import type { PortEntry, ServiceEntry } from '../services/entries.ts';
import type { AttachedRoute } from './attach.ts';
import { type ResolvedBackend, resolveBackend } from './backends.ts';
import type { DirectResponses } from './direct-response.ts';
import { type CompiledFilters, compileFilters, mirroredPerMillion } from './filters.ts';
import { grpcRank, rulesOfGrpc } from './grpc.ts';
import { compileMatch } from './match.ts';
import { comparePrecedence, type RankedMatch } from './precedence.ts';
import { sessionOf } from './session.ts';

export type RouteSettings = Pick<
  ForwardAction,
  'requestTimeoutMs' | 'backendRequestTimeoutMs' | 'streamIdleTimeoutMs' | 'retry' | 'breaker' | 'maxDurationMs'
>;

export interface RuleRef {
  readonly route: AttachedRoute;
  readonly rule: HttpRouteRule;
  readonly ruleIndex: number;
}

/** Where the requests of a rule go, as far as it decides how they are carried. */
export interface Destination {
  /** Undefined: to no one service. */
  readonly service: ServiceEntry | undefined;
  /** Empty: to several or none. */
  readonly version: string;
  /** The requests are calls of gRPC, which may be streams of any length. */
  readonly isGrpc: boolean;
}

export interface RouteContext {
  /** Service and port that the routes are attached to; undefined for a Gateway's. */
  readonly parent: { readonly service: ServiceEntry; readonly port: PortEntry } | undefined;
  readonly services: ReadonlyMap<string, ServiceEntry>;
  readonly grants: ReferenceGrants;
  readonly directResponses: DirectResponses;
  /** Names the cluster of a backend and notes that it is used. */
  use(service: ServiceEntry, port: PortEntry, version: string): ClusterName;
  /** Timeouts and retries of a rule, or of a service without routes. */
  settingsOf(rule: RuleRef | undefined, destination: Destination): RouteSettings;
  /** Whether the rule is for the caller at all. */
  isForCaller(rule: RuleRef): boolean;
  /** What is asked of a request beyond the rule's own match. */
  conditionsOf(rule: RuleRef): Pick<RouteMatch, 'countries' | 'devices' | 'share'> | undefined;
  cohortOf(rule: RuleRef): CohortKey | undefined;
  /** What an overloaded destination sheds first. */
  priorityOf(rule: RuleRef): Priority | undefined;
  /** What is done where an endpoint is slow, or the rule fails; `isGrpc`: its requests are calls of gRPC. */
  resilienceOf(rule: RuleRef, isGrpc: boolean): Pick<ForwardAction, 'hedging' | 'fallback'>;
  /** What holds requests of a rule back, beyond how they are carried. */
  protectionOf(
    rule: RuleRef | undefined,
    service: ServiceEntry | undefined,
  ): Pick<ForwardAction, 'rateLimits' | 'faults'>;
}

/** A rule with one of its matches, at its place. */
export interface RankedRule extends RankedMatch, RuleRef {}

/** Every match of every rule, in order of precedence. */
export function rankRules(attached: readonly AttachedRoute[]): RankedRule[] {
  const ranked = attached.flatMap((route) =>
    rulesOf(route).flatMap((rule, ruleIndex) =>
      (rule.matches === undefined || rule.matches.length === 0 ? [{}] : rule.matches).map((match, matchIndex) => {
        const place = { ruleIndex, matchIndex, age: route.age };
        const ranked = { route, rule, ...place, match: compileMatch(match) };
        const { resource } = route;
        return resource.kind === 'GRPCRoute' ? { ...ranked, grpc: grpcRank(resource, ruleIndex, matchIndex) } : ranked;
      }),
    ),
  );
  return ranked.sort(comparePrecedence);
}

/** The Gateway API's default for a route without rules is one rule that matches everything. */
export function rulesOf(route: AttachedRoute): readonly HttpRouteRule[] {
  const { resource } = route;
  return resource.kind === 'GRPCRoute' ? rulesOfGrpc(resource) : (resource.spec.rules ?? [{}]);
}

/** Without attached routes all requests go to the service itself; a Gateway has none. */
export function compileRoutes(attached: readonly AttachedRoute[], context: RouteContext): Route[] {
  if (attached.length === 0) return context.parent === undefined ? [] : [defaultRoute(context.parent, context)];
  const actions = new Map<HttpRouteRule, RouteAction>();
  const routes: Route[] = [];
  for (const ranked of rankRules(attached)) {
    if (!context.isForCaller(ranked)) continue;
    let action = actions.get(ranked.rule);
    if (action === undefined) {
      action = compileAction(ranked, context);
      actions.set(ranked.rule, action);
    }
    const conditions = context.conditionsOf(ranked);
    const match = conditions === undefined ? ranked.match : { ...ranked.match, ...conditions };
    routes.push({ name: routeName(ranked), match, action });
  }
  return routes;
}

export function routeName({ route, rule, ruleIndex }: RuleRef): string {
  return `${route.namespace}/${route.name}/${rule.name ?? ruleIndex}`;
}

function defaultRoute({ service, port }: NonNullable<RouteContext['parent']>, context: RouteContext): Route {
  const cluster = context.use(service, port, '');
  const weighted = { cluster, weight: 1, requestHeaders: NO_MUTATION, responseHeaders: NO_MUTATION };
  return {
    name: 'default',
    match: { path: { type: 'prefix', value: '/' }, headers: [], queryParams: [] },
    action: {
      type: 'forward',
      clusters: [weighted],
      requestHeaders: NO_MUTATION,
      responseHeaders: NO_MUTATION,
      ...context.protectionOf(undefined, service),
      ...context.settingsOf(undefined, { service, version: '', isGrpc: port.protocol === 'grpc' }),
    },
  };
}

const SERVER_ERROR: DirectResponseAction = { type: 'direct', status: 500, body: '', responseHeaders: NO_MUTATION };

function compileAction(ref: RuleRef, context: RouteContext): RouteAction {
  const filters = compileFilters(ref.rule.filters, filterContext(ref, context));
  if (filters.failsClosed) return SERVER_ERROR;
  const answer = answerOf(filters);
  if (answer !== undefined) return answer;
  const backends = (ref.rule.backendRefs ?? []).map((backend) => compileBackend(backend, ref, filters, context));
  const serving = backends.filter(({ weighted }) => weighted.weight > 0);
  if (serving.every(({ weighted }) => weighted.cluster === INVALID_BACKEND)) return SERVER_ERROR;
  const isGrpc =
    ref.route.resource.kind === 'GRPCRoute' || serving.every(({ backend }) => backend?.port.protocol === 'grpc');
  const destination = { ...targetOf(serving, context), isGrpc };
  const cohort = context.cohortOf(ref);
  const session = sessionOf(ref.rule.sessionPersistence);
  return {
    type: 'forward',
    clusters: backends.map(({ weighted }) => weighted),
    requestHeaders: withPriority(filters.requestHeaders, context.priorityOf(ref)),
    responseHeaders: filters.responseHeaders,
    ...(filters.rewrite === undefined ? {} : { rewrite: filters.rewrite }),
    ...(cohort === undefined ? {} : { cohort }),
    ...(session === undefined ? {} : { session }),
    ...(filters.cors === undefined ? {} : { cors: filters.cors }),
    ...mirrorsOf(filters, ref, context),
    ...context.protectionOf(ref, destination.service),
    ...withRuleFields(context.settingsOf(ref, destination), ref.rule),
    ...context.resilienceOf(ref, isGrpc),
  };
}

/** The destination reads it; a filter of the rule does not speak against its policy. */
function withPriority({ set, add, remove }: HeaderMutation, priority: Priority | undefined): HeaderMutation {
  if (priority === undefined) return { set, add, remove };
  const isOther = ({ name }: HeaderValue) => name !== PRIORITY_HEADER;
  return {
    set: [...set.filter(isOther), { name: PRIORITY_HEADER, value: priority }],
    add: add.filter(isOther),
    remove: remove.filter((name) => name !== PRIORITY_HEADER),
  };
}

/** A mirror to a backend that cannot be reached is left out: it must never harm the request itself. */
function mirrorsOf(filters: CompiledFilters, ref: RuleRef, context: RouteContext): { mirrors?: readonly Mirror[] } {
  const mirrors = filters.mirrors.flatMap((filter) => {
    const perMillion = mirroredPerMillion(filter);
    const backend = resolveBackend(filter.backendRef, backendContext(ref, context));
    if (!backend.ok || perMillion === 0) return [];
    return [{ cluster: context.use(backend.service, backend.port, backend.version), perMillion }];
  });
  return mirrors.length === 0 ? {} : { mirrors };
}

interface CompiledBackend {
  readonly weighted: WeightedCluster;
  /** Undefined when requests for it get an error. */
  readonly backend: ResolvedBackend | undefined;
}

/** Filters of a backend come after those of its rule, and count before them where both say the same thing. */
function compileBackend(
  ref: HttpBackendRef,
  rule: RuleRef,
  ofRule: CompiledFilters,
  context: RouteContext,
): CompiledBackend {
  const backend = resolveBackend(ref, backendContext(rule, context));
  const filters = compileFilters(ref.filters, filterContext(rule, context));
  const isValid = backend.ok && !filters.failsClosed;
  return {
    weighted: {
      cluster: isValid ? context.use(backend.service, backend.port, backend.version) : INVALID_BACKEND,
      weight: ref.weight ?? defaults.httpRoute.backendWeight,
      requestHeaders: filters.requestHeaders,
      responseHeaders: filters.responseHeaders,
      ...(isValid ? ownPart(filters, rule, ofRule, context) : {}),
    },
    backend: isValid ? backend : undefined,
  };
}

function ownPart(
  filters: CompiledFilters,
  rule: RuleRef,
  ofRule: CompiledFilters,
  context: RouteContext,
): Pick<WeightedCluster, 'rewrite' | 'cors' | 'mirrors' | 'answer'> {
  const answer = answerOf(filters);
  // Nothing of such a share reaches a backend.
  if (answer !== undefined) return { answer };
  return {
    ...(filters.rewrite === undefined ? {} : { rewrite: { ...ofRule.rewrite, ...filters.rewrite } }),
    ...(filters.cors === undefined ? {} : { cors: filters.cors }),
    ...mirrorsOf(filters, rule, context),
  };
}

function answerOf({ redirect, direct }: CompiledFilters): RedirectAction | DirectResponseAction | undefined {
  return redirect ?? direct;
}

function filterContext({ route }: RuleRef, { directResponses }: RouteContext) {
  return { namespace: route.namespace, directResponses };
}

function backendContext({ route }: RuleRef, { services, grants, parent }: RouteContext) {
  const { kind } = route.resource;
  return { services, grants, kind, namespace: route.namespace, parentPort: parent?.port.port };
}

/** Whose timeouts and retries hold: the parent's; for a Gateway's route those of the one service that it goes to. */
function targetOf(serving: readonly CompiledBackend[], { parent }: RouteContext): Omit<Destination, 'isGrpc'> {
  const services = new Set(serving.map(({ backend }) => backend?.service));
  const [only] = services.size === 1 ? services : [];
  const service = parent?.service ?? only;
  const versions = new Set(
    serving.map(({ backend }) => (backend !== undefined && backend.service === service ? backend.version : '')),
  );
  const [version = ''] = versions.size === 1 ? versions : [];
  return { service, version };
}

/** The Gateway API's own fields of the rule are the most specific of all. */
function withRuleFields(settings: RouteSettings, { timeouts, retry }: HttpRouteRule): RouteSettings {
  return {
    ...settings,
    ...(timeouts?.request === undefined ? {} : { requestTimeoutMs: durationMs(timeouts.request) }),
    ...(timeouts?.backendRequest === undefined ? {} : { backendRequestTimeoutMs: durationMs(timeouts.backendRequest) }),
    retry: retry === undefined ? settings.retry : withRetry(settings.retry, retry),
  };
}

function withRetry(policy: RetryPolicy, retry: NonNullable<HttpRouteRule['retry']>): RetryPolicy {
  const codes = retry.codes ?? [];
  const base = retry.backoff === undefined ? policy.backoffBaseMs : durationMs(retry.backoff);
  return {
    ...policy,
    attempts: retry.attempts ?? policy.attempts,
    on: codes.length === 0 || policy.on.includes('retriable-status') ? policy.on : [...policy.on, 'retriable-status'],
    statusCodes: codes.length === 0 ? policy.statusCodes : codes,
    backoffBaseMs: base,
    backoffMaxMs: Math.max(policy.backoffMaxMs, base),
  };
}
