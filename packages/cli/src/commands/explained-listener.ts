// Which listener of a proxy a URL of `malha explain` means: requests go by http and https, connections by tcp and tls.
import {
  compileRouteTable,
  type Explanation,
  type GatewayListener,
  type MeshConfig,
  type RequestView,
  splitAuthority,
} from '@malha/traffic';
import { type EdgeClient, edgeRequest } from '@malha/traffic/edge-request';
import { isHttpListener } from '@malha/traffic/gateway';
import { connectionsAt, explainConnection } from '@malha/traffic/tcp-explain';
import { UsageError } from '../options.ts';

export const SCHEMES = ['http', 'https', 'tcp', 'tls'] as const;
export type Scheme = (typeof SCHEMES)[number];

export interface ExplainedCall extends RequestView {
  readonly scheme: Scheme;
}

const PORTS: Readonly<Partial<Record<Scheme, number>>> = { http: 80, https: 443, tls: 443 };

/** A call of the workload's own application. */
export function explainOutbound(config: MeshConfig, call: ExplainedCall): Explanation {
  if (call.scheme === 'http' || call.scheme === 'https') return explainHttp(config, config.outbound.routeTable, call);
  const port = portOf(call);
  const connections = connectionsAt(config, 'upstream', port);
  if (connections === undefined)
    throw new UsageError([`the workload listens for no upstream at port ${port}; it has ${listed(config.tcp)}`]);
  return explainConnection(connections, serverNameOf(call));
}

/** A call of a client outside, to a port of the gateway that the workload serves. */
export function explainGateway(config: MeshConfig, call: ExplainedCall, client: EdgeClient): Explanation {
  const port = portOf(call);
  const listener = config.gateways?.find((each) => each.port === port);
  if (listener === undefined)
    throw new UsageError([`the Gateway serves no port ${port}; it has ${listed(config.gateways)}`]);
  if (isHttpListener(listener) && (call.scheme === 'http' || call.scheme === 'https'))
    return explainHttp(config, listener.routeTable, edgeRequest(call, listener, client));
  const connections = connectionsAt(config, 'gateway', port);
  if (connections === undefined || call.scheme !== connections.protocol) throw otherProtocol(listener);
  return explainConnection(connections, serverNameOf(call));
}

function explainHttp(config: MeshConfig, routeTable: string, call: RequestView): Explanation {
  const table = config.routeTables.find(({ name }) => name === routeTable);
  return compileRouteTable(table ?? { name: '', virtualHosts: [] }).explain(call);
}

function otherProtocol({ port, protocol }: GatewayListener): UsageError {
  return new UsageError([`port ${port} of the Gateway is of protocol ${protocol}: write ${protocol.toLowerCase()}://`]);
}

function portOf({ authority, scheme }: ExplainedCall): number {
  const port = splitAuthority(authority).port ?? PORTS[scheme];
  if (port === undefined) throw new UsageError([`"${scheme}://${authority}" names no port`]);
  return port;
}

function serverNameOf({ authority }: ExplainedCall): string {
  return splitAuthority(authority).host;
}

function listed(listeners: readonly { readonly port: number }[] = []): string {
  return listeners.length === 0 ? 'none' : listeners.map(({ port }) => port).join(', ');
}
