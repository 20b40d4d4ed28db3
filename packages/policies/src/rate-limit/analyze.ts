// Rate limits that cannot do what they say at the place that they are attached to.
import { type Finding, namespaceOf, type RateLimitResource } from '@malha/model';
import { isPlanned } from '../enforcement.ts';
import { report } from '../report.ts';
import type { RateLimitPolicies } from './apply.ts';

export interface LimitedWorld {
  /** Name of the service that counts global limits of the policy, and whether the mesh has it. */
  counterOf(policy: RateLimitResource): { readonly name: string; readonly exists: boolean };
  /** Whether the service has a port of bytes; undefined: there is no such service. */
  hasRawPort(namespace: string, service: string): boolean | undefined;
}

export function analyzeRateLimits(policies: RateLimitPolicies, world: LimitedWorld): Finding[] {
  return [...policies.findings, ...policies.attached.flatMap((policy) => findingsOf(policy, world))];
}

function findingsOf(policy: RateLimitResource, world: LimitedWorld): Finding[] {
  const { targetRef, limits = [], connections } = policy.spec;
  const findings: Finding[] = [];
  const isOfRoute = targetRef.kind === 'HTTPRoute' || targetRef.kind === 'GRPCRoute';
  for (const [index, limit] of limits.entries()) {
    const path = `spec.limits[${index}]`;
    if (isOfRoute && limit.match?.callers !== undefined) {
      const message = `No identity is known at a route: limit "${limit.name}" counts nothing.`;
      findings.push(report('MALHA1080', policy, `${path}.match.callers`, message));
    }
    if (isOfRoute && limit.by?.some(({ type }) => type === 'Identity') === true) {
      const message = `No identity is known at a route: all callers of limit "${limit.name}" share one bucket.`;
      findings.push(report('MALHA1080', policy, `${path}.by`, message));
    }
    if (limit.scope === 'Global') findings.push(...globalFindings(policy, path, world));
  }
  const hasRawPort =
    targetRef.kind === 'Service' ? world.hasRawPort(namespaceOf(policy), targetRef.name ?? '') : undefined;
  if (connections !== undefined && (isOfRoute || hasRawPort === false)) {
    const message = 'Only connections to ports with appProtocol tcp or tls are counted, and the target has none.';
    findings.push(report('MALHA1081', policy, 'spec.connections', message));
  }
  return findings;
}

function globalFindings(policy: RateLimitResource, path: string, world: LimitedWorld): Finding[] {
  if (isPlanned('rate-limit.global')) {
    const message = 'Global limits are not enforced yet: the limit counts nothing.';
    return [report('MALHA1033', policy, `${path}.scope`, message)];
  }
  const { name, exists } = world.counterOf(policy);
  return exists ? [] : [report('MALHA1082', policy, `${path}.scope`, `There is no Service ${name} with such a port.`)];
}
