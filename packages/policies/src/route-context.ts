// What routes are compiled with, the same for those of a service and those of a gateway, but for their parent.
import { fallbackReferences } from './fallback-places.ts';
import { faultsOf } from './fault/apply.ts';
import { limitContext } from './limit-places.ts';
import { limitsOfRule } from './rate-limit/apply.ts';
import {
  type Caller,
  cohortKeyOf,
  conditionsOf,
  isForCaller,
  policiesOfRule,
  priorityOf,
} from './route-policy/apply.ts';
import { fallbackOf, hedgingOf } from './route-policy/resilience.ts';
import type { Destination, RouteContext, RuleRef } from './routes/apply.ts';
import {
  callTimeoutMs,
  effectiveOfRule,
  effectiveOfService,
  type RuleTarget,
  routeSettings,
  specsOfRule,
} from './traffic-policy/apply.ts';
import { breakerOf } from './traffic-policy/breaker.ts';
import type { WorldIndex } from './world-index.ts';

export function routeContext(index: WorldIndex, caller: Caller, parent: RouteContext['parent']): RouteContext {
  const policiesOf = ({ route, rule }: RuleRef) =>
    policiesOfRule(index.routePolicies, route.namespace, route.name, rule.name, route.resource.kind);
  return {
    parent,
    services: index.linked.servicesByKey,
    grants: index.grants,
    directResponses: index.directResponses,
    use: index.use,
    settingsOf: (ref, destination) => settingsOf(index, ref, destination),
    isForCaller: (ref) => isForCaller(policiesOf(ref), caller),
    conditionsOf: (ref) => conditionsOf(policiesOf(ref), caller),
    cohortOf: (ref) => cohortKeyOf(policiesOf(ref), caller),
    priorityOf: (ref) => priorityOf(policiesOf(ref)),
    resilienceOf: (ref, isGrpc) => {
      const policies = policiesOf(ref);
      const hedging = hedgingOf(policies);
      const fallback = fallbackOf(policies, fallbackReferences(index, ref, parent?.port.port, isGrpc));
      return { ...(hedging !== undefined && { hedging }), ...(fallback !== undefined && { fallback }) };
    },
    protectionOf: (ref, service) => {
      const rule = ref === undefined ? undefined : ruleTarget(ref);
      return {
        ...(rule !== undefined && limitsOfRule(index.rateLimits, rule, limitContext(index))),
        ...faultsOf(index.faults, { rule, service, caller }),
      };
    },
  };
}

/** Requests that go to no one service have what holds for the namespace of the route. */
function settingsOf(index: WorldIndex, ref: RuleRef | undefined, { service, version, isGrpc }: Destination) {
  const { trafficPolicies } = index;
  const target = { namespace: service?.namespace ?? ref?.route.namespace ?? '', service: service?.name ?? '', version };
  const rule = ref === undefined ? undefined : ruleTarget(ref);
  const effective =
    rule === undefined ? effectiveOfService(trafficPolicies, target) : effectiveOfRule(trafficPolicies, rule, target);
  const breaker = rule === undefined ? undefined : breakerOf(specsOfRule(trafficPolicies, rule));
  const settings = { ...routeSettings(effective), ...(breaker !== undefined && { breaker }) };
  return isGrpc ? { ...settings, requestTimeoutMs: callTimeoutMs(trafficPolicies, rule, target) } : settings;
}

function ruleTarget({ route, rule }: RuleRef): RuleTarget {
  return { namespace: route.namespace, route: route.name, kind: route.resource.kind, rule: rule.name };
}
