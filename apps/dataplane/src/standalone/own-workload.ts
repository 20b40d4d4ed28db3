// Finds the proxy's own Workload among the resources, and the service and version that it is an instance of.
import { namespaceOf, type Resource, type ServiceResource, type WorkloadResource } from '@malha/model';
import type { WorkloadIdentity } from '../worker/worker-port.ts';
import { StandaloneError } from './errors.ts';

export interface OwnWorkload {
  readonly identity: WorkloadIdentity;
  readonly resource: WorkloadResource;
}

/** Throws MALHA4812 when it is not there. A workload that no Service selects stands for itself. */
export function findOwnWorkload(
  resources: readonly Resource[],
  wanted: { readonly namespace: string; readonly name: string },
): OwnWorkload {
  const workloads = resources.filter((each) => each.kind === 'Workload');
  const resource = workloads.find(
    (each) => namespaceOf(each) === wanted.namespace && each.metadata.name === wanted.name,
  );
  if (resource === undefined) {
    const known = workloads.slice(0, 10).map((each) => `${namespaceOf(each)}/${each.metadata.name}`);
    const hint = known.length === 0 ? 'there is no Workload at all' : `there are ${known.join(', ')}`;
    throw new StandaloneError(
      'MALHA4812',
      `no Workload ${wanted.namespace}/${wanted.name} among the resources: ${hint}`,
    );
  }
  const labels = resource.metadata.labels ?? {};
  const service = resources
    .filter((each) => each.kind === 'Service')
    .filter((each) => namespaceOf(each) === wanted.namespace)
    .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
    .find((each) => selects(each.spec.selector, labels));
  return {
    resource,
    identity: { ...wanted, service: service?.metadata.name ?? wanted.name, version: versionOf(service, labels) },
  };
}

type Labels = Readonly<Record<string, string>>;

function versionOf(service: ServiceResource | undefined, labels: Labels): string {
  const version = service?.spec.versions?.find((each) => selects(each.labels, labels));
  return version?.name ?? labels.version ?? '';
}

/** An absent or empty selector selects nothing. */
function selects(selector: Labels | undefined, labels: Labels): boolean {
  const wanted = Object.entries(selector ?? {});
  return wanted.length > 0 && wanted.every(([key, value]) => labels[key] === value);
}
