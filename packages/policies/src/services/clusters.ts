// A cluster: one port of a service, or of one of its versions, as callers see it.
import { clusterName, serverName } from '@malha/model';
import type { Cluster, ClusterName, SpiffeId } from '@malha/traffic';
import { compareText } from '../report.ts';
import { membersOf } from './endpoints.ts';
import type { PortEntry, ServiceEntry } from './entries.ts';
import { identity } from './link.ts';

/** The part of a cluster that traffic policies decide. */
export type ClusterSettings = Pick<
  Cluster,
  'connectTimeoutMs' | 'idleTimeoutMs' | 'limits' | 'loadBalancer' | 'outlierDetection' | 'healthCheck' | 'breaker'
>;

export function nameOf(service: ServiceEntry, port: PortEntry, version: string): ClusterName {
  return clusterName(port.port, version, service.name, service.namespace) as ClusterName;
}

export function clusterOf(
  service: ServiceEntry,
  port: PortEntry,
  version: string,
  settings: ClusterSettings,
  trustDomain: string,
): Cluster {
  return {
    name: nameOf(service, port, version),
    service: { namespace: service.namespace, name: service.name },
    port: port.port,
    version,
    protocol: port.protocol,
    ...settings,
    tls: {
      serverName: serverName(port.port, service.name, service.namespace),
      spiffeIds: acceptedIdentities(service, version, trustDomain),
    },
  };
}

/**
 * Identities of all members, also the unhealthy: a restart must not change the cluster. A service that has only
 * workloads without a proxy has none; one without any workload will have that of its name.
 */
function acceptedIdentities(service: ServiceEntry, version: string, trustDomain: string): SpiffeId[] {
  const workloads = membersOf(service, version);
  if (workloads.length === 0) return [identity(trustDomain, service.namespace, service.name)];
  const ids = new Set(workloads.filter(({ isMember }) => isMember).map((workload) => workload.spiffeId));
  return [...ids].sort(compareText);
}
