// Traffic policies: fields that are not enforced yet or not at this level, and policies that disagree.
import { type Finding, keyOf, type TrafficPolicyResource, type TrafficPolicySpec } from '@malha/model';
import { report } from '../report.ts';
import type { TrafficPolicies } from './apply.ts';

export function analyzeTrafficPolicies(policies: TrafficPolicies): Finding[] {
  const findings = [...policies.findings];
  for (const policy of policies.attached) findings.push(...fieldFindings(policy));
  for (const sharing of policies.sharedTargets()) findings.push(...conflicts(sharing));
  return findings;
}

const OF_SERVICES = [
  ...(['connection', 'loadBalancer', 'outlierDetection', 'healthCheck', 'overload', 'requests'] as const),
];

function fieldFindings(policy: TrafficPolicyResource): Finding[] {
  const { spec } = policy;
  const findings: Finding[] = [];
  if (spec.targetRef.kind !== 'HTTPRoute' && spec.targetRef.kind !== 'GRPCRoute') return findings;
  for (const field of OF_SERVICES) {
    if (spec[field] === undefined) continue;
    const message = `spec.${field} belongs to a service or version; a policy of a route cannot set it.`;
    findings.push(report('MALHA1033', policy, `spec.${field}`, message));
  }
  return findings;
}

/** `sharing` is oldest first: a younger policy loses each field that an older one sets to another value. */
function conflicts(sharing: readonly TrafficPolicyResource[]): Finding[] {
  const findings: Finding[] = [];
  const setBy = new Map<string, { policy: TrafficPolicyResource; value: string }>();
  for (const policy of sharing) {
    for (const [path, value] of leaves(policy.spec)) {
      const earlier = setBy.get(path);
      if (earlier === undefined) setBy.set(path, { policy, value });
      else if (earlier.value !== value) {
        const message = `${keyOf(earlier.policy)} is older and sets ${path} to ${earlier.value}; ${value} has no effect.`;
        findings.push(report('MALHA1038', policy, path, message));
      }
    }
  }
  return findings;
}

function leaves(spec: TrafficPolicySpec & { readonly targetRef?: unknown }): [string, string][] {
  const found: [string, string][] = [];
  const walk = (value: unknown, path: string): void => {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      for (const [name, child] of Object.entries(value))
        if (path !== 'spec' || name !== 'targetRef') walk(child, `${path}.${name}`);
    } else if (value !== undefined) found.push([path, JSON.stringify(value)]);
  };
  walk(spec, 'spec');
  return found;
}
