// Route policies: which callers a rule is for, decided when the caller's configuration is compiled, so that it costs nothing
// later; which share and devices it takes; and what keeps a user with one version.
import { type Finding, keyOf, type RoutePolicyResource } from '@malha/model';
import type { CohortKey, Priority, RouteMatch } from '@malha/traffic';
import { isPlanned } from '../enforcement.ts';
import { report } from '../report.ts';
import type { PolicyTargets, RouteKind } from '../targets.ts';

export type RoutePolicies = PolicyTargets<RoutePolicyResource>;

export interface Caller {
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Policies that act on a rule: those of the rule and those of the whole route. */
export function policiesOfRule(
  policies: RoutePolicies,
  namespace: string,
  route: string,
  rule: string | undefined,
  kind: RouteKind,
): readonly RoutePolicyResource[] {
  if (policies.isEmpty) return [];
  return [
    ...(rule === undefined ? [] : policies.ofRule(namespace, route, rule, kind)),
    ...policies.ofRoute(namespace, route, kind),
  ];
}

/** Whether the rule is for this caller, and for anybody: policies that have no device or country in common let none in. */
export function isForCaller(policies: readonly RoutePolicyResource[], caller: Caller): boolean {
  const matches = policies.flatMap(({ spec }) => spec.match ?? []);
  const isEmpty = (list: readonly unknown[] | undefined) => list?.length === 0;
  if (isEmpty(common(matches.map(({ devices }) => devices)))) return false;
  if (isEmpty(common(matches.map(({ countries }) => countries)))) return false;
  return matches.every(({ callers }) => callers === undefined || callers.some((wanted) => isCaller(wanted, caller)));
}

/** What the policies ask of each request beyond the rule's own match; undefined = nothing. */
export function conditionsOf(
  policies: readonly RoutePolicyResource[],
  caller: Caller,
): Pick<RouteMatch, 'countries' | 'devices' | 'share'> | undefined {
  const matches = policies.flatMap(({ spec }) => spec.match ?? []);
  const percents = matches.flatMap(({ percent }) => percent ?? []);
  const devices = common(matches.map((match) => match.devices));
  const countries = common(matches.map((match) => match.countries));
  if (percents.length === 0 && devices === undefined && countries === undefined) return undefined;
  const cohort = cohortKeyOf(policies, caller);
  return {
    ...(countries !== undefined && { countries }),
    ...(devices !== undefined && { devices }),
    // Every policy must agree: a share within a share is the smaller one.
    ...(percents.length > 0 && {
      share: { perMillion: Math.round(Math.min(...percents) * 10_000), ...(cohort !== undefined && { cohort }) },
    }),
  };
}

/** What is in all of the lists; undefined when there is none. */
function common<T>(lists: readonly (readonly T[] | undefined)[]): readonly T[] | undefined {
  const [first, ...others] = lists.filter((list) => list !== undefined);
  return first?.filter((each) => others.every((other) => other.includes(each)));
}

/** The oldest policy that says it counts; undefined when none does, or by what is not known here. */
export function cohortKeyOf(policies: readonly RoutePolicyResource[], caller: Caller): CohortKey | undefined {
  const cohort = policies.find(({ spec }) => spec.cohort !== undefined)?.spec.cohort;
  if (cohort?.header !== undefined) return { type: 'header', name: cohort.header.toLowerCase() };
  if (cohort?.cookie !== undefined) return { type: 'cookie', name: cohort.cookie };
  if (cohort?.source === 'identity') return { type: 'fixed', value: `${caller.namespace}/${caller.serviceAccount}` };
  return undefined;
}

/** Of the oldest policy that says one. */
export function priorityOf(policies: readonly RoutePolicyResource[]): Priority | undefined {
  return policies.find(({ spec }) => spec.priority !== undefined)?.spec.priority;
}

type Match = NonNullable<RoutePolicyResource['spec']['match']>;
type CallerMatch = NonNullable<Match['callers']>[number];

function isCaller(wanted: CallerMatch, caller: Caller): boolean {
  if (wanted.namespace !== undefined && wanted.namespace !== caller.namespace) return false;
  if (wanted.serviceAccount !== undefined && wanted.serviceAccount !== caller.serviceAccount) return false;
  return Object.entries(wanted.labels ?? {}).every(([name, value]) => caller.labels[name] === value);
}

/** `isAtGateway`: whether a listener of a gateway has the route of the policy. */
export function analyzeRoutePolicies(
  policies: RoutePolicies,
  isAtGateway: (policy: RoutePolicyResource) => boolean,
): Finding[] {
  const findings = [...policies.findings];
  for (const policy of policies.attached) {
    const { match, cohort } = policy.spec;
    if (match?.countries !== undefined && !isAtGateway(policy)) {
      const message =
        'No gateway has the route: the country of a caller within the mesh is not known, and no request matches.';
      findings.push(report('MALHA1052', policy, 'spec.match.countries', message));
    }
    if (cohort?.claim !== undefined && isPlanned('route.cohort-claim')) {
      const message = 'Sticky splits by a claim are not enforced yet: requests are split by weight alone.';
      findings.push(report('MALHA1033', policy, 'spec.cohort.claim', message));
    }
  }
  for (const sharing of policies.sharedTargets()) {
    const [first, ...later] = sharing;
    for (const policy of first === undefined ? [] : later) {
      for (const field of ['cohort', 'hedging', 'fallback'] as const) {
        if (first?.spec[field] === undefined || policy.spec[field] === undefined) continue;
        const message = `${keyOf(first)} is older and sets ${field}.`;
        findings.push(report('MALHA1038', policy, `spec.${field}`, message));
      }
    }
  }
  return findings;
}
