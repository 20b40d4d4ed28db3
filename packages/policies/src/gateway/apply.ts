// From a Gateway to the listeners of its edge proxies: one for each port, with one route table for all of its servers.
import {
  coversHostname,
  type GatewayListener,
  hostnameRank,
  mostSpecific,
  type RedirectAction,
  type Route,
  type RouteTable,
  type TcpBackend,
  type Tracing,
  type VirtualHost,
} from '@malha/traffic';
import type { ReferenceGrants } from '../reference-grant/grants.ts';
import type { AttachedRoute } from '../routes/attach.ts';
import type { Layer4RouteResource } from '../tcp/attach.ts';
import { certificatesOf } from './certificates.ts';
import { type GatewayEntry, isPlannedProtocol, type ListenerEntry, type ServedListener } from './entries.ts';
import { layer4Routes } from './layer4.ts';
import { trustedHopsOf } from './trusted-hops.ts';

export interface GatewayContext {
  readonly grants: ReferenceGrants;
  readonly tracing: Tracing;
  compileRoutes(routes: readonly AttachedRoute[]): Route[];
  backendsOf(route: Layer4RouteResource): readonly TcpBackend[];
}

export interface CompiledGateway {
  readonly listeners: readonly GatewayListener[];
  readonly routeTables: readonly RouteTable[];
}

export function gatewayRouteTable(port: number): string {
  return `gateway|${port}`;
}

export function compileGateway(gateway: GatewayEntry, context: GatewayContext): CompiledGateway {
  const listeners: GatewayListener[] = [];
  const routeTables: RouteTable[] = [];
  for (const [port, owners] of [...byPort(gateway).entries()].sort(([a], [b]) => a - b)) {
    const served = owners.flatMap((listener) => servedListener(listener, gateway, context.grants));
    const protocol = owners[0]?.spec.protocol;
    if (served.length === 0 || protocol === undefined || protocol === 'UDP') continue;
    if (protocol === 'TLS' || protocol === 'TCP') {
      listeners.push({ port, protocol, routes: layer4Routes(served, context.backendsOf) });
      continue;
    }
    const routeTable = gatewayRouteTable(port);
    const servers = served.map(({ server }) => server);
    const trustedHops = trustedHopsOf(gateway.resource) ?? 0;
    // Clients of a proxy in front came by a port of its own.
    const seenPort = trustedHops === 0 ? port : undefined;
    listeners.push({ port, protocol, routeTable, servers, trustedHops, tracing: context.tracing });
    routeTables.push({ name: routeTable, ignoresPort: true, virtualHosts: virtualHostsOf(served, seenPort, context) });
  }
  return { listeners, routeTables };
}

/** Listeners of each port that agree with the first one's protocol; the others are in conflict with it. */
export function byPort({ listeners }: GatewayEntry): Map<number, ListenerEntry[]> {
  const ports = new Map<number, ListenerEntry[]>();
  for (const listener of listeners) {
    const { port, protocol } = listener.spec;
    const list = ports.get(port);
    if (list === undefined) ports.set(port, [listener]);
    else if (list[0]?.spec.protocol === protocol) list.push(listener);
  }
  return ports;
}

function servedListener(listener: ListenerEntry, gateway: GatewayEntry, grants: ReferenceGrants): ServedListener[] {
  const { spec, hostname } = listener;
  if (isPlannedProtocol(spec)) return [];
  const certificates = certificatesOf(listener, gateway, grants);
  if (certificates === undefined) return [];
  const server = { name: `${gateway.namespace}/${gateway.name}/${spec.name}`, hostname, certificates };
  return [{ hostname, listener, server }];
}

/**
 * A request belongs to the listener with the most specific hostname, also when that one has no route for it (listener
 * isolation): each listener has a virtual host for its own hostname, and none for hosts that are another's.
 */
function virtualHostsOf(
  served: readonly ServedListener[],
  port: number | undefined,
  context: GatewayContext,
): VirtualHost[] {
  return served.flatMap((own) => {
    const { hostname, listener, server } = own;
    const domains = new Set([hostname, ...listener.routes.flatMap(({ hostnames }) => hostnames)]);
    return [...domains]
      .filter((domain) => mostSpecific(served, domain) === own)
      .sort((a, b) => hostnameRank(b) - hostnameRank(a) || (a < b ? -1 : 1))
      .map((domain) => ({
        name: `${server.name}/${domain}`,
        domains: [domain],
        routes: routesOf(listener, domain, context).map((route) => withPort(route, port)),
      }));
  });
}

/** Rules of routes with the most specific hostname go first (Gateway API), whatever they match. */
function routesOf({ routes }: ListenerEntry, domain: string, context: GatewayContext): Route[] {
  const byRank = new Map<number, AttachedRoute[]>();
  for (const { route, hostnames } of routes) {
    const ranks = hostnames.filter((each) => coversHostname(each, domain)).map(hostnameRank);
    if (ranks.length === 0) continue;
    const rank = Math.max(...ranks);
    const list = byRank.get(rank);
    if (list === undefined) byRank.set(rank, [route]);
    else list.push(route);
  }
  return [...byRank.entries()].sort(([a], [b]) => b - a).flatMap(([, group]) => context.compileRoutes(group));
}

/** Also of the redirects of single backends. */
function withPort(route: Route, port: number | undefined): Route {
  const { action } = route;
  if (port === undefined) return route;
  if (action.type === 'redirect') return { ...route, action: redirectTo(action, port) };
  if (action.type !== 'forward' || action.clusters.every(({ answer }) => answer?.type !== 'redirect')) return route;
  const clusters = action.clusters.map((weighted) =>
    weighted.answer?.type === 'redirect' ? { ...weighted, answer: redirectTo(weighted.answer, port) } : weighted,
  );
  return { ...route, action: { ...action, clusters } };
}

/** A redirect that names neither scheme nor port leads to the port of the listener (Gateway API), whatever the Host says. */
function redirectTo(action: RedirectAction, port: number): RedirectAction {
  return action.scheme !== undefined || action.port !== undefined ? action : { ...action, port };
}
