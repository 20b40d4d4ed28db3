// Rate limits of a place: an inbound port has those of mesh, namespace, services and workload, a rule those of its route.
import {
  defaults,
  durationMs,
  type LimitKeySpec,
  namespaceOf,
  type RateLimitResource,
  type RequestLimitSpec,
} from '@malha/model';
import type { ClusterName, ConnectionLimitRule, GlobalLimit, LimitKey, RateLimitRule } from '@malha/traffic';
import { isPlanned } from '../enforcement.ts';
import { conditionOf } from '../request-match.ts';
import type { PolicyTargets, RouteKind } from '../targets.ts';

export type RateLimitPolicies = PolicyTargets<RateLimitResource>;

export interface LimitedPort {
  readonly namespace: string;
  readonly workload: string;
  readonly services: readonly { readonly namespace: string; readonly name: string }[];
  /** Bytes, of which only connections can be counted. */
  readonly isRaw: boolean;
}

export interface LimitContext {
  readonly trustDomain: string;
  /** Cluster of the service that counts global limits; undefined: there is none, and the limit is left out. */
  counterOf(policy: RateLimitResource): ClusterName | undefined;
}

export interface PortLimits {
  readonly rateLimits?: readonly RateLimitRule[];
  readonly connectionLimits?: readonly ConnectionLimitRule[];
}

/** Every policy that names the port in one way or another: all of their limits hold. */
export function limitsOfPort(policies: RateLimitPolicies, port: LimitedPort, context: LimitContext): PortLimits {
  if (policies.isEmpty) return {};
  const acting = new Set([
    ...policies.ofMesh(),
    ...policies.ofNamespace(port.namespace),
    ...port.services.flatMap(({ namespace, name }) => policies.ofService(namespace, name)),
    ...policies.ofWorkload(port.namespace, port.workload),
  ]);
  if (!port.isRaw) return requestLimits([...acting], context);
  const connectionLimits = [...acting].flatMap(connectionLimitOf);
  return connectionLimits.length === 0 ? {} : { connectionLimits };
}

/** Limits of a route and of its rule. */
export function limitsOfRule(
  policies: RateLimitPolicies,
  rule: {
    readonly namespace: string;
    readonly route: string;
    readonly rule: string | undefined;
    readonly kind: RouteKind;
  },
  context: LimitContext,
): Pick<PortLimits, 'rateLimits'> {
  if (policies.isEmpty) return {};
  const acting = [
    ...(rule.rule === undefined ? [] : policies.ofRule(rule.namespace, rule.route, rule.rule, rule.kind)),
    ...policies.ofRoute(rule.namespace, rule.route, rule.kind),
  ];
  return requestLimits(acting, context);
}

function requestLimits(policies: readonly RateLimitResource[], context: LimitContext): Pick<PortLimits, 'rateLimits'> {
  const rateLimits = policies.flatMap((policy) =>
    (policy.spec.limits ?? []).flatMap((limit) => {
      if (limit.scope !== 'Global') return [ruleOf(policy, limit, context)];
      // Counted by each proxy for itself it would be another limit than the one that was asked for.
      if (isPlanned('rate-limit.global')) return [];
      const cluster = context.counterOf(policy);
      return cluster === undefined ? [] : [{ ...ruleOf(policy, limit, context), global: globalOf(policy, cluster) }];
    }),
  );
  return rateLimits.length === 0 ? {} : { rateLimits };
}

function ruleOf(policy: RateLimitResource, limit: RequestLimitSpec, { trustDomain }: LimitContext): RateLimitRule {
  return {
    id: `${idOf(policy)}/${limit.name}`,
    condition: conditionOf(limit.match, trustDomain),
    keys: (limit.by ?? []).map(keyOf),
    announces: policy.spec.quotaHeaders === 'Always',
    ...shapeOf(limit.requests, limit),
  };
}

function globalOf({ spec }: RateLimitResource, cluster: ClusterName): GlobalLimit {
  const { timeout, onFailure } = spec.global ?? {};
  const { globalTimeoutMs, failsOpen } = defaults.rateLimit;
  return {
    cluster,
    timeoutMs: timeout === undefined ? globalTimeoutMs : durationMs(timeout),
    failsOpen: onFailure === undefined ? failsOpen : onFailure === 'Allow',
  };
}

function connectionLimitOf(policy: RateLimitResource): ConnectionLimitRule[] {
  const { connections } = policy.spec;
  return connections === undefined
    ? []
    : [{ id: `${idOf(policy)}/connections`, ...shapeOf(connections.limit, connections) }];
}

function shapeOf(
  requests: number,
  { interval, burst }: { readonly interval?: string | undefined; readonly burst?: number | undefined },
) {
  const intervalMs = interval === undefined ? defaults.rateLimit.intervalMs : durationMs(interval);
  return { requests, intervalMs, burst: burst ?? requests };
}

function keyOf(key: LimitKeySpec): LimitKey {
  switch (key.type) {
    case 'Identity':
      return { type: 'identity' };
    case 'Address':
      return { type: 'address' };
    case 'Path':
      return { type: 'path' };
    case 'Header':
      return { type: 'header', name: key.name.toLowerCase() };
  }
}

function idOf(policy: RateLimitResource): string {
  return `${namespaceOf(policy)}/${policy.metadata.name}`;
}
