// What routes are compiled with, the same for those of a service and those of a gateway, but for their parent.
import { type Caller, cohortKeyOf, conditionsOf, isForCaller, policiesOfRule } from './route-policy/apply.ts';
import type { RouteContext, RuleRef } from './routes/apply.ts';
import type { ServiceEntry } from './services/entries.ts';
import { effectiveOfRule, effectiveOfService, routeSettings } from './traffic-policy/apply.ts';
import type { WorldIndex } from './world-index.ts';

export function routeContext(index: WorldIndex, caller: Caller, parent: RouteContext['parent']): RouteContext {
  const policiesOf = ({ route, rule }: RuleRef) =>
    policiesOfRule(index.routePolicies, route.namespace, route.name, rule.name, route.resource.kind);
  return {
    parent,
    services: index.linked.servicesByKey,
    grants: index.grants,
    use: index.use,
    settingsOf: (ref, service, version) => settingsOf(index, ref, service, version),
    isForCaller: (ref) => isForCaller(policiesOf(ref), caller),
    conditionsOf: (ref) => conditionsOf(policiesOf(ref), caller),
    cohortOf: (ref) => cohortKeyOf(policiesOf(ref), caller),
  };
}

/** Requests that go to no one service have what holds for the namespace of the route. */
function settingsOf(index: WorldIndex, ref: RuleRef | undefined, service: ServiceEntry | undefined, version: string) {
  const namespace = service?.namespace ?? ref?.route.namespace ?? '';
  const target = { namespace, service: service?.name ?? '', version };
  if (ref === undefined) return routeSettings(effectiveOfService(index.trafficPolicies, target));
  const { namespace: owner, name, resource } = ref.route;
  const rule = { namespace: owner, route: name, kind: resource.kind, rule: ref.rule.name };
  return routeSettings(effectiveOfRule(index.trafficPolicies, rule, target));
}
