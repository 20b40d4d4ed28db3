// RouteConfiguration -> RouteTable.
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
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
import { decodeMessage, onlyFields, unreadable } from './strict.ts';

const HOSTS_FIELD = RouteConfigurationSchema.field.virtualHosts.number;

const checkTable = onlyFields(RouteConfigurationSchema, ['name', 'virtualHosts', 'ignorePortInHostMatching']);
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

/** Bytes of each virtual host of a decoded table, as latin1 text. */
const hostsOfTable = new WeakMap<RouteTable, ReadonlyMap<string, VirtualHost>>();

/**
 * Virtual hosts whose bytes stand in `former` too are the same objects: a change costs what it changed, not the table.
 * Throws ResourceError.
 */
export function decodeRouteTable(bytes: Uint8Array, former: RouteTable | undefined): RouteTable {
  const { hosts, rest } = splitHosts(bytes);
  const table = decodeMessage(RouteConfigurationSchema, rest, '');
  checkTable(table, '');
  const known = former === undefined ? undefined : hostsOfTable.get(former);
  const byBytes = new Map<string, VirtualHost>();
  const virtualHosts = hosts.map((host, index) => {
    const key = host.toString('latin1');
    const path = `virtual_hosts[${index}]`;
    const decoded = known?.get(key) ?? virtualHost(decodeMessage(VirtualHostSchema, host, path), path);
    byBytes.set(key, decoded);
    return decoded;
  });
  const decoded = {
    name: table.name,
    ...(table.ignorePortInHostMatching && { ignoresPort: true }),
    virtualHosts,
  };
  hostsOfTable.set(decoded, byBytes);
  return decoded;
}

/** The values of `virtual_hosts`, and the message without them. */
function splitHosts(bytes: Uint8Array): { readonly hosts: readonly Buffer[]; readonly rest: Uint8Array } {
  const hosts: Buffer[] = [];
  const rest: Uint8Array[] = [];
  const reader = new BinaryReader(bytes);
  try {
    while (reader.pos < reader.len) {
      const start = reader.pos;
      const [field, type] = reader.tag();
      if (field === HOSTS_FIELD && type === WireType.LengthDelimited) {
        const host = reader.bytes();
        hosts.push(Buffer.from(host.buffer, host.byteOffset, host.length));
      } else {
        reader.skip(type, field);
        rest.push(bytes.subarray(start, reader.pos));
      }
    }
  } catch (error) {
    throw unreadable(RouteConfigurationSchema, '', error);
  }
  return { hosts, rest: Buffer.concat(rest) };
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
