// The service graph: nodes and edges of one view, built from the sums of edges. Pure.
import { flagNames } from '@malha/traffic/flags';
import { type Golden, rate, Tally } from '../golden.ts';
import { type Health, healthOf, trafficHealth } from '../health.ts';
import { outcomeOfCode } from '../ingest/instance-state.ts';
import type { Badge, MeshView, ServiceView } from '../mesh-view.ts';
import type { OutcomeRow, SumsRow } from '../query/aggregate.ts';
import { type EdgeEnd, type EdgeLabels, type EdgeProtocol, isMutual } from '../report.ts';

export type TopologyView = 'service' | 'version' | 'workload';

export interface VersionShare {
  readonly name: string;
  readonly requestsPerSecond: number;
  readonly share: number;
}

export interface TopologyNode {
  readonly id: string;
  readonly namespace: string;
  readonly service: string;
  readonly version?: string;
  readonly workload?: string;
  readonly kind: 'service' | 'external' | 'unmeshed';
  readonly health: Health;
  /** Calls of it; of a node that nobody calls, its own calls. */
  readonly requestsPerSecond: number;
  readonly errorRate: number;
  readonly p95Ms: number | null;
  readonly versions: VersionShare[];
  readonly badges: readonly Badge[];
}

export interface TopologyEdge {
  readonly id: string;
  readonly source: string;
  readonly target: string;
  /** What most requests were carried by. */
  readonly protocol: EdgeProtocol;
  /** All that were spoken, most used first: several while proxies or clients are being moved to another version. */
  readonly protocols: { readonly protocol: EdgeProtocol; readonly share: number }[];
  /** All of it over mutual TLS. */
  readonly mtls: boolean;
  readonly golden: Golden;
  /** Of what the source sends to the target's service; null where the target is the whole service. */
  readonly share: number | null;
  readonly versions: VersionShare[];
  readonly flags: { readonly flag: string; readonly share: number }[];
}

export interface Topology {
  readonly atMs: number;
  readonly nodes: TopologyNode[];
  readonly edges: TopologyEdge[];
  /** Counts of the whole range. */
  readonly totals: { readonly requests: number; readonly retries: number; readonly failures: number };
}

export interface GraphInput {
  readonly atMs: number;
  readonly view: TopologyView;
  readonly mesh: MeshView;
  /** Services without traffic are drawn only in these; undefined = in all. */
  readonly namespaces: readonly string[] | undefined;
  readonly seconds: number;
  readonly sums: readonly SumsRow<'edge'>[];
  readonly outcomes: readonly OutcomeRow[];
  readonly labels: ReadonlyMap<number, EdgeLabels>;
}

/** A caller without a proxy. */
const OUTSIDE = 'outside';
/** Where calls go that no route matched: nowhere. They fail at the caller's proxy. */
const NO_ROUTE = 'no-route';
const WORDS: Readonly<Record<string, string>> = { [OUTSIDE]: 'outside the mesh', [NO_ROUTE]: 'no route' };

export function buildGraph(input: GraphInput): Topology {
  const nodes = new Map<string, NodeBuilder>();
  const edges = new Map<string, EdgeBuilder>();
  const total = new Tally();
  if (input.view === 'service') for (const service of idleServices(input)) nodes.set(service.id, service);
  const edgeOfId = new Map<number, EdgeBuilder>();
  for (const sums of input.sums) {
    const labels = input.labels.get(sums.edge);
    if (labels === undefined) continue;
    const source = nodeAt(nodes, labels.source, { ...input, unknown: OUTSIDE });
    const target = nodeAt(nodes, labels.destination, { ...input, unknown: NO_ROUTE });
    const id = `${source.id}>${target.id}`;
    const edge = edges.get(id) ?? new EdgeBuilder(id, source, target, labels);
    edges.set(id, edge);
    edge.add(sums, labels);
    edgeOfId.set(sums.edge, edge);
    source.outgoing.add(sums);
    target.incoming.add(sums, labels.destination.version);
    total.add(sums);
  }
  for (const row of input.outcomes) edgeOfId.get(row.edge)?.addOutcome(row);
  const sentTo = sentToServices(edges.values());
  return {
    atMs: input.atMs,
    nodes: [...nodes.values()].map((node) => node.build(input)).sort(byId),
    edges: [...edges.values()].map((edge) => edge.build(input, sentTo)).sort(byId),
    totals: { requests: total.requests, retries: total.retries, failures: total.failures },
  };
}

function byId(a: { readonly id: string }, b: { readonly id: string }): number {
  return a.id < b.id ? -1 : 1;
}

function idleServices({ mesh, namespaces }: GraphInput): NodeBuilder[] {
  return mesh.services
    .filter(({ namespace }) => namespaces === undefined || namespaces.includes(namespace))
    .map(({ namespace, name }) => new NodeBuilder(`${namespace}/${name}`, { namespace, service: name }));
}

function nodeAt(
  nodes: Map<string, NodeBuilder>,
  end: EdgeEnd,
  { view, unknown }: { readonly view: TopologyView; readonly unknown: string },
): NodeBuilder {
  const id = nodeId(end, view) ?? unknown;
  const known = nodes.get(id);
  if (known !== undefined) return known;
  const node = new NodeBuilder(id, {
    namespace: end.namespace,
    service: end.service,
    ...(view === 'version' && end.version !== '' && { version: end.version }),
    ...(view === 'workload' && end.workload !== '' && { workload: end.workload }),
  });
  nodes.set(id, node);
  return node;
}

function nodeId({ namespace, service, version, workload }: EdgeEnd, view: TopologyView): string | undefined {
  if (service === '' && workload === '') return undefined;
  if (view === 'workload' && workload !== '') return `${namespace}/${service}#${workload}`;
  if (view === 'version' && version !== '') return `${namespace}/${service}@${version}`;
  return `${namespace}/${service}`;
}

/** Requests of each source to each service, whatever the version: what shares are measured against. */
function sentToServices(edges: Iterable<EdgeBuilder>): Map<string, number> {
  const sent = new Map<string, number>();
  for (const edge of edges) sent.set(edge.serviceKey, (sent.get(edge.serviceKey) ?? 0) + edge.tally.requests);
  return sent;
}

class VersionTally extends Tally {
  readonly versions = new Map<string, number>();

  override add(sums: SumsRow<'edge'>, version = ''): this {
    if (version !== '') this.versions.set(version, (this.versions.get(version) ?? 0) + sums.requests);
    return super.add(sums);
  }

  shares(seconds: number): VersionShare[] {
    return [...this.versions]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, requests]) => ({
        name,
        requestsPerSecond: requests / seconds,
        share: rate(requests, this.requests),
      }));
  }
}

interface NodeNames {
  readonly namespace: string;
  readonly service: string;
  readonly version?: string;
  readonly workload?: string;
}

class NodeBuilder {
  readonly incoming = new VersionTally();
  readonly outgoing = new Tally();

  constructor(
    readonly id: string,
    readonly names: NodeNames,
  ) {}

  build({ mesh, seconds, view }: GraphInput): TopologyNode {
    const service = mesh.service(this.names.namespace, this.names.service);
    const seen = this.incoming.requests > 0 ? this.incoming : this.outgoing;
    const golden = seen.golden(seconds);
    const words = WORDS[this.id];
    const names = words === undefined ? this.names : { ...this.names, service: words };
    return {
      id: this.id,
      ...names,
      kind: this.id === OUTSIDE ? 'unmeshed' : service === undefined ? 'external' : 'service',
      health: this.#health(service, view),
      requestsPerSecond: golden.requestsPerSecond,
      errorRate: this.incoming.requests > 0 ? golden.errorRate : 0,
      p95Ms: this.incoming.requests > 0 ? golden.p95Ms : null,
      versions: this.incoming.shares(seconds),
      badges: service?.badges ?? [],
    };
  }

  #health(service: ServiceView | undefined, view: TopologyView): Health {
    if (view === 'service') return healthOf(this.incoming, service);
    const instances = (service?.instances ?? []).filter(({ name, version }) =>
      view === 'version' ? version === (this.names.version ?? version) : name === (this.names.workload ?? name),
    );
    return service === undefined ? trafficHealth(this.incoming) : healthOf(this.incoming, { ...service, instances });
  }
}

class EdgeBuilder {
  readonly tally = new VersionTally();
  readonly serviceKey: string;
  readonly #protocols = new Map<EdgeProtocol, number>();
  readonly #flags = new Map<string, number>();
  readonly #id: string;
  readonly #source: NodeBuilder;
  readonly #target: NodeBuilder;
  readonly #labels: EdgeLabels[] = [];

  constructor(id: string, source: NodeBuilder, target: NodeBuilder, { destination }: EdgeLabels) {
    this.#id = id;
    this.#source = source;
    this.#target = target;
    this.serviceKey = `${source.id}>${destination.namespace}/${destination.service}`;
  }

  add(sums: SumsRow<'edge'>, labels: EdgeLabels): void {
    this.tally.add(sums, labels.destination.version);
    this.#labels.push(labels);
    this.#protocols.set(labels.protocol, (this.#protocols.get(labels.protocol) ?? 0) + sums.requests);
  }

  addOutcome({ outcome, requests }: OutcomeRow): void {
    for (const flag of flagNames(outcomeOfCode(outcome).flags)) {
      this.#flags.set(flag, (this.#flags.get(flag) ?? 0) + requests);
    }
  }

  /** Calls that reached nobody have no version; they count only where there are no others. */
  #spoken(): TopologyEdge['protocols'] {
    const known = [...this.#protocols].filter(([protocol, requests]) => protocol !== 'http' && requests > 0);
    const counted = known.length > 0 ? known : [...this.#protocols];
    const total = counted.reduce((sum, [, requests]) => sum + requests, 0);
    return counted
      .sort(([, a], [, b]) => b - a)
      .map(([protocol, requests]) => ({ protocol, share: rate(requests, total) }));
  }

  build({ seconds, view }: GraphInput, sentTo: ReadonlyMap<string, number>): TopologyEdge {
    const protocols = this.#spoken();
    return {
      id: this.#id,
      source: this.#source.id,
      target: this.#target.id,
      protocol: protocols[0]?.protocol ?? 'http',
      protocols,
      mtls: isMutual(this.#labels),
      golden: this.tally.golden(seconds),
      share: view === 'service' ? null : rate(this.tally.requests, sentTo.get(this.serviceKey) ?? 0),
      versions: this.tally.shares(seconds),
      flags: [...this.#flags]
        .sort(([, a], [, b]) => b - a)
        .map(([flag, requests]) => ({ flag, share: rate(requests, this.tally.requests) })),
    };
  }
}
