// Endpoints of a cluster: the healthy workloads of a service or of one version, and how to dial them.
import { defaults } from '@malha/model';
import type { Endpoint, MtlsMode } from '@malha/traffic';
import {
  hasLabels,
  type PortEntry,
  type ServiceEntry,
  targetPortOf,
  versionOf,
  type WorkloadEntry,
} from './entries.ts';

/** Mode of a workload's inbound port, as its callers have to see it. */
export type ModeOf = (workload: WorkloadEntry, port: number) => MtlsMode;

/** Workloads of the service, or of its version, healthy or not. */
export function membersOf(service: ServiceEntry, version: string): readonly WorkloadEntry[] {
  if (version === '') return service.workloads;
  const labels = service.versions.find((candidate) => candidate.name === version)?.labels;
  return labels === undefined ? [] : service.workloads.filter((workload) => hasLabels(workload.labels, labels));
}

/** Unhealthy workloads are left out: a client that panics (as Envoy does) must not send to them either. */
export function endpointsOf(service: ServiceEntry, port: PortEntry, version: string, modeOf: ModeOf): Endpoint[] {
  const endpoints: Endpoint[] = [];
  for (const workload of membersOf(service, version)) {
    const target = targetPortOf(port.spec, workload.resource);
    if (!workload.isHealthy || target === undefined) continue;
    endpoints.push({
      workload: workload.key,
      ...dialAddress(workload, target),
      tls: workload.isMember && modeOf(workload, target) !== 'DISABLE',
      version: versionOf(service, workload),
      weight: workload.resource.spec.weight ?? defaults.workloadWeight,
      healthy: true,
    });
  }
  return endpoints;
}

/** The peer's proxy, or the application itself where there is none. */
function dialAddress(workload: WorkloadEntry, target: number): { address: string; port: number } {
  const { spec } = workload.resource;
  if (workload.isMember) return { address: spec.address, port: spec.inboundPort ?? defaults.inboundPort };
  const appAddress = spec.ports?.find((candidate) => candidate.port === target)?.appAddress;
  if (appAddress === undefined) return { address: spec.address, port: target };
  const colon = appAddress.lastIndexOf(':');
  return { address: appAddress.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(appAddress.slice(colon + 1)) };
}
