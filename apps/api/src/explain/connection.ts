// Where the mesh would take one connection of bytes, on the configuration as it is or with a draft: by the proxy's own engine.
import { type Finding, namespaceOf, type Resource } from '@malha/model';
import { buildIndex, compile, type World } from '@malha/policies';
import type { Explanation, MeshConfig } from '@malha/traffic';
import { connectionsAt, explainConnection } from '@malha/traffic/tcp-explain';
import { withDraft } from './explain.ts';
import { IMAGINARY_EDGE, imaginaryEdge } from './origin.ts';

const ENDPOINTS_SHOWN_MAX = 100;

export interface ExplainConnectionRequest {
  /** The application of a workload connects to an upstream that it declares, or a client outside to a gateway. */
  readonly from:
    | { readonly type: 'workload'; readonly namespace: string; readonly name: string }
    | { readonly type: 'gateway'; readonly namespace: string; readonly name: string };
  /** Where the proxy listens. */
  readonly port: number;
  /** Of the ClientHello; empty for bytes that are no TLS. */
  readonly serverName: string;
}

export interface ConnectionExplanation extends Omit<Explanation, 'backends'> {
  readonly backends: readonly (Explanation['backends'][number] & {
    readonly endpoints: readonly ConnectionEndpoint[];
  })[];
  /** What could not be applied as written, and so had no part in this. */
  readonly quarantined: readonly Finding[];
}

export interface ConnectionEndpoint {
  readonly workload: string;
  readonly version: string;
  readonly address: string;
  readonly isHealthy: boolean;
  readonly mtls: boolean;
}

/** Undefined: there is no such workload. `draft` replaces resources with the same key. */
export function explainConnectionCall(
  world: World,
  { from, port, serverName }: ExplainConnectionRequest,
  draft: readonly Resource[] = [],
): ConnectionExplanation | undefined {
  const resources = withDraft(world.resources, draft);
  const edge = from.type === 'gateway' ? [imaginaryEdge(from)] : [];
  const workloads = [...world.workloads, ...edge];
  const name = from.type === 'gateway' ? IMAGINARY_EDGE : from.name;
  const isThere = [...workloads, ...resources.filter((each) => each.kind === 'Workload')].some(
    (each) => each.metadata.name === name && namespaceOf(each) === from.namespace,
  );
  if (!isThere) return undefined;
  const index = buildIndex({ ...world, resources, workloads });
  const { config, quarantined } = compile(index, { namespace: from.namespace, workload: name });
  const connections = connectionsAt(config, from.type === 'gateway' ? 'gateway' : 'upstream', port);
  if (connections === undefined) return { ...nothingAt(port), quarantined };
  const { backends, ...explanation } = explainConnection(connections, serverName);
  return {
    ...explanation,
    backends: backends.map((backend) => ({ ...backend, endpoints: endpointsOf(config, backend.cluster) })),
    quarantined,
  };
}

function nothingAt(port: number): Omit<ConnectionExplanation, 'quarantined'> {
  const hostWords = `No listener TLS or TCP, and no upstream, is at port ${port}.`;
  const actionWords = 'Refused: nobody takes connections there.';
  return { authority: '', virtualHost: undefined, hostWords, rules: [], winner: undefined, actionWords, backends: [] };
}

function endpointsOf({ endpoints }: MeshConfig, cluster: string): ConnectionEndpoint[] {
  const list = endpoints.find((each) => each.cluster === cluster)?.endpoints ?? [];
  return list.slice(0, ENDPOINTS_SHOWN_MAX).map(({ workload, version, address, port, healthy, tls }) => {
    return { workload, version, address: `${address}:${port}`, isHealthy: healthy, mtls: tls };
  });
}
