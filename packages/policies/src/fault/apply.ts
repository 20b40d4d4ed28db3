// Faults of the requests of one caller: those of the rule, of its route, and of the service that they are for.
import {
  type CallerIdentity,
  defaults,
  durationMs,
  type FaultInjectionResource,
  type FaultStop,
  namespaceOf,
  timestampMs,
} from '@malha/model';
import type { FaultRule, FaultStopRule } from '@malha/traffic';
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
  ].filter((policy) => isActing(policy, caller));
  return acting.length === 0 ? {} : { faults: acting.map(ruleOf) };
}

/**
 * Those of the connections of bytes that a caller opens to a service. What a policy asks of requests is true of none of
 * them, and an answer cannot be made up.
 */
export function connectionFaultsOf(
  policies: FaultPolicies,
  service: { readonly namespace: string; readonly name: string },
  caller: FaultedCall['caller'],
): { readonly faults?: readonly FaultRule[] } {
  const acting = policies
    .ofService(service.namespace, service.name)
    .filter((policy) => isActing(policy, caller) && policy.spec.match === undefined && isForConnections(policy))
    .map(ruleOf)
    .map(({ abort: _, ...rule }) => rule);
  return acting.length === 0 ? {} : { faults: acting };
}

function isForConnections({ spec: { delay, reset, bandwidth } }: FaultInjectionResource): boolean {
  return delay !== undefined || reset !== undefined || bandwidth !== undefined;
}

/** What was ended stays in the mesh, for whoever asks what became of it. */
function isActing({ spec }: FaultInjectionResource, caller: FaultedCall['caller']): boolean {
  if (spec.ended !== undefined) return false;
  return spec.callers === undefined || spec.callers.some((wanted) => isCaller(wanted, caller));
}

function isCaller(wanted: CallerIdentity, caller: FaultedCall['caller']): boolean {
  if (wanted.namespace !== caller.namespace) return false;
  return wanted.serviceAccount === undefined || wanted.serviceAccount === caller.serviceAccount;
}

function ruleOf(policy: FaultInjectionResource): FaultRule {
  const { match, delay, abort, reset, bandwidth, stop, expiresAfter, startedAt } = policy.spec;
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
    ...(bandwidth !== undefined && { bandwidth: bandwidthOf(bandwidth) }),
    ...(stop !== undefined && { stop: stopOf(stop) }),
    lastsMs: durationMs(expiresAfter),
    ...(startedAt !== undefined && { startedAtMs: timestampMs(startedAt) }),
  };
}

function bandwidthOf({
  percent,
  responseBytesPerSecond,
  requestBytesPerSecond,
}: NonNullable<FaultInjectionResource['spec']['bandwidth']>): NonNullable<FaultRule['bandwidth']> {
  return {
    perMillion: perMillion(percent),
    ...(responseBytesPerSecond !== undefined && { responseBytesPerSecond }),
    ...(requestBytesPerSecond !== undefined && { requestBytesPerSecond }),
  };
}

export function stopOf({ errorPercent, window, minRequests, of = ['Service', 'Callers'] }: FaultStop): FaultStopRule {
  const { faultStop } = defaults;
  return {
    errorPerMillion: perMillion(errorPercent),
    windowMs: window === undefined ? faultStop.windowMs : durationMs(window),
    minRequests: minRequests ?? faultStop.minRequests,
    ofService: of.includes('Service'),
    ofCallers: of.includes('Callers'),
  };
}

function perMillion(percent: number): number {
  return Math.round(percent * PER_PERCENT);
}
