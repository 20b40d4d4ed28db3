// From merged traffic policies to the settings of routes.
import { durationMs, type TrafficPolicyResource, type TrafficPolicySpec } from '@malha/model';
import type { ForwardAction, RetryPolicy } from '@malha/traffic';
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
  return mergeTraffic(specsOfService(policies, target));
}

/** What holds for the requests of one rule: rule, route, then the service that they go to. */
export function effectiveOfRule(policies: TrafficPolicies, rule: RuleTarget, service: VersionTarget): EffectiveTraffic {
  const levels = [...ruleLevels(policies, rule), ...serviceLevels(policies, service)];
  return mergeTraffic(levels.map((policy) => policy.spec));
}

/** What the levels of a service say for itself, of the most specific on. */
export function specsOfService(policies: TrafficPolicies, target: VersionTarget): TrafficPolicySpec[] {
  return serviceLevels(policies, target).map((policy) => policy.spec);
}

/** What a rule and its route say, without the service that they go to. */
export function specsOfRule(policies: TrafficPolicies, rule: RuleTarget): TrafficPolicySpec[] {
  return ruleLevels(policies, rule).map((policy) => policy.spec);
}

/**
 * The request timeout of calls of gRPC, 0 = none. A call may be a stream that lasts for days: neither the default nor what
 * is set for a whole namespace or mesh bounds it, only who speaks of these calls: a rule, a route, a version or a service.
 */
export function callTimeoutMs(policies: TrafficPolicies, rule: RuleTarget | undefined, service: VersionTarget): number {
  const levels = [...(rule === undefined ? [] : ruleLevels(policies, rule)), ...ownLevels(policies, service)];
  const timeout = levels.map(({ spec }) => spec.timeouts?.request).find((each) => each !== undefined);
  return timeout === undefined ? 0 : durationMs(timeout);
}

function ruleLevels(policies: TrafficPolicies, { namespace, route, rule, kind }: RuleTarget): TrafficPolicyResource[] {
  const ofRule = rule === undefined ? [] : policies.ofRule(namespace, route, rule, kind);
  return [...ofRule, ...policies.ofRoute(namespace, route, kind)];
}

function ownLevels(policies: TrafficPolicies, { namespace, service, version }: VersionTarget): TrafficPolicyResource[] {
  const ofVersion = version === '' ? [] : policies.ofVersion(namespace, service, version);
  return [...ofVersion, ...policies.ofService(namespace, service)];
}

function serviceLevels(policies: TrafficPolicies, target: VersionTarget): TrafficPolicyResource[] {
  return [...ownLevels(policies, target), ...policies.ofNamespace(target.namespace), ...policies.ofMesh()];
}

/** The part of a forward action that traffic policies decide. */
export type RouteSettings = Pick<
  ForwardAction,
  'requestTimeoutMs' | 'backendRequestTimeoutMs' | 'streamIdleTimeoutMs' | 'retry' | 'breaker' | 'maxDurationMs'
>;

export function routeSettings(effective: EffectiveTraffic): RouteSettings {
  return {
    requestTimeoutMs: effective.requestTimeoutMs,
    backendRequestTimeoutMs: 0,
    streamIdleTimeoutMs: effective.streamIdleTimeoutMs,
    ...(effective.maxDurationMs > 0 && { maxDurationMs: effective.maxDurationMs }),
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
