// Links workloads to the services that select them, by label.
import { defaults, namespaceOf, type ServiceResource, spiffeId, type WorkloadResource } from '@malha/model';
import type { SpiffeId } from '@malha/traffic';
import { compareText } from '../report.ts';
import { hasLabels, type PortEntry, type ServiceEntry, type WorkloadEntry } from './entries.ts';

export interface LinkedWorld {
  /** In order of creation. */
  readonly services: readonly ServiceEntry[];
  readonly servicesByKey: ReadonlyMap<string, ServiceEntry>;
  readonly workloads: readonly WorkloadEntry[];
  readonly workloadsByKey: ReadonlyMap<string, WorkloadEntry>;
}

interface OpenWorkload extends WorkloadEntry {
  services: ServiceEntry[];
}

/** A later workload of the same name replaces an earlier one: a registration outdates a file. */
export function link(
  services: readonly ServiceResource[],
  workloads: readonly WorkloadResource[],
  trustDomain: string,
): LinkedWorld {
  const byLabel = new LabelIndex(workloads);
  const selections = services.map((resource) => ({ resource, selected: byLabel.select(resource) }));
  const owner = new Map<WorkloadResource, string>();
  for (const { resource, selected } of selections) {
    for (const workload of selected) if (!owner.has(workload)) owner.set(workload, resource.metadata.name);
  }
  const entries = new Map<WorkloadResource, OpenWorkload>();
  for (const workload of byLabel.workloads) {
    entries.set(workload, workloadEntry(workload, owner.get(workload), trustDomain));
  }
  const linked = selections.map(({ resource, selected }) => {
    const members = selected.flatMap((workload) => entries.get(workload) ?? []);
    const service = serviceEntry(resource, members);
    for (const member of members) member.services.push(service);
    return service;
  });
  const list = [...entries.values()];
  return {
    services: linked,
    servicesByKey: new Map(linked.map((service) => [service.key, service])),
    workloads: list,
    workloadsByKey: new Map(list.map((workload) => [workload.key, workload])),
  };
}

/** Workloads of a namespace by one label, so that a selector does not look at all of them. */
class LabelIndex {
  /** One for each key, in order of the keys. */
  readonly workloads: readonly WorkloadResource[];
  readonly #byLabel = new Map<string, WorkloadResource[]>();

  constructor(workloads: readonly WorkloadResource[]) {
    const byKey = new Map(workloads.map((workload) => [workloadKey(workload), workload]));
    this.workloads = [...byKey.entries()].sort(([a], [b]) => compareText(a, b)).map(([, workload]) => workload);
    for (const workload of this.workloads) {
      for (const [name, value] of Object.entries(workload.metadata.labels ?? {})) {
        const key = `${namespaceOf(workload)}\0${name}\0${value}`;
        const list = this.#byLabel.get(key);
        if (list === undefined) this.#byLabel.set(key, [workload]);
        else list.push(workload);
      }
    }
  }

  /** Without a selector nothing is selected, as in Kubernetes. */
  select(service: ServiceResource): readonly WorkloadResource[] {
    const selector = service.spec.selector ?? {};
    const [first] = Object.entries(selector);
    if (first === undefined) return [];
    const candidates = this.#byLabel.get(`${namespaceOf(service)}\0${first[0]}\0${first[1]}`) ?? [];
    return candidates.filter((workload) => hasLabels(workload.metadata.labels ?? {}, selector));
  }
}

function workloadKey(workload: WorkloadResource): string {
  return `${namespaceOf(workload)}/${workload.metadata.name}`;
}

function workloadEntry(resource: WorkloadResource, service: string | undefined, trustDomain: string): OpenWorkload {
  const namespace = namespaceOf(resource);
  const { name } = resource.metadata;
  const serviceAccount = resource.spec.serviceAccount ?? service ?? name;
  return {
    resource,
    namespace,
    name,
    key: `${namespace}/${name}`,
    labels: resource.metadata.labels ?? {},
    serviceAccount,
    spiffeId: identity(trustDomain, namespace, serviceAccount),
    isHealthy: resource.status?.healthy ?? true,
    isMember: resource.spec.model !== 'none',
    services: [],
  };
}

/** The identity of a service account, as the runtime types brand it. */
export function identity(trustDomain: string, namespace: string, serviceAccount: string): SpiffeId {
  return spiffeId(trustDomain, namespace, serviceAccount) as SpiffeId;
}

function serviceEntry(resource: ServiceResource, workloads: readonly WorkloadEntry[]): ServiceEntry {
  const namespace = namespaceOf(resource);
  const { name } = resource.metadata;
  const ports = resource.spec.ports.map((spec): PortEntry => {
    const protocol = spec.appProtocol ?? defaults.appProtocol;
    return { spec, port: spec.port, protocol, isHttp: protocol !== 'tcp' && protocol !== 'tls' };
  });
  return {
    resource,
    namespace,
    name,
    key: `${namespace}/${name}`,
    ports,
    versions: resource.spec.versions ?? [],
    workloads,
  };
}
