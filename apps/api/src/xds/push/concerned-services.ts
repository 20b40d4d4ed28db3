// Whose callers a change of resources concerns: the services that the changed routes and policies are attached to.
import { keyOf, namespaceOf, parseServiceVersionName, type Resource } from '@malha/model';
import type { World } from '@malha/policies';

interface Ref {
  readonly kind?: string | undefined;
  readonly name?: string | undefined;
  readonly namespace?: string | undefined;
}

/** `<namespace>/<name>` of services. Changes of a whole namespace or of the mesh name none: they concern everybody alike. */
export function concernedServices(before: World, after: World): ReadonlySet<string> {
  if (before.resources === after.resources) return new Set();
  const concerned = new Set<string>();
  // Unchanged resources are the same objects in both worlds.
  for (const [resources, others] of [
    [before.resources, new Set(after.resources)],
    [after.resources, new Set(before.resources)],
  ] as const) {
    for (const resource of resources) {
      if (!others.has(resource)) collect(resource, resources, concerned);
    }
  }
  return concerned;
}

function collect(resource: Resource, resources: readonly Resource[], concerned: Set<string>): void {
  const namespace = namespaceOf(resource);
  if (resource.kind === 'Service') concerned.add(`${namespace}/${resource.metadata.name}`);
  const { spec } = resource;
  if ('parentRefs' in spec) for (const parent of spec.parentRefs ?? []) add(parent, namespace, concerned);
  if (!('targetRef' in spec)) return;
  const target = spec.targetRef;
  add(target, namespace, concerned);
  if (!target.kind.endsWith('Route')) return;
  const key = `${target.kind}/${namespace}/${target.name}`;
  const route = resources.find((candidate) => candidate.kind === target.kind && keyOf(candidate) === key);
  if (route !== undefined) collect(route, resources, concerned);
}

function add({ kind, name = '', namespace }: Ref, owner: string, concerned: Set<string>): void {
  if (kind === 'Service') concerned.add(`${namespace ?? owner}/${name}`);
  if (kind !== 'ServiceVersion') return;
  const service = parseServiceVersionName(name)?.service;
  if (service !== undefined) concerned.add(`${namespace ?? owner}/${service}`);
}
