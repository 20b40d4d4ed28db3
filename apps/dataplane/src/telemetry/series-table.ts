// Interns the label sets of requests to integers and holds their counters in typed arrays; bounded, with an overflow edge.
import { BUCKET_COUNT } from '@malha/traffic/histogram';
import type { PeerLabels, RequestRecord } from './record.ts';
import type { EdgeLabels, EdgeSnapshot, EndLabels, OutcomeSnapshot } from './snapshot.ts';

/** Numbers per outcome: requests, retries. */
const OUTCOME_STRIDE = 2;

/** Numbers per edge: buckets of the duration, buckets of the time to first byte, sums of both, bytes of requests and responses. */
export const TTFB = BUCKET_COUNT;
export const DURATION_SUM = 2 * BUCKET_COUNT;
export const TTFB_SUM = DURATION_SUM + 1;
export const REQUEST_BYTES = DURATION_SUM + 2;
export const RESPONSE_BYTES = DURATION_SUM + 3;
const EDGE_STRIDE = 2 * BUCKET_COUNT + 4;

/** Distinct (status, flags) of one edge; more are folded to the first status of their class (503 -> 500) without flags. */
const OUTCOMES_PER_EDGE_MAX = 64;
/** Peer objects remembered by identity; the map is emptied when it is full, the series stay. */
const PEERS_MAX = 4096;
const OVERFLOW = '(overflow)';

interface Outcome {
  readonly status: number;
  readonly flags: number;
  /** Offset in `counters`. */
  readonly offset: number;
}

export interface Edge {
  readonly labels: EdgeLabels;
  readonly key: string;
  readonly outcomes: Outcome[];
  /** Offset in `edgeValues`. */
  readonly offset: number;
}

type PeerNode = Map<string, Edge[]>;

export class SeriesTable {
  counters = new Float64Array(64 * OUTCOME_STRIDE);
  edgeValues = new Float64Array(16 * EDGE_STRIDE);
  overflowedRequests = 0;

  readonly #self: EndLabels;
  readonly #edgesMax: number;
  readonly #edges: Edge[] = [];
  readonly #byPeer = new Map<PeerLabels, PeerNode>();
  readonly #byPeerKey = new Map<string, PeerNode>();
  readonly #full: PeerNode = new Map();
  #overflow: Edge | undefined;
  #outcomeCount = 0;

  constructor(self: EndLabels, edgesMax: number) {
    this.#self = self;
    this.#edgesMax = edgesMax;
  }

  /** The edge of this request; hot path: two map look-ups and one comparison of fields. */
  edgeOf(record: RequestRecord): Edge {
    const node = this.#byPeer.get(record.peer) ?? this.#rememberPeer(record.peer);
    const edges = node.get(record.route);
    if (edges !== undefined) {
      for (const edge of edges) if (isEdgeOf(edge.labels, record)) return edge;
    }
    return this.#addEdge(node, record);
  }

  /** Offset in `counters` of this edge's (status, flags). */
  outcomeOf(edge: Edge, status: number, flags: number): number {
    for (const outcome of edge.outcomes) {
      if (outcome.status === status && outcome.flags === flags) return outcome.offset;
    }
    if (edge.outcomes.length < OUTCOMES_PER_EDGE_MAX) return this.#addOutcome(edge, status, flags);
    const folded = Math.min(9, Math.max(0, Math.floor(status / 100))) * 100;
    const existing = edge.outcomes.find((outcome) => outcome.status === folded && outcome.flags === 0);
    return existing?.offset ?? this.#addOutcome(edge, folded, 0);
  }

  snapshot(): EdgeSnapshot[] {
    return this.#edges.map((edge) => this.#snapshotEdge(edge));
  }

  #snapshotEdge(edge: Edge): EdgeSnapshot {
    const { counters, edgeValues } = this;
    const outcomes: OutcomeSnapshot[] = edge.outcomes.map(({ status, flags, offset }) => ({
      status,
      flags,
      requests: counters[offset] ?? 0,
      retries: counters[offset + 1] ?? 0,
    }));
    const at = edge.offset;
    return {
      key: edge.key,
      labels: edge.labels,
      outcomes,
      requestBytes: edgeValues[at + REQUEST_BYTES] ?? 0,
      responseBytes: edgeValues[at + RESPONSE_BYTES] ?? 0,
      duration: { counts: edgeValues.slice(at, at + BUCKET_COUNT), sumMs: edgeValues[at + DURATION_SUM] ?? 0 },
      ttfb: { counts: edgeValues.slice(at + TTFB, at + TTFB + BUCKET_COUNT), sumMs: edgeValues[at + TTFB_SUM] ?? 0 },
    };
  }

  #rememberPeer(peer: PeerLabels): PeerNode {
    if (this.#byPeer.size >= PEERS_MAX) this.#byPeer.clear();
    const key = JSON.stringify([peer.namespace, peer.service, peer.version, peer.workload, peer.principal]);
    let node = this.#byPeerKey.get(key);
    if (node === undefined) {
      if (this.#edges.length >= this.#edgesMax) node = this.#full;
      else {
        node = new Map();
        this.#byPeerKey.set(key, node);
      }
    }
    this.#byPeer.set(peer, node);
    return node;
  }

  #addEdge(node: PeerNode, record: RequestRecord): Edge {
    if (this.#edges.length >= this.#edgesMax) {
      this.overflowedRequests += 1;
      this.#overflow ??= this.#createEdge(overflowLabels(record, this.#self));
      return this.#overflow;
    }
    const edge = this.#createEdge(labelsOf(record, this.#self));
    const edges = node.get(record.route);
    if (edges === undefined) node.set(record.route, [edge]);
    else edges.push(edge);
    return edge;
  }

  #createEdge(labels: EdgeLabels): Edge {
    const offset = this.#edges.length * EDGE_STRIDE;
    if (offset + EDGE_STRIDE > this.edgeValues.length) this.edgeValues = grown(this.edgeValues);
    const edge: Edge = { labels, key: keyOf(labels), outcomes: [], offset };
    this.#edges.push(edge);
    return edge;
  }

  #addOutcome(edge: Edge, status: number, flags: number): number {
    const offset = this.#outcomeCount * OUTCOME_STRIDE;
    if (offset + OUTCOME_STRIDE > this.counters.length) this.counters = grown(this.counters);
    edge.outcomes.push({ status, flags, offset });
    this.#outcomeCount += 1;
    return offset;
  }
}

function grown(values: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(values.length * 2);
  larger.set(values);
  return larger;
}

/** Peer and route are equal already: they led here. */
function isEdgeOf(labels: EdgeLabels, record: RequestRecord): boolean {
  const { destination } = labels;
  return (
    destination.workload === record.destinationWorkload &&
    destination.service === record.service &&
    destination.namespace === record.serviceNamespace &&
    destination.port === record.port &&
    destination.version === record.destinationVersion &&
    labels.reporter === record.reporter &&
    labels.mtls === record.mtls &&
    labels.protocol === record.protocol
  );
}

function labelsOf(record: RequestRecord, self: EndLabels): EdgeLabels {
  const { peer } = record;
  return Object.freeze({
    reporter: record.reporter,
    source: record.reporter === 'source' ? self : endOf(peer),
    destination: Object.freeze({
      namespace: record.serviceNamespace,
      service: record.service,
      version: record.destinationVersion,
      workload: record.destinationWorkload,
      port: record.port,
    }),
    peerPrincipal: peer.principal,
    protocol: record.protocol,
    route: record.route,
    mtls: record.mtls,
  });
}

/** Everything beyond the bound is one edge from this workload to a marked name, so that totals stay right. */
function overflowLabels(record: RequestRecord, self: EndLabels): EdgeLabels {
  const nowhere = { namespace: OVERFLOW, service: OVERFLOW, version: '', workload: '', port: 0 };
  return {
    reporter: 'source',
    source: self,
    destination: nowhere,
    peerPrincipal: '',
    protocol: record.protocol,
    route: OVERFLOW,
    mtls: false,
  };
}

function endOf(peer: PeerLabels): EndLabels {
  const { namespace, service, version, workload } = peer;
  return Object.freeze({ namespace, service, version, workload });
}

export function keyOf(labels: EdgeLabels): string {
  const { source, destination } = labels;
  return JSON.stringify([
    labels.reporter,
    source.namespace,
    source.service,
    source.version,
    source.workload,
    destination.namespace,
    destination.service,
    destination.version,
    destination.workload,
    destination.port,
    labels.peerPrincipal,
    labels.protocol,
    labels.route,
    labels.mtls,
  ]);
}
