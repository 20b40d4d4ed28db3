// What becomes of calls in one state of the mesh: the proxy's own engine, compiled once for each caller. Pure.
import { parseClusterName, type Resource } from '@malha/model';
import { buildIndex, compile, type World, type WorldIndex } from '@malha/policies';
import {
  type ClusterName,
  compileAuthorization,
  compileRouteTable,
  type Endpoint,
  type InboundPort,
} from '@malha/traffic';
import { type ExplainedRequest, viewOf, withDraft } from './explain.ts';
import { inboundPortFor } from './judge.ts';

export interface Call extends ExplainedRequest {
  readonly caller: { readonly namespace: string; readonly workload: string };
}

export interface Fate {
  /** Name of the rule that takes it; undefined where none does. */
  readonly rule: string | undefined;
  /** 0..1 by target: version of the service, or another service; empty = answered without one. */
  readonly targets: ReadonlyMap<string, number>;
  /** 0..1: what a policy of the targets refuses. */
  readonly denied: number;
}

type Router = ReturnType<typeof compileRouteTable>;

interface CompiledCaller {
  readonly router: Router;
  readonly endpoints: ReadonlyMap<string, readonly Endpoint[]>;
  readonly principal: string;
}

export class Fates {
  readonly #index: WorldIndex;
  readonly #callers = new Map<string, CompiledCaller>();
  readonly #inbound = new Map<string, readonly InboundPort[]>();

  constructor(world: World, draft: readonly Resource[] = []) {
    this.#index = buildIndex({ ...world, resources: withDraft(world.resources, draft) });
  }

  /** Undefined for a caller that is not in the mesh. */
  of(call: Call): Fate | undefined {
    const caller = this.#caller(call.caller);
    if (caller === undefined) return undefined;
    const { winner, backends } = caller.router.explain(viewOf(call));
    const targets = new Map<string, number>();
    let denied = 0;
    for (const { cluster, share } of backends) {
      const name = targetName(cluster);
      targets.set(name, (targets.get(name) ?? 0) + share);
      denied += share * this.#deniedShare(caller.endpoints.get(cluster) ?? [], call, caller.principal);
    }
    return { rule: winner, targets, denied };
  }

  /** Some workload that calls as this service. */
  workloadOf(service: { readonly namespace: string; readonly name: string }): string | undefined {
    const { services, linked } = this.#index;
    const found = services.find(({ namespace, name }) => namespace === service.namespace && name === service.name);
    const [first] = found?.workloads ?? [];
    return first?.name ?? linked.workloadsByKey.get(`${service.namespace}/${service.name}`)?.name;
  }

  #caller({ namespace, workload }: Call['caller']): CompiledCaller | undefined {
    const key = `${namespace}/${workload}`;
    const known = this.#callers.get(key);
    if (known !== undefined) return known;
    const entry = this.#index.linked.workloadsByKey.get(key);
    if (entry === undefined) return undefined;
    const { config } = compile(this.#index, { namespace, workload });
    const table = config.routeTables.find(({ name }) => name === config.outbound.routeTable);
    const compiled = {
      router: compileRouteTable(table ?? { name: '', virtualHosts: [] }),
      endpoints: new Map<string, readonly Endpoint[]>(
        config.endpoints.map(({ cluster, endpoints }) => [cluster satisfies ClusterName, endpoints]),
      ),
      principal: entry.spiffeId,
    };
    this.#callers.set(key, compiled);
    return compiled;
  }

  #deniedShare(endpoints: readonly Endpoint[], call: Call, principal: string): number {
    if (endpoints.length === 0) return 0;
    return endpoints.filter((endpoint) => this.#isDenied(endpoint, call, principal)).length / endpoints.length;
  }

  #isDenied({ workload, tls }: Endpoint, call: Call, principal: string): boolean {
    const port = inboundPortFor(this.#portsOf(workload), call.authority);
    if (port === undefined) return false;
    const { method, path, authority: host, header } = viewOf(call);
    const peer = tls ? { principal, namespace: call.caller.namespace } : {};
    const request = { ...peer, sourceIp: '127.0.0.1', method, path, host, port: port.port, header };
    return !compileAuthorization(port.authorization).decide(request).allowed;
  }

  #portsOf(key: string): readonly InboundPort[] {
    const known = this.#inbound.get(key);
    if (known !== undefined) return known;
    const [namespace = '', workload = ''] = key.split('/');
    const { ports } = compile(this.#index, { namespace, workload }).config.inbound;
    this.#inbound.set(key, ports);
    return ports;
  }
}

function targetName(cluster: string): string {
  const parts = parseClusterName(cluster);
  if (parts === undefined) return cluster;
  return parts.version === '' ? parts.service : parts.version;
}
