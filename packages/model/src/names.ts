// Names that are built from a service: hosts, SNI, clusters and versions.

/** Suffix of full host names and of SNI. */
export const MESH_SUFFIX = 'mesh';

/** Label of the workloads that serve the Gateway of this name in their namespace (Gateway API, GEP-1762). */
export const GATEWAY_NAME_LABEL = 'gateway.networking.k8s.io/gateway-name';

/** Annotation of a Gateway: how many proxies of the operator stand before it, whose X-Forwarded-For is believed. */
export const TRUSTED_HOPS_ANNOTATION = 'gateway.malha.dev/trusted-hops';

/** `reviews.bookstore.mesh` */
export function serviceHost(service: string, namespace: string): string {
  return `${service}.${namespace}.${MESH_SUFFIX}`;
}

/** Every host by which a caller in `callerNamespace` may name the service, shortest first, without port. */
export function serviceHosts(service: string, namespace: string, callerNamespace?: string): readonly string[] {
  const full = [`${service}.${namespace}`, serviceHost(service, namespace)];
  return callerNamespace === namespace ? [service, ...full] : full;
}

/** SNI between proxies: `9080.reviews.bookstore.mesh`. */
export function serverName(port: number, service: string, namespace: string): string {
  return `${port}.${serviceHost(service, namespace)}`;
}

/** `outbound|9080|v1|reviews.bookstore`; an empty version is the whole service. */
export function clusterName(port: number, version: string, service: string, namespace: string): string {
  return `outbound|${port}|${version}|${service}.${namespace}`;
}

const CLUSTER = /^outbound\|([1-9][0-9]{0,4})\|([^|]*)\|([^|.]+)\.([^|.]+)$/;

export interface ClusterParts {
  readonly port: number;
  readonly version: string;
  readonly service: string;
  readonly namespace: string;
}

export function parseClusterName(name: string): ClusterParts | undefined {
  const match = CLUSTER.exec(name);
  if (match === null) return undefined;
  const [, port = '', version = '', service = '', namespace = ''] = match;
  return { port: Number(port), version, service, namespace };
}

/** Name of a ServiceVersion: `<service>-<version>`. */
export function serviceVersionName(service: string, version: string): string {
  return `${service}-${version}`;
}

/** A version's name has no "-", so the last one separates it from the service. */
export function parseServiceVersionName(name: string): { service: string; version: string } | undefined {
  const dash = name.lastIndexOf('-');
  if (dash <= 0 || dash === name.length - 1) return undefined;
  return { service: name.slice(0, dash), version: name.slice(dash + 1) };
}
