// Where an explained request comes from: an application of the mesh by its proxy, or a client outside by a Gateway.
import { GATEWAY_NAME_LABEL, namespaceOf, type WorkloadResource } from '@malha/model';
import type { World } from '@malha/policies';
import type { MeshConfig, RequestView } from '@malha/traffic';
import { edgeRequest } from '@malha/traffic/edge-request';
import { isHttpListener } from '@malha/traffic/gateway';

/** A caller that is not in the mesh yet: any workload of the namespace, with no labels. */
const IMAGINARY_WORKLOAD = 'explain-caller';
/** Stands for any proxy of the gateway: all of them have the same listeners. */
export const IMAGINARY_EDGE = 'explain-edge';
/** Proxies of one host call each other over it. */
const LOOPBACK = '127.0.0.1';
/** Of the documentation block (RFC 5737): a client of whom nothing is known. */
const SOMEBODY = '192.0.2.1';

export type RequestOrigin =
  | {
      readonly type: 'workload';
      readonly namespace: string;
      /** Any of the namespace when not given. */
      readonly workload?: string | undefined;
      /** That the call comes from, as policies of the callee see it. */
      readonly address?: string | undefined;
    }
  | {
      readonly type: 'gateway';
      readonly namespace: string;
      readonly name: string;
      readonly port: number;
      /** Of the client. */
      readonly address?: string | undefined;
      /** Of the client, as the operator's database would say; undefined = not known. */
      readonly country?: string | undefined;
    };

export interface Caller {
  readonly workload: WorkloadResource;
  readonly isImaginary: boolean;
}

export function callerOf(world: World, from: RequestOrigin): Caller {
  if (from.type === 'gateway') return { workload: imaginaryEdge(from), isImaginary: true };
  const { namespace, workload } = from;
  const all = [...world.workloads, ...world.resources.filter((resource) => resource.kind === 'Workload')];
  const found = all.find(
    (candidate) =>
      namespaceOf(candidate) === namespace && (workload === undefined || candidate.metadata.name === workload),
  );
  return found ? { workload: found, isImaginary: false } : { workload: imaginary(namespace), isImaginary: true };
}

export interface Entry {
  /** Name of the route table. */
  readonly table: string;
  readonly view: RequestView;
  /** Of whom the callee sees. */
  readonly sourceIp: string;
}

/** Undefined: the Gateway takes no requests at the port. */
export function entryOf(config: MeshConfig, from: RequestOrigin, view: RequestView): Entry | undefined {
  if (from.type === 'workload') return { table: config.outbound.routeTable, view, sourceIp: from.address ?? LOOPBACK };
  const listener = config.gateways?.find(({ port }) => port === from.port);
  if (listener === undefined || !isHttpListener(listener)) return undefined;
  const client = { address: from.address ?? SOMEBODY, country: from.country };
  return { table: listener.routeTable, view: edgeRequest(view, listener, client), sourceIp: LOOPBACK };
}

function imaginary(namespace: string): WorkloadResource {
  return {
    apiVersion: 'malha.dev/v1',
    kind: 'Workload',
    metadata: { name: IMAGINARY_WORKLOAD, namespace },
    spec: { address: LOOPBACK, serviceAccount: IMAGINARY_WORKLOAD },
  };
}

export function imaginaryEdge({ namespace, name }: { readonly namespace: string; readonly name: string }) {
  return {
    apiVersion: 'malha.dev/v1',
    kind: 'Workload',
    metadata: { name: IMAGINARY_EDGE, namespace, labels: { [GATEWAY_NAME_LABEL]: name } },
    spec: { address: LOOPBACK, serviceAccount: name },
  } satisfies WorkloadResource;
}
