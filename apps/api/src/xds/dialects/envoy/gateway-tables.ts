// Route tables of HTTPS listeners for Envoy: one for each server, as a connection is of the server that SNI chose.
import type {
  GatewayListener,
  GatewayServer,
  HttpGatewayListener,
  Route,
  RouteTable,
  VirtualHost,
} from '@malha/traffic';
import { isHttpListener } from '@malha/traffic/gateway';

/** RFC 9110 §15.5.20: a client that shares one connection between names comes again on another one. */
const MISDIRECTED: Route = {
  name: 'misdirected',
  match: { path: { type: 'prefix', value: '/' }, headers: [], queryParams: [] },
  action: { type: 'direct', status: 421, body: '', responseHeaders: { set: [], add: [], remove: [] } },
};

/** The name of the table that serves connections to the server. */
export function tableNameOf({ routeTable, servers, protocol }: HttpGatewayListener, { name }: GatewayServer): string {
  return protocol === 'HTTPS' && servers.length > 1 ? `${routeTable}|${name}` : routeTable;
}

/** In place of each table that is split, those of its servers. */
export function splitTables(tables: readonly RouteTable[], gateways: readonly GatewayListener[]): RouteTable[] {
  const split = new Map(
    gateways
      .filter(isHttpListener)
      .filter(({ protocol, servers }) => protocol === 'HTTPS' && servers.length > 1)
      .map((listener) => [listener.routeTable, listener]),
  );
  return tables.flatMap((table) => {
    const listener = split.get(table.name);
    if (listener === undefined) return [table];
    return listener.servers.map((server) => ({
      ...table,
      name: tableNameOf(listener, server),
      virtualHosts: hostsFor(server, table.virtualHosts),
    }));
  });
}

/** Hosts of other servers are no hosts of this connection; those of none are not there, as Envoy says by itself. */
function hostsFor({ name }: GatewayServer, hosts: readonly VirtualHost[]): VirtualHost[] {
  const mine = hosts.filter((host) => host.name.startsWith(`${name}/`));
  const others = hosts.filter((host) => !mine.includes(host)).map((host) => ({ ...host, routes: [MISDIRECTED] }));
  return [...mine, ...others];
}
