// Route policies: which callers a rule is for. Decided when the caller's configuration is compiled, so it costs nothing later.
import { type Finding, keyOf, type RoutePolicyResource } from '@malha/model';
import { isPlanned } from '../enforcement.ts';
import { report } from '../report.ts';
import type { PolicyTargets } from '../targets.ts';

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
): readonly RoutePolicyResource[] {
  if (policies.isEmpty) return [];
  return [
    ...(rule === undefined ? [] : policies.ofRule(namespace, route, rule)),
    ...policies.ofRoute(namespace, route),
  ];
}

/**
 * Whether the rule is for this caller. A match that cannot be evaluated yet is taken as not fulfilled: traffic goes to
 * the next rule, never to a rule that was meant for few.
 */
export function isForCaller(policies: readonly RoutePolicyResource[], caller: Caller): boolean {
  return policies.every(({ spec }) => {
    if (spec.match === undefined) return true;
    if (unenforcedParts(spec.match).length > 0) return false;
    return spec.match.callers === undefined || spec.match.callers.some((wanted) => isCaller(wanted, caller));
  });
}

type Match = NonNullable<RoutePolicyResource['spec']['match']>;
type CallerMatch = NonNullable<Match['callers']>[number];

function isCaller(wanted: CallerMatch, caller: Caller): boolean {
  if (wanted.namespace !== undefined && wanted.namespace !== caller.namespace) return false;
  if (wanted.serviceAccount !== undefined && wanted.serviceAccount !== caller.serviceAccount) return false;
  return Object.entries(wanted.labels ?? {}).every(([name, value]) => caller.labels[name] === value);
}

function unenforcedParts(match: Match): ('percent' | 'devices' | 'countries')[] {
  return (['percent', 'devices', 'countries'] as const).filter(
    (part) => match[part] !== undefined && isPlanned(`match.${part}`),
  );
}

export function analyzeRoutePolicies(policies: RoutePolicies): Finding[] {
  const findings = [...policies.findings];
  for (const policy of policies.attached) {
    const { match, cohort, targetRef } = policy.spec;
    for (const part of match === undefined ? [] : unenforcedParts(match)) {
      const what =
        targetRef.sectionName === undefined ? 'the rules of the route are' : `rule "${targetRef.sectionName}" is`;
      const message = `Matching by ${part} is not enforced yet: ${what} left out, and requests go to the next rule.`;
      findings.push(report('MALHA1033', policy, `spec.match.${part}`, message));
    }
    if (cohort !== undefined && isPlanned('route.cohort')) {
      const message = 'Sticky splits are not enforced yet: requests are split by weight alone.';
      findings.push(report('MALHA1033', policy, 'spec.cohort', message));
    }
  }
  for (const sharing of policies.sharedTargets()) {
    const [first, ...later] = sharing;
    for (const policy of first === undefined ? [] : later) {
      if (first?.spec.cohort === undefined || policy.spec.cohort === undefined) continue;
      const message = `${keyOf(first)} is older and sets the cohort key.`;
      findings.push(report('MALHA1038', policy, 'spec.cohort', message));
    }
  }
  return findings;
}
