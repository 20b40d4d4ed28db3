// Inbound ports of a workload: one for each port that its services call, with mode, names and authorization.
import { serverName, serviceHosts, type TrafficPolicySpec } from '@malha/model';
import type { InboundPort, MtlsMode, Protocol } from '@malha/traffic';
import { rulesOf } from './authorization/apply.ts';
import { limitContext } from './limit-places.ts';
import { limitsOfPort } from './rate-limit/apply.ts';
import {
  isUndeclared,
  type PortEntry,
  type ServiceEntry,
  targetPortOf,
  versionOf,
  type WorkloadEntry,
} from './services/entries.ts';
import { specsOfService } from './traffic-policy/apply.ts';
import { boundsOfPort } from './traffic-policy/overload.ts';
import type { WorldIndex } from './world-index.ts';

interface ServedPort {
  readonly service: ServiceEntry;
  readonly port: PortEntry;
}

/** In order of the ports. `modeOf` is the index's, or a wider one while modes change. */
export function inboundPortsOf(
  index: WorldIndex,
  workload: WorkloadEntry,
  modeOf: (workload: WorkloadEntry, port: number) => MtlsMode,
): InboundPort[] {
  return [...servedPorts(workload).entries()]
    .sort(([a], [b]) => a - b)
    .flatMap(([port, served]) => {
      const [first] = served;
      return first === undefined ? [] : [inboundPort(index, workload, port, served, first, modeOf(workload, port))];
    });
}

function servedPorts(workload: WorkloadEntry): Map<number, ServedPort[]> {
  const byTarget = new Map<number, ServedPort[]>();
  for (const service of workload.services) {
    for (const port of service.ports) {
      const target = targetPortOf(port.spec, workload.resource);
      if (target === undefined) continue;
      const list = byTarget.get(target);
      if (list === undefined) byTarget.set(target, [{ service, port }]);
      else list.push({ service, port });
    }
  }
  return byTarget;
}

function inboundPort(
  index: WorldIndex,
  workload: WorkloadEntry,
  port: number,
  served: readonly ServedPort[],
  first: ServedPort,
  mode: MtlsMode,
): InboundPort {
  const services = [...new Set(served.map(({ service }) => service))];
  const { namespace, name } = workload;
  const admission = index.isolation.into(namespace);
  const protocol = protocolOf(served, first);
  const isRaw = protocol === 'tcp' || protocol === 'tls';
  const limits = limitsOfPort(index.rateLimits, { namespace, workload: name, services, isRaw }, limitContext(index));
  const bounds =
    isRaw || index.trafficPolicies.isEmpty ? {} : boundsOfPort(specsOf(index, workload, services), first.service.key);
  const takesBytes = served.every((each) => isUndeclared(each.port)) && isEmpty(limits) && isEmpty(bounds);
  return {
    port,
    appAddress: workload.resource.spec.ports?.find((spec) => spec.port === port)?.appAddress ?? `127.0.0.1:${port}`,
    protocol,
    mode,
    serverNames: served.map(({ service, port: own }) => serverName(own.port, service.name, service.namespace)),
    hosts: services.flatMap((service) => [...serviceHosts(service.name, service.namespace, namespace)]),
    service: { namespace: first.service.namespace, name: first.service.name },
    authorization: rulesOf(
      index.authorizationPolicies,
      { namespace, workload: name, services },
      admission,
      index.world.trustDomain,
    ),
    ...limits,
    ...bounds,
    ...(takesBytes && { takesBytes }),
  };
}

/** Nothing is set that would have to see requests, which bytes could go around. */
function isEmpty(settings: object): boolean {
  return Object.keys(settings).length === 0;
}

/** Of all services that have the port, those of the oldest first. */
function specsOf(index: WorldIndex, workload: WorkloadEntry, services: readonly ServiceEntry[]): TrafficPolicySpec[] {
  return services.flatMap((service) => {
    const version = versionOf(service, workload);
    return specsOfService(index.trafficPolicies, { namespace: service.namespace, service: service.name, version });
  });
}

/** The protocol that the oldest service declares; services of one port should not disagree. */
function protocolOf(served: readonly ServedPort[], first: ServedPort): Protocol {
  return served.find(({ port }) => port.spec.appProtocol !== undefined)?.port.protocol ?? first.port.protocol;
}
