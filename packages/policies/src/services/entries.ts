// Services and workloads with what links them: which workloads a service has, in which versions, at which ports.
import type { AppProtocol, ServicePort, ServiceResource, ServiceVersion, WorkloadResource } from '@malha/model';
import type { SpiffeId } from '@malha/traffic';

export interface ServiceEntry {
  readonly resource: ServiceResource;
  readonly namespace: string;
  readonly name: string;
  /** `<namespace>/<name>` */
  readonly key: string;
  readonly ports: readonly PortEntry[];
  readonly versions: readonly ServiceVersion[];
  /** Selected workloads in order of their keys, healthy or not. */
  readonly workloads: readonly WorkloadEntry[];
}

export interface PortEntry {
  readonly spec: ServicePort;
  readonly port: number;
  readonly protocol: AppProtocol;
  readonly isHttp: boolean;
}

export interface WorkloadEntry {
  readonly resource: WorkloadResource;
  readonly namespace: string;
  readonly name: string;
  /** `<namespace>/<name>` */
  readonly key: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly serviceAccount: string;
  readonly spiffeId: SpiffeId;
  readonly isHealthy: boolean;
  /** Whether something of the mesh takes its inbound calls. */
  readonly isMember: boolean;
  /** Services that select it, in order of their creation. */
  readonly services: readonly ServiceEntry[];
}

export function hasLabels(labels: Readonly<Record<string, string>>, wanted: Readonly<Record<string, string>>): boolean {
  for (const [name, value] of Object.entries(wanted)) if (labels[name] !== value) return false;
  return true;
}

/** The port of the workload that a service's port means; undefined when the workload has no port of that name. */
export function targetPortOf(port: ServicePort, workload: WorkloadResource): number | undefined {
  const target = port.targetPort ?? port.port;
  if (typeof target === 'number') return target;
  return workload.spec.ports?.find((candidate) => candidate.name === target)?.port;
}

/** Nothing says what is spoken at the port: it counts as HTTP where it is called by Host, else whoever speaks first decides. */
export function isUndeclared({ spec }: PortEntry): boolean {
  return spec.appProtocol === undefined;
}

/** The first version whose labels the workload has; else its `version` label, else empty. */
export function versionOf(service: ServiceEntry, workload: WorkloadEntry): string {
  const version = service.versions.find((candidate) => hasLabels(workload.labels, candidate.labels));
  return version?.name ?? workload.labels.version ?? '';
}

/** The port that a host without port means: 80 if the service has it, else its only port. */
export function defaultPortOf(service: ServiceEntry): number | undefined {
  if (service.ports.some(({ port }) => port === 80)) return 80;
  return service.ports.length === 1 ? service.ports[0]?.port : undefined;
}
