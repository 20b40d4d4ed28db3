// Gateways against what they refer to: certificates, kinds of routes, ports, and the workloads that serve them.
import { type Finding, GATEWAY_NAME_LABEL } from '@malha/model';
import type { ReferenceGrants } from '../reference-grant/grants.ts';
import { report } from '../report.ts';
import type { WorkloadEntry } from '../services/entries.ts';
import { byPort } from './apply.ts';
import type { Gateways } from './attach.ts';
import { certificateRefsOf, resolveCertificate } from './certificates.ts';
import {
  carriesKind,
  GATEWAY_CLASS,
  type GatewayEntry,
  isPlannedProtocol,
  type ListenerEntry,
  protocolWords,
} from './entries.ts';
import type { StoredCertificates } from './stored-certificates.ts';
import { trustedHopsFindings } from './trusted-hops.ts';

/** What gateways refer to. */
export interface GatewaySurroundings {
  readonly grants: ReferenceGrants;
  readonly workloads: readonly WorkloadEntry[];
  readonly certificates: StoredCertificates | undefined;
}

export function analyzeGateways(gateways: Gateways, surroundings: GatewaySurroundings): Finding[] {
  const { workloads } = surroundings;
  const served = new Set(workloads.map(({ namespace, labels }) => `${namespace}/${labels[GATEWAY_NAME_LABEL] ?? ''}`));
  return [
    ...gateways.findings,
    ...gateways.ofOtherClasses.map((resource) => {
      const message = `Class ${resource.spec.gatewayClassName} is not "${GATEWAY_CLASS}".`;
      return report('MALHA1069', resource, 'spec.gatewayClassName', message);
    }),
    ...gateways.all.flatMap((gateway) => [
      ...unserved(gateway, served),
      ...addressFindings(gateway),
      ...trustedHopsFindings(gateway.resource),
      ...conflicts(gateway),
      ...gateway.listeners.flatMap((listener) => listenerFindings(gateway, listener, surroundings)),
    ]),
  ];
}

function unserved({ resource, namespace, name }: GatewayEntry, served: ReadonlySet<string>): Finding[] {
  if (served.has(`${namespace}/${name}`)) return [];
  const message = `No Workload of namespace ${namespace} has the label ${GATEWAY_NAME_LABEL}: ${name}.`;
  return [report('MALHA1067', resource, 'metadata.name', message)];
}

function addressFindings({ resource }: GatewayEntry): Finding[] {
  if ((resource.spec.addresses?.length ?? 0) === 0) return [];
  const message = 'The addresses are not asked for yet: edge proxies listen at those they are started with.';
  return [report('MALHA1033', resource, 'spec.addresses', message)];
}

function conflicts(gateway: GatewayEntry): Finding[] {
  const owners = byPort(gateway);
  return gateway.listeners.flatMap(({ spec, index }) => {
    const first = owners.get(spec.port)?.[0]?.spec;
    if (first === undefined || first.protocol === spec.protocol) return [];
    const message = `Listener "${first.name}" has port ${spec.port} for ${first.protocol} already.`;
    return [report('MALHA1066', gateway.resource, `spec.listeners[${index}].protocol`, message)];
  });
}

function listenerFindings(
  gateway: GatewayEntry,
  { spec, index }: ListenerEntry,
  { grants, certificates: stored }: GatewaySurroundings,
): Finding[] {
  const { resource } = gateway;
  const path = `spec.listeners[${index}]`;
  const planned = isPlannedProtocol(spec)
    ? [report('MALHA1033', resource, `${path}.protocol`, `Listeners of protocol ${spec.protocol} are not served yet.`)]
    : [];
  const kinds = (spec.allowedRoutes?.kinds ?? []).flatMap((kind, at) => {
    if (carriesKind(spec, kind)) return [];
    const message = `A listener of protocol ${protocolWords(spec)} takes no ${kind.kind}.`;
    return [report('MALHA1068', resource, `${path}.allowedRoutes.kinds[${at}]`, message)];
  });
  const certificates = certificateRefsOf(spec).flatMap((ref, at) => {
    const resolved = resolveCertificate(ref, gateway, grants);
    const where = `${path}.tls.certificateRefs[${at}]`;
    if (!resolved.ok) return [report(resolved.code, resource, `${where}.${resolved.field}`, resolved.message)];
    const found = stored?.findingOf(resolved.name, spec.hostname);
    return found === undefined ? [] : [report(found.code, resource, `${where}.name`, found.message)];
  });
  return [...planned, ...kinds, ...certificates];
}
