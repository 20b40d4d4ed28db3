// What the listeners of gateways have in common, whatever their protocol.
import type { GatewayListener, HttpGatewayListener } from './config.ts';

export function isHttpListener(listener: GatewayListener): listener is HttpGatewayListener {
  return listener.protocol === 'HTTP' || listener.protocol === 'HTTPS';
}

/** Names of the certificates that a listener shows to clients, each once. */
export function certificatesOf(listener: GatewayListener): readonly string[] {
  const holders = isHttpListener(listener) ? listener.servers : listener.routes;
  return [...new Set(holders.flatMap(({ certificates = [] }) => certificates))];
}
