// Attaches routes of all kinds to the listeners of gateways by their parentRefs, allowedRoutes and hostnames.
import type { Finding, GatewayResource, NamespaceResource, ParentRef } from '@malha/model';
import { report } from '../report.ts';
import { type AttachedRoute, isGatewayParent } from '../routes/attach.ts';
import type { Layer4RouteResource } from '../tcp/attach.ts';
import { type Candidate, httpCandidate, layer4Candidate } from './candidates.ts';
import {
  allowsKind,
  allowsNamespace,
  GATEWAY_CLASS,
  type GatewayEntry,
  gatewayEntry,
  namespaceLabels,
} from './entries.ts';

export interface Gateways {
  /** Gateways of our class, oldest first. */
  readonly all: readonly GatewayEntry[];
  readonly ofOtherClasses: readonly GatewayResource[];
  /** Of routes and their parents. */
  readonly findings: readonly Finding[];
  of(namespace: string, name: string): GatewayEntry | undefined;
}

export function attachToGateways(
  resources: readonly GatewayResource[],
  routes: { readonly http: readonly AttachedRoute[]; readonly layer4: readonly Layer4RouteResource[] },
  namespaceOf: (name: string) => NamespaceResource | undefined,
): Gateways {
  const isOurs = ({ spec }: GatewayResource) => spec.gatewayClassName === GATEWAY_CLASS;
  const attacher = new Attacher(resources.filter(isOurs).map(gatewayEntry), namespaceOf);
  const ofOtherClasses = resources.filter((resource) => !isOurs(resource));
  const foreign = new Set(ofOtherClasses.map(({ metadata }) => `${metadata.namespace ?? 'default'}/${metadata.name}`));
  for (const route of routes.http) attacher.attach(httpCandidate(route), foreign);
  for (const route of routes.layer4) attacher.attach(layer4Candidate(route), foreign);
  return {
    all: attacher.all,
    ofOtherClasses,
    findings: attacher.findings,
    of: (namespace, name) => attacher.byKey.get(`${namespace}/${name}`),
  };
}

class Attacher {
  readonly findings: Finding[] = [];
  readonly all: readonly GatewayEntry[];
  readonly byKey: ReadonlyMap<string, GatewayEntry>;
  readonly #namespaceOf: (name: string) => NamespaceResource | undefined;

  constructor(all: readonly GatewayEntry[], namespaceOf: (name: string) => NamespaceResource | undefined) {
    this.all = all;
    this.byKey = new Map(all.map((gateway) => [`${gateway.namespace}/${gateway.name}`, gateway]));
    this.#namespaceOf = namespaceOf;
  }

  attach(route: Candidate, foreign: ReadonlySet<string>): void {
    route.resource.spec.parentRefs?.forEach((parent, index) => {
      if (!isGatewayParent(parent)) return;
      const key = `${parent.namespace ?? route.namespace}/${parent.name}`;
      const path = `spec.parentRefs[${index}]`;
      const gateway = this.byKey.get(key);
      if (gateway !== undefined) this.#attachTo(gateway, parent, path, route);
      else if (!foreign.has(key)) {
        this.findings.push(report('MALHA1060', route.resource, path, `There is no Gateway ${key}.`));
      }
    });
  }

  /** Each condition of the Gateway API in turn, so that the finding names the first one that leaves no listener. */
  #attachTo(gateway: GatewayEntry, parent: ParentRef, path: string, route: Candidate): void {
    const { resource, namespace } = route;
    const key = `${gateway.namespace}/${gateway.name}`;
    const meant = gateway.listeners.filter(({ spec }) => isMeant(spec, parent));
    if (meant.length === 0) {
      const wanted = [parent.sectionName && `"${parent.sectionName}"`, parent.port && `port ${parent.port}`];
      const message = `Gateway ${key} has no listener ${wanted.filter(Boolean).join(' at ')}.`;
      this.findings.push(report('MALHA1061', resource, path, message));
      return;
    }
    const labelsOf = (name: string) => namespaceLabels(name, this.#namespaceOf(name));
    const allowed = meant.filter(
      ({ spec }) => allowsKind(spec, resource.kind) && allowsNamespace(spec, gateway.namespace, namespace, labelsOf),
    );
    if (allowed.length === 0) {
      const message = `No listener of Gateway ${key} allows a ${resource.kind} of namespace ${namespace}.`;
      this.findings.push(report('MALHA1062', resource, path, message));
      return;
    }
    const taken = allowed.filter(route.isTaken);
    if (taken.length === allowed.length) {
      this.findings.push(report(route.taken.code, resource, path, `${route.taken.words} of Gateway ${key}.`));
      return;
    }
    const found = allowed.filter((listener) => !taken.includes(listener) && route.join(listener));
    if (found.length > 0) return;
    const hostnames = [...new Set(allowed.map(({ hostname }) => hostname))].join(', ');
    const message = `No hostname of the route is within those of the listeners of Gateway ${key}: ${hostnames}.`;
    this.findings.push(report('MALHA1063', resource, path, message));
  }
}

function isMeant(spec: { readonly name: string; readonly port: number }, parent: ParentRef): boolean {
  if (parent.port !== undefined && parent.port !== spec.port) return false;
  return parent.sectionName === undefined || parent.sectionName === spec.name;
}
