// RouteConfiguration -> RouteTable.
import type { Route, RouteTable, VirtualHost } from '@malha/traffic';
import {
  RouteSchema,
  VirtualHostSchema,
  type VirtualHost as WireHost,
  type Route as WireRoute,
} from '@malha/xds/generated/envoy/config/route/v3/route_components_pb';
import { RouteConfigurationSchema } from '@malha/xds/generated/envoy/config/route/v3/route_pb';
import { routeAction } from './actions.ts';
import { routeMatch } from './matches.ts';
import { checkExtensions, matchConditions } from './route-extensions.ts';
import { decodeMessage, onlyFields } from './strict.ts';

const checkTable = onlyFields(RouteConfigurationSchema, ['name', 'virtualHosts']);
const checkHost = onlyFields(VirtualHostSchema, ['name', 'domains', 'routes']);
const checkRoute = onlyFields(RouteSchema, [
  'name',
  'match',
  'route',
  'redirect',
  'directResponse',
  'typedPerFilterConfig',
  'requestHeadersToAdd',
  'requestHeadersToRemove',
  'responseHeadersToAdd',
  'responseHeadersToRemove',
]);

export function decodeRouteTable(bytes: Uint8Array): RouteTable {
  const table = decodeMessage(RouteConfigurationSchema, bytes, '');
  checkTable(table, '');
  return {
    name: table.name,
    virtualHosts: table.virtualHosts.map((host, index) => virtualHost(host, `virtual_hosts[${index}]`)),
  };
}

function virtualHost(host: WireHost, path: string): VirtualHost {
  checkHost(host, path);
  return {
    name: host.name,
    domains: host.domains.map((domain) => domain.toLowerCase()),
    routes: host.routes.map((from, index) => route(from, `${path}.routes[${index}]`)),
  };
}

function route(from: WireRoute, path: string): Route {
  checkRoute(from, path);
  checkExtensions(from, path);
  const match = { ...routeMatch(from.match, `${path}.match`), ...matchConditions(from, path) };
  return { name: from.name, match, action: routeAction(from, path) };
}
