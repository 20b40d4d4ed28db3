// From where a tested request or connection may come: listeners of the gateways that a route is attached to, and workloads. Pure.
import type { ListenerView } from '../model/listeners.ts';
import type { ParentView } from '../model/parents.ts';

export interface Origin {
  readonly type: 'gateway' | 'workload';
  readonly namespace: string;
  readonly name: string;
  /** Of the listener; undefined = the operator says it. */
  readonly port: number | undefined;
}

interface KnownGateway {
  readonly namespace: string;
  readonly name: string;
  readonly listeners: readonly ListenerView[];
}

export interface OriginsOf {
  readonly parents: readonly ParentView[];
  readonly namespace: string;
  readonly gateways: readonly KnownGateway[];
  /** `namespace/workload` */
  readonly workloads: readonly string[];
}

/** Of the listeners that take what a route is for. */
export const CONNECTION_PROTOCOLS: readonly string[] = ['TLS', 'TCP'];
export const REQUEST_PROTOCOLS: readonly string[] = ['HTTP', 'HTTPS'];

/** Listeners for bytes, by the gateways that the route names, then the workloads. */
export function originsOf({ workloads, ...attached }: OriginsOf): readonly Origin[] {
  const callers = workloads.map((id): Origin => {
    const [of = attached.namespace, ...name] = id.split('/');
    return { type: 'workload', namespace: of, name: name.join('/'), port: undefined };
  });
  return [...listenersOf(attached, CONNECTION_PROTOCOLS), ...callers];
}

/** Each port once: what is asked for decides about its listeners. */
export function listenersOf(
  { parents, namespace, gateways }: Omit<OriginsOf, 'workloads'>,
  protocols: readonly string[],
): readonly Origin[] {
  const origins = parents
    .filter(({ kind }) => kind === 'Gateway')
    .flatMap((parent) => {
      const gateway = gateways.find(
        (candidate) => candidate.name === parent.name && candidate.namespace === (parent.namespace || namespace),
      );
      if (gateway === undefined) return [];
      return gateway.listeners
        .filter(({ name }) => parent.sectionName === '' || name === parent.sectionName)
        .filter(({ port }) => parent.port === undefined || port === parent.port)
        .filter(({ protocol, port }) => protocols.includes(protocol) && port !== undefined)
        .map(({ port }): Origin => ({ type: 'gateway', namespace: gateway.namespace, name: gateway.name, port }));
    });
  return [...new Map(origins.map((origin) => [originId(origin), origin])).values()];
}

export function originId({ type, namespace, name, port }: Origin): string {
  return [type, namespace, name, port ?? ''].join('/');
}

export function originInWords({ type, namespace, name, port }: Origin, ownNamespace: string): string {
  const full = namespace === ownNamespace ? name : `${namespace}/${name}`;
  return type === 'gateway' ? `outside, by ${full}:${port ?? ''}` : full;
}
