// The kinds of policies that protect or try calls, what each may be attached to, and who may change it.
import type { Role } from '#trpc/contract.ts';

export const POLICY_KINDS = ['TrafficPolicy', 'RateLimit', 'FaultInjection'] as const;
export type PolicyKind = (typeof POLICY_KINDS)[number];

export const TARGET_KINDS = [
  'Service',
  'ServiceVersion',
  'HTTPRoute',
  'GRPCRoute',
  'Workload',
  'Namespace',
  'Mesh',
] as const;
export type TargetKind = (typeof TARGET_KINDS)[number];

export interface KindFacts {
  readonly name: string;
  /** What it is for, in a sentence. */
  readonly purpose: string;
  readonly targets: readonly TargetKind[];
  readonly role: Extract<Role, 'editor' | 'operator'>;
}

export const KIND_FACTS: Readonly<Record<PolicyKind, KindFacts>> = {
  TrafficPolicy: {
    name: 'Traffic policy',
    purpose: 'Timeouts, retries, breakers, ejection and balancing of calls to its target',
    targets: ['Service', 'ServiceVersion', 'HTTPRoute', 'GRPCRoute', 'Namespace', 'Mesh'],
    role: 'editor',
  },
  RateLimit: {
    name: 'Rate limit',
    purpose: 'How many requests or connections its target takes, and from whom',
    targets: ['Service', 'HTTPRoute', 'GRPCRoute', 'Workload', 'Namespace', 'Mesh'],
    role: 'editor',
  },
  FaultInjection: {
    name: 'Fault',
    purpose: 'Delays, answers or breaks off a part of the calls, for a time that has an end',
    targets: ['Service', 'HTTPRoute', 'GRPCRoute'],
    role: 'operator',
  },
};

/** Group of each kind of target; '' of those whose kind says enough. */
export const TARGET_GROUPS: Readonly<Record<TargetKind, string>> = {
  Service: '',
  Namespace: '',
  ServiceVersion: 'malha.dev',
  Workload: 'malha.dev',
  Mesh: 'malha.dev',
  HTTPRoute: 'gateway.networking.k8s.io',
  GRPCRoute: 'gateway.networking.k8s.io',
};

export function isPolicyKind(text: string): text is PolicyKind {
  return POLICY_KINDS.some((kind) => kind === text);
}

export function isTargetKind(text: string): text is TargetKind {
  return TARGET_KINDS.some((kind) => kind === text);
}

export function isRouteKind(kind: string): boolean {
  return kind === 'HTTPRoute' || kind === 'GRPCRoute';
}

/** Where the editor of a policy is. */
export function policyHref(kind: string, namespace: string, name: string): string {
  return `/resilience/${kind}/${namespace}/${encodeURIComponent(name)}`;
}
