// From merged traffic policies to the settings of clusters and routes.
import type { TrafficPolicyResource } from '@malha/model';
import type { Cluster, ForwardAction, RetryPolicy } from '@malha/traffic';
import type { PolicyTargets, RouteKind } from '../targets.ts';
import { type EffectiveTraffic, mergeTraffic } from './merge.ts';

export type TrafficPolicies = PolicyTargets<TrafficPolicyResource>;

export interface VersionTarget {
  readonly namespace: string;
  readonly service: string;
  /** Empty for the whole service. */
  readonly version: string;
}

export interface RuleTarget {
  readonly namespace: string;
  readonly route: string;
  readonly kind: RouteKind;
  /** Name of the rule, if it has one. */
  readonly rule: string | undefined;
}

/** What a service or version sets, with its namespace and the mesh below it. */
export function effectiveOfService(policies: TrafficPolicies, target: VersionTarget): EffectiveTraffic {
  return mergeTraffic(serviceLevels(policies, target).map((policy) => policy.spec));
}

/** What holds for the requests of one rule: rule, route, then the service that they go to. */
export function effectiveOfRule(policies: TrafficPolicies, rule: RuleTarget, service: VersionTarget): EffectiveTraffic {
  const levels = [
    ...(rule.rule === undefined ? [] : policies.ofRule(rule.namespace, rule.route, rule.rule, rule.kind)),
    ...policies.ofRoute(rule.namespace, rule.route, rule.kind),
    ...serviceLevels(policies, service),
  ];
  return mergeTraffic(levels.map((policy) => policy.spec));
}

function serviceLevels(policies: TrafficPolicies, target: VersionTarget): TrafficPolicyResource[] {
  const { namespace, service, version } = target;
  return [
    ...(version === '' ? [] : policies.ofVersion(namespace, service, version)),
    ...policies.ofService(namespace, service),
    ...policies.ofNamespace(namespace),
    ...policies.ofMesh(),
  ];
}

export function clusterSettings(
  effective: EffectiveTraffic,
): Pick<Cluster, 'connectTimeoutMs' | 'idleTimeoutMs' | 'limits' | 'loadBalancer'> {
  return {
    connectTimeoutMs: effective.connectTimeoutMs,
    idleTimeoutMs: effective.idleTimeoutMs,
    limits: {
      maxConnections: effective.maxConnections,
      maxPending: effective.maxPending,
      maxRequests: effective.maxRequests,
    },
    loadBalancer: { type: effective.loadBalancer },
  };
}

/** The part of a forward action that traffic policies decide. */
export type RouteSettings = Pick<
  ForwardAction,
  'requestTimeoutMs' | 'backendRequestTimeoutMs' | 'streamIdleTimeoutMs' | 'retry'
>;

export function routeSettings(effective: EffectiveTraffic): RouteSettings {
  return {
    requestTimeoutMs: effective.requestTimeoutMs,
    backendRequestTimeoutMs: 0,
    streamIdleTimeoutMs: effective.streamIdleTimeoutMs,
    retry: retryOf(effective),
  };
}

function retryOf(effective: EffectiveTraffic): RetryPolicy {
  return {
    attempts: effective.retryAttempts,
    on: effective.retryOn,
    statusCodes: effective.retryStatusCodes,
    backoffBaseMs: effective.retryBackoffBaseMs,
    backoffMaxMs: Math.max(effective.retryBackoffMaxMs, effective.retryBackoffBaseMs),
    budget: { percent: effective.retryBudgetPercent, minConcurrent: effective.retryBudgetMinConcurrent },
  };
}
