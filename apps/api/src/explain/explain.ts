// What the mesh would do with one request, on the configuration as it is or with a draft: the proxy's own engine decides.
import { type Finding, keyOf, namespaceOf, type Resource, type WorkloadResource } from '@malha/model';
import { buildIndex, compile, type World, type WorldIndex } from '@malha/policies';
import {
  type ClusterName,
  compileAuthorization,
  compileRouteTable,
  type Endpoint,
  type Explanation,
  type InboundPort,
  limitWords,
  type RequestView,
} from '@malha/traffic';
import { clusterWords } from '@malha/traffic/cluster-words';

/** A caller that is not in the mesh yet: any workload of the namespace, with no labels. */
const IMAGINARY_WORKLOAD = 'explain-caller';
const ENDPOINTS_SHOWN_MAX = 100;

export interface ExplainRequest {
  readonly caller: { readonly namespace: string; readonly workload?: string | undefined };
  readonly method: string;
  /** Host of the call, with or without port. */
  readonly authority: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: readonly { readonly name: string; readonly value: string }[];
}

export interface ExplainedEndpoint {
  readonly workload: string;
  readonly version: string;
  readonly address: string;
  readonly isHealthy: boolean;
  readonly mtls: boolean;
  readonly authorization: ExplainedAuthorization | null;
  /** Rate limits of the port that is called, in words. */
  readonly limits: readonly string[];
}

export interface ExplainedAuthorization {
  readonly isAllowed: boolean;
  /** `namespace/name` of the policy that decided, or null when none had to. */
  readonly policy: string | null;
  readonly shadowDenied: string | null;
  readonly words: string;
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
  const caller = findCaller(world, request.caller);
  const index = buildIndex({
    ...world,
    resources: withDraft(world.resources, draft),
    workloads: caller.isImaginary ? [...world.workloads, caller.workload] : world.workloads,
  });
  const scope = { namespace: request.caller.namespace, workload: caller.workload.metadata.name };
  const { config, quarantined } = compile(index, scope);
  const table = config.routeTables.find(({ name }) => name === config.outbound.routeTable);
  const router = compileRouteTable(table ?? { name: '', virtualHosts: [] });
  const { backends, ...explanation } = router.explain(viewOf(request));
  const principal = index.linked.workloadsByKey.get(`${scope.namespace}/${scope.workload}`)?.spiffeId ?? '';
  const judge = new Judge(index, request, principal);
  return {
    ...explanation,
    caller: { workload: caller.isImaginary ? '' : `${scope.namespace}/${scope.workload}`, principal },
    backends: backends.map((backend) => ({
      ...backend,
      words: [...(backend.filters ?? []), ...wordsOf(backend.cluster)],
      endpoints: endpointsOf(config.endpoints, backend.cluster).map((endpoint) => judge.endpoint(endpoint)),
    })),
    quarantined,
  };

  function wordsOf(cluster: string): readonly string[] {
    const found = config.clusters.find(({ name }) => name === cluster);
    return found === undefined ? [] : clusterWords(found);
  }

  function endpointsOf(lists: typeof config.endpoints, cluster: string): readonly Endpoint[] {
    const list = lists.find((candidate) => candidate.cluster === (cluster as ClusterName));
    return list?.endpoints.slice(0, ENDPOINTS_SHOWN_MAX) ?? [];
  }
}

/** Asks the destination's inbound authorization, and its limits. */
class Judge {
  readonly #index: WorldIndex;
  readonly #request: ExplainRequest;
  readonly #principal: string;

  constructor(index: WorldIndex, request: ExplainRequest, principal: string) {
    this.#index = index;
    this.#request = request;
    this.#principal = principal;
  }

  endpoint({ workload, version, address, port, healthy, tls }: Endpoint): ExplainedEndpoint {
    const inbound = this.#inboundPort(workload);
    const authorization = inbound === undefined ? null : this.#authorization(inbound, tls);
    const limits = (inbound?.rateLimits ?? []).map(limitWords);
    return { workload, version, address: `${address}:${port}`, isHealthy: healthy, mtls: tls, authorization, limits };
  }

  #inboundPort(workload: string): InboundPort | undefined {
    const [namespace = '', name = ''] = workload.split('/');
    const { inbound } = compile(this.#index, { namespace, workload: name }).config;
    return inboundPortFor(inbound.ports, this.#request.authority);
  }

  #authorization(port: InboundPort, mtls: boolean): ExplainedAuthorization {
    const view = viewOf(this.#request);
    const decision = compileAuthorization(port.authorization).decide({
      ...(mtls ? { principal: this.#principal, namespace: this.#request.caller.namespace } : {}),
      sourceIp: '127.0.0.1',
      method: view.method,
      path: view.path,
      host: view.authority,
      port: port.port,
      header: view.header,
    });
    const policy = decision.policy ?? null;
    const verb = decision.allowed ? 'Allowed' : 'Denied with 403';
    const words = policy === null ? `${verb}: no policy decided.` : `${verb} by ${policy}.`;
    return { isAllowed: decision.allowed, policy, shadowDenied: decision.shadowDenied ?? null, words };
  }
}

/** The port that a caller's proxy would select by SNI; for explaining, by the host that was called. */
export function inboundPortFor(ports: readonly InboundPort[], authority: string): InboundPort | undefined {
  const [host = ''] = authority.split(':');
  return ports.find(({ hosts }) => hosts.includes(host)) ?? ports[0];
}

function findCaller(world: World, { namespace, workload }: ExplainRequest['caller']) {
  const all = [...world.workloads, ...world.resources.filter((resource) => resource.kind === 'Workload')];
  const found = all.find(
    (candidate) =>
      namespaceOf(candidate) === namespace && (workload === undefined || candidate.metadata.name === workload),
  );
  return found ? { workload: found, isImaginary: false } : { workload: imaginary(namespace), isImaginary: true };
}

function imaginary(namespace: string): WorkloadResource {
  return {
    apiVersion: 'malha.dev/v1',
    kind: 'Workload',
    metadata: { name: IMAGINARY_WORKLOAD, namespace },
    spec: { address: '127.0.0.1', serviceAccount: IMAGINARY_WORKLOAD },
  };
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

export function viewOf({ method, authority, path, headers }: ExplainRequest): RequestView {
  const byName = new Map<string, string>();
  for (const { name, value } of headers) {
    const key = name.toLowerCase();
    const earlier = byName.get(key);
    byName.set(key, earlier === undefined ? value : `${earlier}, ${value}`);
  }
  return { method, authority: authority.toLowerCase(), path, header: (name) => byName.get(name) };
}
