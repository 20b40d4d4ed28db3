// Attaches routes to the ports of services by their parentRefs.
import {
  type Finding,
  GATEWAY_API_GROUP,
  type GrpcRouteResource,
  type HttpRouteResource,
  MALHA_GROUP,
  namespaceOf,
  type ParentRef,
} from '@malha/model';
import { report } from '../report.ts';
import type { PortEntry, ServiceEntry } from '../services/entries.ts';

export interface AttachedRoute {
  readonly resource: HttpRouteResource | GrpcRouteResource;
  readonly namespace: string;
  readonly name: string;
  /** Place in the order of creation. */
  readonly age: number;
}

export interface Attachments {
  readonly findings: readonly Finding[];
  /** Routes of one port of a service, oldest first. */
  of(service: ServiceEntry, port: PortEntry): readonly AttachedRoute[];
}

/** The Gateway API's default: a parent without group and kind is a Gateway. */
export function isGatewayParent({ group, kind }: ParentRef): boolean {
  return (group ?? GATEWAY_API_GROUP) === GATEWAY_API_GROUP && (kind ?? 'Gateway') === 'Gateway';
}

/** Groups that mean the mesh's (and Kubernetes') Service. */
const SERVICE_GROUPS: ReadonlySet<string> = new Set(['', 'core', MALHA_GROUP]);

export function isServiceGroup(group: string | undefined): boolean {
  return SERVICE_GROUPS.has(group ?? '');
}

/** `age`: its place in the order of creation. */
export function attachedRoute(resource: AttachedRoute['resource'], age: number): AttachedRoute {
  return { resource, namespace: namespaceOf(resource), name: resource.metadata.name, age };
}

export function attachRoutes(
  routes: readonly AttachedRoute[],
  services: ReadonlyMap<string, ServiceEntry>,
): Attachments {
  const attacher = new Attacher(services);
  for (const route of routes) attacher.attach(route);
  attacher.keepMostSpecificKind();
  return attacher;
}

function isGrpc({ resource }: AttachedRoute): boolean {
  return resource.kind === 'GRPCRoute';
}

class Attacher implements Attachments {
  readonly findings: Finding[] = [];
  readonly #services: ReadonlyMap<string, ServiceEntry>;
  readonly #byPort = new Map<string, AttachedRoute[]>();

  constructor(services: ReadonlyMap<string, ServiceEntry>) {
    this.#services = services;
  }

  of(service: ServiceEntry, port: PortEntry): readonly AttachedRoute[] {
    return this.#byPort.get(`${service.key}:${port.port}`) ?? [];
  }

  /** GAMMA: of the kinds of routes of one Service port only the most specific one counts (GRPCRoute before HTTPRoute). */
  keepMostSpecificKind(): void {
    for (const [key, list] of this.#byPort) {
      const grpc = new Set(list.filter(isGrpc).map(({ namespace }) => namespace));
      const isHidden = (route: AttachedRoute) => !isGrpc(route) && grpc.has(route.namespace);
      for (const { resource } of list.filter(isHidden)) {
        const message = `A GRPCRoute is attached to ${key} too: the rules of this route have no effect there.`;
        this.findings.push(report('MALHA1050', resource, 'spec.parentRefs', message));
      }
      this.#byPort.set(
        key,
        list.filter((route) => !isHidden(route)),
      );
    }
  }

  attach(route: AttachedRoute): void {
    const { resource } = route;
    const parents = resource.spec.parentRefs ?? [];
    if (parents.length === 0) {
      this.findings.push(report('MALHA1027', resource, 'spec.parentRefs', 'The route has no parentRefs.'));
    }
    parents.forEach((parent, index) => {
      if (!isGatewayParent(parent)) this.#attachTo(parent, `spec.parentRefs[${index}]`, route);
    });
    if ((resource.spec.hostnames?.length ?? 0) > 0 && !parents.some(isGatewayParent)) {
      const message = 'The hosts of the parent service choose the route; hostnames are ignored.';
      this.findings.push(report('MALHA1032', resource, 'spec.hostnames', message));
    }
  }

  #attachTo(parent: ParentRef, path: string, route: AttachedRoute): void {
    if (parent.kind !== 'Service' || !isServiceGroup(parent.group)) {
      const kind = `${parent.group ?? 'gateway.networking.k8s.io'}/${parent.kind ?? 'Gateway'}`;
      this.findings.push(report('MALHA1028', route.resource, path, `A parent of kind ${kind} is not served.`));
      return;
    }
    if (parent.group === undefined) {
      const message = 'Kubernetes takes a missing group for gateway.networking.k8s.io; write group: "".';
      this.findings.push(report('MALHA1028', route.resource, `${path}.group`, message));
    }
    const key = `${parent.namespace ?? route.namespace}/${parent.name}`;
    const service = this.#services.get(key);
    if (service === undefined) {
      this.findings.push(report('MALHA1020', route.resource, path, `There is no Service ${key}.`));
      return;
    }
    this.#attachToPorts(service, parent, path, route);
  }

  #attachToPorts(service: ServiceEntry, parent: ParentRef, path: string, route: AttachedRoute): void {
    const named = service.ports.filter(({ spec }) => isNamed(spec, parent));
    if (named.length === 0) {
      const wanted = parent.port ?? `"${parent.sectionName ?? ''}"`;
      const message = `Service ${service.key} has no port ${wanted}.`;
      this.findings.push(report('MALHA1021', route.resource, path, message));
      return;
    }
    const http = named.filter((port) => port.isHttp);
    if (http.length === 0) {
      const [port] = named;
      const message = `Port ${port?.port} of Service ${service.key} has appProtocol ${port?.protocol}.`;
      this.findings.push(report('MALHA1043', route.resource, path, message));
    }
    for (const port of http) {
      const list = this.#byPort.get(`${service.key}:${port.port}`);
      if (list === undefined) this.#byPort.set(`${service.key}:${port.port}`, [route]);
      else if (!list.includes(route)) list.push(route);
    }
  }
}

/** As the Gateway API defines for Services: sectionName is the name of a port, port its number. */
export function isNamed(
  port: { readonly port: number; readonly name?: string | undefined },
  parent: ParentRef,
): boolean {
  if (parent.port !== undefined && parent.port !== port.port) return false;
  return parent.sectionName === undefined || parent.sectionName === port.name;
}
