// Faults of the requests of one caller: those of the rule, of its route, and of the service that they are for.
import { type CallerIdentity, durationMs, type FaultInjectionResource, namespaceOf, timestampMs } from '@malha/model';
import type { FaultRule } from '@malha/traffic';
import { conditionOf } from '../request-match.ts';
import type { PolicyTargets, RouteKind } from '../targets.ts';

export type FaultPolicies = PolicyTargets<FaultInjectionResource>;

export interface FaultedRule {
  readonly namespace: string;
  readonly route: string;
  readonly kind: RouteKind;
  readonly rule: string | undefined;
}

export interface FaultedCall {
  /** Undefined: no route is attached. */
  readonly rule: FaultedRule | undefined;
  /** Undefined: the requests go to no one service. */
  readonly service: { readonly namespace: string; readonly name: string } | undefined;
  readonly caller: { readonly namespace: string; readonly serviceAccount: string };
}

/** Whether what one caller meets another may not. */
export function hasFaultsByCaller(policies: FaultPolicies): boolean {
  return policies.attached.some(({ spec }) => spec.callers !== undefined);
}

const PER_PERCENT = 10_000;

/** The most specific first: the first that is for a request acts on it. */
export function faultsOf(
  policies: FaultPolicies,
  { rule, service, caller }: FaultedCall,
): { readonly faults?: readonly FaultRule[] } {
  if (policies.isEmpty) return {};
  const acting = [
    ...(rule?.rule === undefined ? [] : policies.ofRule(rule.namespace, rule.route, rule.rule, rule.kind)),
    ...(rule === undefined ? [] : policies.ofRoute(rule.namespace, rule.route, rule.kind)),
    ...(service === undefined ? [] : policies.ofService(service.namespace, service.name)),
  ].filter(({ spec }) => spec.callers === undefined || spec.callers.some((wanted) => isCaller(wanted, caller)));
  return acting.length === 0 ? {} : { faults: acting.map(ruleOf) };
}

function isCaller(wanted: CallerIdentity, caller: FaultedCall['caller']): boolean {
  if (wanted.namespace !== caller.namespace) return false;
  return wanted.serviceAccount === undefined || wanted.serviceAccount === caller.serviceAccount;
}

function ruleOf(policy: FaultInjectionResource): FaultRule {
  const { match, delay, abort, reset, expiresAfter, startedAt } = policy.spec;
  return {
    id: `${namespaceOf(policy)}/${policy.metadata.name}`,
    condition: conditionOf(match, ''),
    ...(delay !== undefined && {
      delay: { perMillion: perMillion(delay.percent), durationMs: durationMs(delay.duration) },
    }),
    ...(abort !== undefined && {
      abort: {
        perMillion: perMillion(abort.percent),
        ...(abort.httpStatus !== undefined && { status: abort.httpStatus }),
        ...(abort.grpcStatus !== undefined && { grpcStatus: abort.grpcStatus }),
      },
    }),
    ...(reset !== undefined && { reset: { perMillion: perMillion(reset.percent) } }),
    lastsMs: durationMs(expiresAfter),
    ...(startedAt !== undefined && { startedAtMs: timestampMs(startedAt) }),
  };
}

function perMillion(percent: number): number {
  return Math.round(percent * PER_PERCENT);
}
