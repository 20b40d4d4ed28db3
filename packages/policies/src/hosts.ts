// Hosts of a virtual host: every name of a service that the caller may use, with and without port.
import { serviceHosts } from '@malha/model';
import { defaultPortOf, type PortEntry, type ServiceEntry } from './services/entries.ts';

/** `isLocal`: the caller is in the namespace of the service, so the bare name is the service's. */
export function domainsOf(service: ServiceEntry, port: PortEntry, isLocal: boolean): string[] {
  const { name, namespace, resource } = service;
  const { virtualIP } = resource.spec;
  const hosts = [...serviceHosts(name, namespace, isLocal ? namespace : undefined)];
  if (virtualIP !== undefined) hosts.push(virtualIP.includes(':') ? `[${virtualIP}]` : virtualIP);
  const isDefault = defaultPortOf(service) === port.port;
  return hosts.flatMap((host) => (isDefault ? [host, `${host}:${port.port}`] : [`${host}:${port.port}`]));
}
