// Whose requests a fault is for: the service that it names, or the backends of the route.
import { type FaultInjectionResource, namespaceOf, parseServiceVersionName, type Resource } from '@malha/model';
import type { ResourceState } from '../resources/types.ts';
import type { ServiceRef } from '../telemetry/query/aggregate.ts';

export function servicesOf(fault: FaultInjectionResource, { byKey }: Pick<ResourceState, 'byKey'>): ServiceRef[] {
  const { kind, name = '', sectionName } = fault.spec.targetRef;
  const namespace = namespaceOf(fault);
  if (kind === 'Service') return [{ namespace, name }];
  const route = byKey.get(`${kind}/${namespace}/${name}`)?.resource;
  const services = new Map<string, ServiceRef>();
  for (const ref of route === undefined ? [] : backendsOf(route, sectionName)) {
    const service = { namespace: ref.namespace ?? namespace, name: serviceName(ref) };
    services.set(`${service.namespace}/${service.name}`, service);
  }
  return [...services.values()];
}

interface BackendRef {
  readonly kind?: string | undefined;
  readonly name: string;
  readonly namespace?: string | undefined;
}

function backendsOf(route: Resource, rule: string | undefined): readonly BackendRef[] {
  if (route.kind !== 'HTTPRoute' && route.kind !== 'GRPCRoute') return [];
  const rules = route.spec.rules ?? [];
  return rules
    .filter(({ name }) => rule === undefined || name === rule)
    .flatMap(({ backendRefs }) => backendRefs ?? []);
}

function serviceName({ kind, name }: BackendRef): string {
  return kind === 'ServiceVersion' ? (parseServiceVersionName(name)?.service ?? name) : name;
}
