// Policies by what they are attached to, oldest first.
import { type Finding, keyOf, MESH_NAMESPACE, namespaceOf, parseServiceVersionName, type Resource } from '@malha/model';
import { report } from './report.ts';

/** A policy of any kind that has a targetRef. */
export interface Targeting {
  readonly spec: { readonly targetRef: TargetRef };
}

export interface TargetRef {
  readonly kind: string;
  readonly name?: string | undefined;
  readonly sectionName?: string | undefined;
}

/** Kinds of routes that policies are attached to. */
export type RouteKind = 'HTTPRoute' | 'GRPCRoute';

type PolicyResource = Resource & Targeting;

/** Which objects exist, by kind and `<namespace>/<name>`. */
export interface Existing {
  hasService(key: string): boolean;
  hasVersion(serviceKey: string, version: string): boolean;
  hasWorkload(key: string): boolean;
  hasRoute(kind: RouteKind, key: string, section: string | undefined): boolean;
}

export class PolicyTargets<P extends PolicyResource> {
  /** What is wrong with targets; a policy that reaches too far is left out. */
  readonly findings: readonly Finding[];
  /** Every policy that is attached, oldest first. */
  readonly attached: readonly P[];
  readonly #byTarget = new Map<string, P[]>();

  constructor(policies: readonly P[], existing: Existing) {
    const findings: Finding[] = [];
    const attached: P[] = [];
    for (const policy of policies) {
      const problem = targetProblem(policy, existing);
      if (problem !== undefined) findings.push(problem);
      if (problem?.severity === 'error') continue;
      attached.push(policy);
      const key = targetKey(policy.spec.targetRef, namespaceOf(policy));
      const list = this.#byTarget.get(key);
      if (list === undefined) this.#byTarget.set(key, [policy]);
      else list.push(policy);
    }
    this.findings = findings;
    this.attached = attached;
  }

  get isEmpty(): boolean {
    return this.attached.length === 0;
  }

  ofMesh(): readonly P[] {
    return this.#of('Mesh');
  }

  ofNamespace(namespace: string): readonly P[] {
    return this.#of(`Namespace/${namespace}`);
  }

  ofService(namespace: string, name: string): readonly P[] {
    return this.#of(`Service/${namespace}/${name}`);
  }

  ofVersion(namespace: string, service: string, version: string): readonly P[] {
    return this.#of(`ServiceVersion/${namespace}/${service}-${version}`);
  }

  ofWorkload(namespace: string, name: string): readonly P[] {
    return this.#of(`Workload/${namespace}/${name}`);
  }

  ofRoute(namespace: string, name: string, kind: RouteKind = 'HTTPRoute'): readonly P[] {
    return this.#of(`${kind}/${namespace}/${name}`);
  }

  ofRule(namespace: string, route: string, rule: string, kind: RouteKind = 'HTTPRoute'): readonly P[] {
    return this.#of(`${kind}/${namespace}/${route}#${rule}`);
  }

  /** Policies that share one target with an older one, for the check of conflicts. */
  *sharedTargets(): Iterable<readonly P[]> {
    for (const list of this.#byTarget.values()) if (list.length > 1) yield list;
  }

  #of(key: string): readonly P[] {
    return this.#byTarget.get(key) ?? [];
  }
}

function targetKey(target: TargetRef, namespace: string): string {
  if (target.kind === 'Mesh') return 'Mesh';
  if (target.kind === 'Namespace') return `Namespace/${target.name ?? ''}`;
  const section = target.sectionName === undefined ? '' : `#${target.sectionName}`;
  return `${target.kind}/${namespace}/${target.name ?? ''}${section}`;
}

function targetProblem(policy: PolicyResource, existing: Existing): Finding | undefined {
  const { targetRef } = policy.spec;
  const namespace = namespaceOf(policy);
  const name = targetRef.name ?? '';
  if (targetRef.kind === 'Mesh' && namespace !== MESH_NAMESPACE) {
    const message = `Only policies of namespace ${MESH_NAMESPACE} may target the mesh; ${keyOf(policy)} is in ${namespace}.`;
    return report('MALHA1035', policy, 'spec.targetRef.kind', message);
  }
  if (targetRef.kind === 'Namespace' && name !== namespace) {
    const message = `The policy is in namespace ${namespace} and cannot target namespace ${name}.`;
    return report('MALHA1035', policy, 'spec.targetRef.name', message);
  }
  if (exists(targetRef, `${namespace}/${name}`, existing)) return undefined;
  const section = targetRef.sectionName === undefined ? '' : ` with a rule "${targetRef.sectionName}"`;
  const message = `There is no ${targetRef.kind} "${name}"${section} in namespace ${namespace}.`;
  return report('MALHA1034', policy, 'spec.targetRef', message);
}

function exists(target: TargetRef, key: string, existing: Existing): boolean {
  switch (target.kind) {
    case 'Service':
      return existing.hasService(key);
    case 'ServiceVersion': {
      const parts = parseServiceVersionName(key);
      return parts !== undefined && existing.hasVersion(parts.service, parts.version);
    }
    case 'Workload':
      return existing.hasWorkload(key);
    case 'HTTPRoute':
    case 'GRPCRoute':
      return existing.hasRoute(target.kind, key, target.sectionName);
    default:
      return true;
  }
}
