// Attaches TCPRoutes and TLSRoutes to the ports of services by their parentRefs.
import { type Finding, namespaceOf, type ParentRef, type TcpRouteResource, type TlsRouteResource } from '@malha/model';
import { report } from '../report.ts';
import { isGatewayParent, isNamed, isServiceGroup } from '../routes/attach.ts';
import type { PortEntry, ServiceEntry } from '../services/entries.ts';

export type Layer4RouteResource = TcpRouteResource | TlsRouteResource;

export interface Layer4Attachments {
  readonly findings: readonly Finding[];
  /** Routes of one port, oldest first. */
  of(service: ServiceEntry, port: PortEntry): readonly Layer4RouteResource[];
}

/** Whether a port carries bytes that no codec looks at. */
export function isRaw({ protocol }: PortEntry): boolean {
  return protocol === 'tcp' || protocol === 'tls';
}

/** `routes` in order of creation. */
export function attachLayer4Routes(
  routes: readonly Layer4RouteResource[],
  services: ReadonlyMap<string, ServiceEntry>,
): Layer4Attachments {
  const attacher = new Layer4Attacher(services);
  for (const route of routes) attacher.attach(route);
  return attacher;
}

class Layer4Attacher implements Layer4Attachments {
  readonly findings: Finding[] = [];
  readonly #services: ReadonlyMap<string, ServiceEntry>;
  readonly #byPort = new Map<string, Layer4RouteResource[]>();

  constructor(services: ReadonlyMap<string, ServiceEntry>) {
    this.#services = services;
  }

  of(service: ServiceEntry, port: PortEntry): readonly Layer4RouteResource[] {
    return this.#byPort.get(`${service.key}:${port.port}`) ?? [];
  }

  attach(route: Layer4RouteResource): void {
    const parents = route.spec.parentRefs ?? [];
    if (parents.length === 0)
      this.findings.push(report('MALHA1027', route, 'spec.parentRefs', 'The route has no parentRefs.'));
    parents.forEach((parent, index) => {
      if (!isGatewayParent(parent)) this.#attachTo(parent, `spec.parentRefs[${index}]`, route);
    });
  }

  #attachTo(parent: ParentRef, path: string, route: Layer4RouteResource): void {
    if (parent.kind !== 'Service' || !isServiceGroup(parent.group)) {
      const kind = `${parent.group ?? ''}/${parent.kind ?? ''}`;
      this.findings.push(report('MALHA1028', route, path, `A parent of kind ${kind} is not served.`));
      return;
    }
    const key = `${parent.namespace ?? namespaceOf(route)}/${parent.name}`;
    const service = this.#services.get(key);
    if (service === undefined) {
      this.findings.push(report('MALHA1020', route, path, `There is no Service ${key}.`));
      return;
    }
    this.#attachToPorts(service, parent, path, route);
  }

  #attachToPorts(service: ServiceEntry, parent: ParentRef, path: string, route: Layer4RouteResource): void {
    const named = service.ports.filter(({ spec }) => isNamed(spec, parent));
    const [first] = named;
    if (first === undefined) {
      const wanted = parent.port ?? `"${parent.sectionName ?? ''}"`;
      this.findings.push(report('MALHA1021', route, path, `Service ${service.key} has no port ${wanted}.`));
      return;
    }
    const carried = named.filter((port) => carries(route, port));
    if (carried.length === 0) {
      const message = `Port ${first.port} of Service ${service.key} has appProtocol ${first.protocol}.`;
      this.findings.push(report('MALHA1047', route, path, message));
    }
    for (const port of carried) this.#add(`${service.key}:${port.port}`, path, route);
  }

  #add(key: string, path: string, route: Layer4RouteResource): void {
    const list = this.#byPort.get(key) ?? [];
    if (list.includes(route)) return;
    // Of those of another namespace each is for its own callers.
    const taken = list.find((other) => namespaceOf(other) === namespaceOf(route) && isSameConnections(other, route));
    if (taken !== undefined) {
      const message = `${taken.kind} ${namespaceOf(taken)}/${taken.metadata.name} is older and has port ${key}.`;
      this.findings.push(report('MALHA1049', route, path, message));
      if (route.kind === 'TCPRoute') return;
    }
    this.#byPort.set(key, [...list, route]);
  }
}

function carries(route: Layer4RouteResource, port: PortEntry): boolean {
  return route.kind === 'TLSRoute' ? port.protocol === 'tls' : isRaw(port);
}

function isSameConnections(a: Layer4RouteResource, b: Layer4RouteResource): boolean {
  if (a.kind !== b.kind) return false;
  const names = serverNamesOf(b);
  return serverNamesOf(a).some((name) => names.includes(name));
}

/** `<namespace>/<route>/<rule name or index>` */
export function routeNameOf(route: Layer4RouteResource): string {
  return `${namespaceOf(route)}/${route.metadata.name}/${route.spec.rules[0]?.name ?? 0}`;
}

/** Lower case; `*` for any. */
export function serverNamesOf(route: Layer4RouteResource): readonly string[] {
  if (route.kind === 'TCPRoute') return ['*'];
  const { hostnames = [] } = route.spec;
  return hostnames.length === 0 ? ['*'] : hostnames.map((name) => name.toLowerCase());
}
