// Upstreams that a workload declares as listeners: for each the routes of its port, or the service itself.
import { type Finding, namespaceOf } from '@malha/model';
import {
  INVALID_BACKEND,
  type RouteTable,
  type TcpBackend,
  type TcpListener,
  type TcpRoute,
  type VirtualHost,
} from '@malha/traffic';
import { connectionFaultsOf } from '../fault/apply.ts';
import { report } from '../report.ts';
import { resolveBackend } from '../routes/backends.ts';
import { isUndeclared, type PortEntry, type ServiceEntry, type WorkloadEntry } from '../services/entries.ts';
import type { WorldIndex } from '../world-index.ts';
import { isRaw, type Layer4RouteResource, routeNameOf, serverNamesOf } from './attach.ts';
import { malformedUpstreams, type Upstream, upstreamsOf } from './upstreams.ts';

/** In order of the ports that they listen on; what cannot be served is left out, and said by `analyzeUpstreams`. */
export function tcpListenersOf(index: WorldIndex, workload: WorkloadEntry): TcpListener[] {
  const listeners = new Map<number, TcpListener>();
  for (const upstream of upstreamsOf(workload)) {
    const target = targetOf(index, upstream);
    if (typeof target === 'string' || listeners.has(upstream.listen)) continue;
    const { service, port } = target;
    if (!index.isolation.admits(service.namespace, workload)) continue;
    listeners.set(upstream.listen, listener(index, workload, upstream, service, port));
  }
  return [...listeners.values()].sort((a, b) => a.port - b.port);
}

export function analyzeUpstreams(index: WorldIndex): Finding[] {
  return index.linked.workloads.flatMap((workload) => {
    const taken = new Set<number>();
    const malformed = malformedUpstreams(workload).map((path) =>
      report(
        'MALHA1048',
        workload.resource,
        path,
        'The label is not upstream.malha.dev/LISTEN=PORT.SERVICE.NAMESPACE.',
      ),
    );
    const findings = upstreamsOf(workload).flatMap((upstream) => {
      const { path } = upstream;
      const target = targetOf(index, upstream);
      if (typeof target === 'string') return [report('MALHA1048', workload.resource, path, target)];
      if (taken.has(upstream.listen)) {
        const message = `Port ${upstream.listen} is that of an earlier upstream.`;
        return [report('MALHA1048', workload.resource, path, message)];
      }
      taken.add(upstream.listen);
      return [];
    });
    return [...malformed, ...findings];
  });
}

/** Backends of the routes, as `resolveBackend` sees them. */
export function analyzeLayer4Routes(index: WorldIndex): Finding[] {
  const findings = [...index.layer4.findings];
  const seen = new Set<Layer4RouteResource>();
  for (const service of index.services)
    for (const port of service.ports)
      for (const route of index.layer4.of(service, port)) {
        if (seen.has(route)) continue;
        seen.add(route);
        findings.push(...backendFindings(index, route, port.port));
      }
  for (const { listeners } of index.gateways.all)
    for (const { layer4 } of listeners)
      for (const { route } of layer4) {
        if (seen.has(route)) continue;
        seen.add(route);
        findings.push(...backendFindings(index, route, undefined));
      }
  return findings;
}

function backendFindings(index: WorldIndex, route: Layer4RouteResource, parentPort: number | undefined): Finding[] {
  const path = 'spec.rules[0].backendRefs';
  const backends = route.spec.rules[0]?.backendRefs ?? [];
  const findings = backends.flatMap((ref, at) => {
    const resolved = resolve(index, route, parentPort, ref);
    return resolved.ok ? [] : [report(resolved.code, route, `${path}[${at}].${resolved.field}`, resolved.message)];
  });
  if (backends.every(({ weight = 1 }) => weight === 0))
    findings.push(report('MALHA1029', route, path, 'All weights of the rule are 0.'));
  return findings;
}

/** The port of the service, or why it cannot be called so. */
function targetOf(
  index: WorldIndex,
  upstream: Upstream,
): { readonly service: ServiceEntry; readonly port: PortEntry } | string {
  const key = upstream.service;
  const service = index.linked.servicesByKey.get(key);
  if (service === undefined) return `There is no Service ${key}.`;
  const port = service.ports.find((candidate) => candidate.port === upstream.port);
  if (port === undefined) return `Service ${key} has no port ${upstream.port}.`;
  if (!isRaw(port) && !isUndeclared(port))
    return `Port ${upstream.port} of Service ${key} has appProtocol ${port.protocol}.`;
  return { service, port };
}

function listener(
  index: WorldIndex,
  workload: WorkloadEntry,
  upstream: Upstream,
  service: ServiceEntry,
  port: PortEntry,
): TcpListener {
  const routes = routesFor(index, service, port, workload.namespace);
  const byName = routes.filter(({ kind }) => kind === 'TLSRoute');
  const [oldest] = routes;
  const base = {
    port: upstream.listen,
    service: { namespace: service.namespace, name: service.name },
    servicePort: port.port,
    ...connectionFaultsOf(index.faults, service, workload),
  };
  if (byName.length > 0)
    return { ...base, protocol: 'tls', routes: byName.map((route) => routeOf(index, route, port)) };
  if (oldest !== undefined) return { ...base, protocol: 'tcp', routes: [routeOf(index, oldest, port)] };
  const clusters = [{ cluster: index.use(service, port, ''), weight: 1 }];
  return {
    ...base,
    protocol: 'tcp',
    routes: [{ name: 'default', serverNames: ['*'], clusters }],
    ...(isUndeclared(port) && { httpRouteTable: upstreamTableName(upstream.listen) }),
  };
}

/** Of the calls that a client makes at an upstream's port; each port has its own, which takes any Host. */
function upstreamTableName(listen: number): string {
  return `upstream|${listen}`;
}

/** For each listener whose protocol is found out: the calls that it takes go by the routes of its service. */
export function upstreamTables(
  index: WorldIndex,
  listeners: readonly TcpListener[],
  virtualHost: (service: ServiceEntry, port: PortEntry) => VirtualHost,
): RouteTable[] {
  return listeners.flatMap(({ httpRouteTable, service: { namespace, name }, servicePort }) => {
    if (httpRouteTable === undefined) return [];
    const service = index.linked.servicesByKey.get(`${namespace}/${name}`);
    const port = service?.ports.find((candidate) => candidate.port === servicePort);
    if (service === undefined || port === undefined) return [];
    return [{ name: httpRouteTable, virtualHosts: [{ ...virtualHost(service, port), domains: ['*'] }] }];
  });
}

/** Routes of the caller's own namespace replace those of the service's, as for HTTP. */
function routesFor(
  index: WorldIndex,
  service: ServiceEntry,
  port: PortEntry,
  callerNamespace: string,
): readonly Layer4RouteResource[] {
  const all = index.layer4.of(service, port);
  const own = all.filter((route) => namespaceOf(route) === callerNamespace);
  return own.length > 0 ? own : all.filter((route) => namespaceOf(route) === service.namespace);
}

function routeOf(index: WorldIndex, route: Layer4RouteResource, port: PortEntry): TcpRoute {
  return {
    name: routeNameOf(route),
    serverNames: serverNamesOf(route),
    clusters: tcpBackendsOf(index, route, port.port),
  };
}

/** `parentPort`: of the Service that the route is attached to; a Gateway has none to lend. */
export function tcpBackendsOf(
  index: WorldIndex,
  route: Layer4RouteResource,
  parentPort: number | undefined,
): TcpBackend[] {
  return (route.spec.rules[0]?.backendRefs ?? []).map((ref) => {
    const resolved = resolve(index, route, parentPort, ref);
    const { weight = 1 } = ref;
    if (!resolved.ok) return { cluster: INVALID_BACKEND, weight };
    return { cluster: index.use(resolved.service, resolved.port, resolved.version), weight };
  });
}

function resolve(
  index: WorldIndex,
  route: Layer4RouteResource,
  parentPort: number | undefined,
  ref: Layer4RouteResource['spec']['rules'][number]['backendRefs'][number],
) {
  return resolveBackend(ref, {
    services: index.linked.servicesByKey,
    grants: index.grants,
    kind: route.kind,
    namespace: namespaceOf(route),
    parentPort,
    isUsable: isRaw,
  });
}
