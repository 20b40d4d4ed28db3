// What the listeners of gateways have in common, whatever their protocol.
import type { GatewayListener, GatewayServer, HttpGatewayListener } from './config.ts';
import { mostSpecific } from './hostname.ts';

export function isHttpListener(listener: GatewayListener): listener is HttpGatewayListener {
  return listener.protocol === 'HTTP' || listener.protocol === 'HTTPS';
}

/**
 * Whether a request over TLS is for another listener than that of its handshake: a browser that shares one connection between
 * names would else get past what holds for the other one (RFC 9110 §15.5.20). A host of no listener is not misdirected, it is
 * not there (Gateway API: 421 where another listener has the host, else 404).
 */
export function isMisdirected(servers: readonly GatewayServer[], host: string, serverName: string): boolean {
  const owner = mostSpecific(servers, host);
  return owner !== undefined && owner !== mostSpecific(servers, serverName);
}

/** Names of the certificates that a listener shows to clients, each once. */
export function certificatesOf(listener: GatewayListener): readonly string[] {
  const holders = isHttpListener(listener) ? listener.servers : listener.routes;
  return [...new Set(holders.flatMap(({ certificates = [] }) => certificates))];
}
