// What the mesh would do with one request, on the configuration as it is or with a draft: the proxy's own engine decides.
import { type Finding, keyOf, namespaceOf, type Resource } from '@malha/model';
import { buildIndex, compile, type World } from '@malha/policies';
import { compileRouteTable, type Explanation, type RequestView } from '@malha/traffic';
import { clusterWords } from '@malha/traffic/cluster-words';
import { type ExplainedEndpoint, Judge } from './judge.ts';
import { callerOf, entryOf, type RequestOrigin } from './origin.ts';

const ENDPOINTS_SHOWN_MAX = 100;

/** A request as it is written, wherever it comes from. */
export interface ExplainedRequest {
  readonly method: string;
  /** Host of the call, with or without port. */
  readonly authority: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: readonly { readonly name: string; readonly value: string }[];
}

export interface ExplainRequest extends ExplainedRequest {
  readonly from: RequestOrigin;
}

export interface ExplainedBackend {
  readonly cluster: string;
  readonly weight: number;
  readonly share: number;
  /** What filters of its own do; how its endpoints are picked, ejected and probed. */
  readonly words: readonly string[];
  readonly endpoints: readonly ExplainedEndpoint[];
}

export interface RequestExplanation extends Omit<Explanation, 'backends'> {
  readonly caller: { readonly workload: string; readonly principal: string };
  readonly backends: readonly ExplainedBackend[];
  /** What could not be applied as written, and so had no part in this. */
  readonly quarantined: readonly Finding[];
}

/** `draft` replaces resources with the same key. */
export function explainCall(
  world: World,
  request: ExplainRequest,
  draft: readonly Resource[] = [],
): RequestExplanation {
  const caller = callerOf(world, request.from);
  const index = buildIndex({
    ...world,
    resources: withDraft(world.resources, draft),
    workloads: caller.isImaginary ? [...world.workloads, caller.workload] : world.workloads,
  });
  const scope = { namespace: namespaceOf(caller.workload), workload: caller.workload.metadata.name };
  const { config, quarantined } = compile(index, scope);
  const { spiffeId: principal = '' } = index.linked.workloadsByKey.get(`${scope.namespace}/${scope.workload}`) ?? {};
  const known = { workload: caller.isImaginary ? '' : `${scope.namespace}/${scope.workload}`, principal };
  const entered = entryOf(config, request.from, viewOf(request));
  if (entered === undefined) return { ...nothingAt(request), caller: known, quarantined };
  const { table, view, sourceIp } = entered;
  const found = config.routeTables.find(({ name }) => name === table);
  const router = compileRouteTable(found ?? { name: '', virtualHosts: [] });
  const { backends, ...explanation } = router.explain(view);
  const judge = new Judge(index, { view, principal, namespace: scope.namespace, sourceIp });
  return {
    ...explanation,
    caller: known,
    backends: backends.map((backend) => {
      const cluster = config.clusters.find(({ name }) => name === backend.cluster);
      const { endpoints = [] } = config.endpoints.find((each) => each.cluster === backend.cluster) ?? {};
      const serverName = cluster?.tls.serverName ?? '';
      return {
        ...backend,
        words: [...(backend.filters ?? []), ...(cluster === undefined ? [] : clusterWords(cluster))],
        endpoints: endpoints.slice(0, ENDPOINTS_SHOWN_MAX).map((endpoint) => judge.endpoint(endpoint, serverName)),
      };
    }),
    quarantined,
  };
}

function nothingAt({ from, authority }: ExplainRequest): Omit<RequestExplanation, 'caller' | 'quarantined'> {
  const port = from.type === 'gateway' ? from.port : 0;
  const hostWords = `The Gateway has no listener HTTP or HTTPS at port ${port}.`;
  const actionWords = 'Refused: nobody takes requests there.';
  return { authority, virtualHost: undefined, hostWords, rules: [], winner: undefined, actionWords, backends: [] };
}

export function withDraft(resources: readonly Resource[], draft: readonly Resource[]): Resource[] {
  const drafted = new Map(draft.map((resource) => [keyOf(resource), resource]));
  const replaced = resources.map((resource) => {
    const key = keyOf(resource);
    const replacement = drafted.get(key);
    drafted.delete(key);
    return replacement ?? resource;
  });
  return [...replaced, ...drafted.values()];
}

export function viewOf({ method, authority, path, headers }: ExplainedRequest): RequestView {
  const byName = new Map<string, string>();
  for (const { name, value } of headers) {
    const key = name.toLowerCase();
    const earlier = byName.get(key);
    byName.set(key, earlier === undefined ? value : `${earlier}, ${value}`);
  }
  return { method, authority: authority.toLowerCase(), path, header: (name) => byName.get(name) };
}
