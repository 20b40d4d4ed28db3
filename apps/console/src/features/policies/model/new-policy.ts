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

/** What makes an experiment of a fault; it ends by itself where it does more harm than is to be learned from. */
const EXPERIMENT = {
  stop: { errorPercent: 5 },
  experiment: { hypothesis: [{ of: 'Callers', minSuccessPercent: 99 }] },
};

export interface NewPolicy {
  readonly kind: PolicyKind;
  readonly namespace: string;
  readonly name: string;
  readonly target: TargetRef;
  /** Of a fault: with a hypothesis that is judged. */
  readonly isExperiment?: boolean;
}

export function newPolicyYaml({ kind, namespace, name, target, isExperiment = false }: NewPolicy): string {
  return stringify({
    apiVersion: 'malha.dev/v1',
    kind,
    metadata: { name, namespace },
    spec: { targetRef: targetRefOf(target), ...FIRST[kind], ...(isExperiment && EXPERIMENT) },
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
