// The first text of a policy that is not stored yet: attached to its target, and doing little until more is said. Pure.
import { stringify } from 'yaml';
import { isTargetKind, type PolicyKind, TARGET_GROUPS } from './kinds.ts';
import type { TargetRef } from './policy.ts';

/** What each kind has to say at least. */
const FIRST: Readonly<Record<PolicyKind, object>> = {
  TrafficPolicy: { timeouts: { request: '5s' } },
  RateLimit: { limits: [{ name: 'all', requests: 100 }] },
  FaultInjection: { delay: { percent: 5, duration: '400ms' }, expiresAfter: '10m' },
};

export interface NewPolicy {
  readonly kind: PolicyKind;
  readonly namespace: string;
  readonly name: string;
  readonly target: TargetRef;
}

export function newPolicyYaml({ kind, namespace, name, target }: NewPolicy): string {
  return stringify({
    apiVersion: 'malha.dev/v1',
    kind,
    metadata: { name, namespace },
    spec: { targetRef: targetRefOf(target), ...FIRST[kind] },
  });
}

export function targetRefOf({ kind, name, rule }: TargetRef): Record<string, string> {
  const group = isTargetKind(kind) ? TARGET_GROUPS[kind] : '';
  return {
    ...(group !== '' && { group }),
    kind,
    ...(kind !== 'Mesh' && { name }),
    ...(rule !== '' && { sectionName: rule }),
  };
}

/** `Service/reviews`, `HTTPRoute/reviews/default`: what stands in the address of a new one. */
export function targetFrom(text: string): TargetRef | undefined {
  const [kind = '', name = '', rule = ''] = text.split('/');
  return isTargetKind(kind) && (kind === 'Mesh' || name !== '') ? { kind, name, rule } : undefined;
}
