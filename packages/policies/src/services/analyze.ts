// What services and workloads say about each other: selectors without workloads, unknown port names, repeated addresses.
import { type Finding, GATEWAY_NAME_LABEL } from '@malha/model';
import { report } from '../report.ts';
import { membersOf } from './endpoints.ts';
import { type ServiceEntry, targetPortOf } from './entries.ts';
import type { LinkedWorld } from './link.ts';

export function analyzeServices({ services, workloads }: LinkedWorld): Finding[] {
  const findings = services.flatMap((service) => [...membershipFindings(service), ...portFindings(service)]);
  for (const workload of workloads) {
    if (workload.services.length > 0 || workload.labels[GATEWAY_NAME_LABEL] !== undefined) continue;
    findings.push(report('MALHA1045', workload.resource, 'metadata.labels', `No Service selects ${workload.key}.`));
  }
  return [...findings, ...virtualIpFindings(services)];
}

function membershipFindings(service: ServiceEntry): Finding[] {
  const { resource, key } = service;
  if (service.workloads.length === 0) {
    return [report('MALHA1036', resource, 'spec.selector', `No workload has the labels that ${key} selects.`)];
  }
  return service.versions.flatMap((version, index) =>
    membersOf(service, version.name).length > 0
      ? []
      : [report('MALHA1037', resource, `spec.versions[${index}]`, `No workload of ${key} is version ${version.name}.`)],
  );
}

function portFindings(service: ServiceEntry): Finding[] {
  return service.ports.flatMap(({ spec }, index) => {
    const missing = service.workloads.filter((workload) => targetPortOf(spec, workload.resource) === undefined);
    if (missing.length === 0) return [];
    const names = missing.slice(0, 3).map((workload) => workload.key);
    const more = missing.length > names.length ? ` and ${missing.length - names.length} more` : '';
    const message = `Port "${spec.targetPort}" is not named by ${names.join(', ')}${more}.`;
    return [report('MALHA1039', service.resource, `spec.ports[${index}].targetPort`, message)];
  });
}

function virtualIpFindings(services: readonly ServiceEntry[]): Finding[] {
  const owner = new Map<string, string>();
  const findings: Finding[] = [];
  for (const { resource, key } of services) {
    const { virtualIP } = resource.spec;
    if (virtualIP === undefined) continue;
    const first = owner.get(virtualIP);
    if (first === undefined) owner.set(virtualIP, key);
    else findings.push(report('MALHA1031', resource, 'spec.virtualIP', `${virtualIP} belongs to ${first} already.`));
  }
  return findings;
}
