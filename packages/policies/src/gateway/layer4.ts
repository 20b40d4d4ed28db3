// Listeners TLS and TCP of one port as routes by server name: each name is that of the most specific listener for it.
import { type GatewayTcpRoute, hostnameRank, mostSpecific, type TcpBackend } from '@malha/traffic';
import { type Layer4RouteResource, routeNameOf } from '../tcp/attach.ts';
import { isPassthrough, type ServedListener } from './entries.ts';

/**
 * A name that a listener has and no route of it is a route without backends: connections end at the listener with the most
 * specific hostname, also when nothing is attached to it, as requests do.
 */
export function layer4Routes(
  served: readonly ServedListener[],
  backendsOf: (route: Layer4RouteResource) => readonly TcpBackend[],
): GatewayTcpRoute[] {
  return served.flatMap((own) => {
    const { hostname, listener, server } = own;
    const isOwn = (name: string) => mostSpecific(served, name) === own;
    const certificates =
      listener.spec.protocol === 'TLS' && !isPassthrough(listener.spec) ? { certificates: server.certificates } : {};
    const attached = listener.layer4.map(({ route, hostnames }): GatewayTcpRoute => {
      const serverNames = hostnames.filter(isOwn).sort(bySpecificity);
      return {
        name: routeNameOf(route),
        listener: server.name,
        serverNames,
        clusters: backendsOf(route),
        ...certificates,
      };
    });
    const isTaken = attached.some(({ serverNames }) => serverNames.includes(hostname));
    const rest = { name: '', listener: server.name, serverNames: [hostname], clusters: [], ...certificates };
    return [...attached.filter(({ serverNames }) => serverNames.length > 0), ...(isTaken ? [] : [rest])];
  });
}

function bySpecificity(a: string, b: string): number {
  return hostnameRank(b) - hostnameRank(a) || (a < b ? -1 : 1);
}
