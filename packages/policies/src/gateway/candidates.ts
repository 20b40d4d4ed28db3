// Routes on their way to the listeners of their gateways: what hostnames they share with one, and who has them already.
import { type FindingCode, namespaceOf } from '@malha/model';
import { intersectHostnames } from '@malha/traffic';
import type { AttachedRoute } from '../routes/attach.ts';
import { type Layer4RouteResource, serverNamesOf } from '../tcp/attach.ts';
import type { ListenerEntry } from './entries.ts';

export interface Candidate {
  readonly resource: AttachedRoute['resource'] | Layer4RouteResource;
  readonly namespace: string;
  /** What is said when older routes have it all. */
  readonly taken: { readonly code: FindingCode; readonly words: string };
  isTaken(listener: ListenerEntry): boolean;
  /** False when listener and route have no hostname in common. */
  join(listener: ListenerEntry): boolean;
}

export function httpCandidate(route: AttachedRoute): Candidate {
  const { resource, namespace } = route;
  return {
    resource,
    namespace,
    taken: { code: 'MALHA1050', words: 'An older route of another kind has the hostnames at every listener' },
    isTaken: (listener) => isOfAnotherKind(listener, route),
    join: ({ hostname, routes }) => {
      const hostnames = sharedHostnames(hostname, resource.spec.hostnames ?? []);
      if (hostnames.length === 0) return false;
      if (!routes.some((joined) => joined.route === route)) routes.push({ route, hostnames });
      return true;
    },
  };
}

/** Nothing but its hostname tells a connection apart, so that each is one route's: the oldest's (Gateway API). */
export function layer4Candidate(route: Layer4RouteResource): Candidate {
  const shared = ({ hostname }: ListenerEntry) => sharedHostnames(hostname, serverNamesOf(route));
  return {
    resource: route,
    namespace: namespaceOf(route),
    taken: { code: 'MALHA1049', words: 'An older route has the connections at every listener' },
    isTaken: (listener) => {
      const hostnames = shared(listener);
      return hostnames.length > 0 && hostnames.every((name) => ownerOf(name, listener, route) !== undefined);
    },
    join: (listener) => {
      const hostnames = shared(listener).filter((name) => ownerOf(name, listener, route) === undefined);
      if (hostnames.length === 0) return false;
      if (!listener.layer4.some((joined) => joined.route === route)) listener.layer4.push({ route, hostnames });
      return true;
    },
  };
}

function ownerOf(name: string, { layer4 }: ListenerEntry, route: Layer4RouteResource): Layer4RouteResource | undefined {
  return layer4.find((joined) => joined.route !== route && joined.hostnames.includes(name))?.route;
}

/** `own`: of the route; none = all. */
function sharedHostnames(listener: string, own: readonly string[]): string[] {
  const names = own.length === 0 ? ['*'] : own;
  return [...new Set(names.flatMap((each) => intersectHostnames(listener, each) ?? []))];
}

/** Gateway API: of an HTTPRoute and a GRPCRoute whose hostnames intersect, a listener accepts the older one only. */
function isOfAnotherKind({ hostname, routes }: ListenerEntry, { resource }: AttachedRoute): boolean {
  const own = resource.spec.hostnames ?? [hostname];
  return routes.some(
    ({ route, hostnames }) =>
      route.resource.kind !== resource.kind &&
      own.some((each) => hostnames.some((other) => intersectHostnames(each, other) !== undefined)),
  );
}
