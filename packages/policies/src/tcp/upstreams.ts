// Upstreams of a workload: of its resource, and of the labels with which an instance registers.
import type { WorkloadEntry } from '../services/entries.ts';

export interface Upstream {
  /** Field of the Workload that says so. */
  readonly path: string;
  /** `<namespace>/<service>` */
  readonly service: string;
  readonly port: number;
  readonly listen: number;
}

/**
 * `upstream.malha.dev/<listen>=<port>.<service>.<namespace>`: a registration has labels and no spec, so an instance says
 * with `malha join --label` what a resource says with `spec.upstreams`.
 */
const LABEL_PREFIX = 'upstream.malha.dev/';
const LABEL_VALUE = /^(\d{1,5})\.([-a-z0-9]+)\.([-a-z0-9]+)$/;
const PORT_MAX = 65_535;

export function upstreamsOf({ resource, namespace, labels }: WorkloadEntry): Upstream[] {
  const declared = (resource.spec.upstreams ?? []).map(({ service, port, listen }, at) => ({
    path: `spec.upstreams[${at}]`,
    service: service.includes('/') ? service : `${namespace}/${service}`,
    port,
    listen,
  }));
  return [...declared, ...labelled(labels).flatMap((upstream) => (typeof upstream === 'string' ? [] : [upstream]))];
}

/** Paths of the labels that begin as one of an upstream and are none. */
export function malformedUpstreams({ labels }: WorkloadEntry): string[] {
  return labelled(labels).filter((upstream) => typeof upstream === 'string');
}

function labelled(labels: Readonly<Record<string, string>>): (Upstream | string)[] {
  return Object.entries(labels).flatMap(([key, value]): (Upstream | string)[] => {
    if (!key.startsWith(LABEL_PREFIX)) return [];
    const path = `metadata.labels["${key}"]`;
    const listen = portOf(key.slice(LABEL_PREFIX.length));
    const [, port = '', service = '', namespace = ''] = LABEL_VALUE.exec(value) ?? [];
    const called = portOf(port);
    if (listen === undefined || called === undefined) return [path];
    return [{ path, service: `${namespace}/${service}`, port: called, listen }];
  });
}

function portOf(text: string): number | undefined {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return port >= 1 && port <= PORT_MAX ? port : undefined;
}
