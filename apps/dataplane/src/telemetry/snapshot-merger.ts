// Sums the cumulative snapshots of several workers; totals never go back when a worker is replaced.
import { addProtections } from './protection-counts.ts';
import { PROXY_COUNTERS, zeroCounters } from './record.ts';
import type { EdgeSnapshot, HistogramSnapshot, MetricsSnapshot, OutcomeSnapshot, ProxyTotals } from './snapshot.ts';

export class SnapshotMerger {
  readonly #startTimeMs: number;
  readonly #latest = new Map<string, MetricsSnapshot>();
  /** What workers that are gone had counted. */
  #retired: MetricsSnapshot | undefined;

  /** `startTimeMs`: start of the process whose workers these are. */
  constructor(startTimeMs: number) {
    this.#startTimeMs = startTimeMs;
  }

  /** Takes a worker's newest snapshot; one with another start time is a new worker under an old name. */
  update(worker: string, snapshot: MetricsSnapshot): void {
    const previous = this.#latest.get(worker);
    if (previous !== undefined && previous.startTimeMs !== snapshot.startTimeMs) this.remove(worker);
    else if (previous !== undefined && previous.timeMs > snapshot.timeMs) return;
    this.#latest.set(worker, snapshot);
  }

  /** The worker is gone; what it counted stays. */
  remove(worker: string): void {
    const snapshot = this.#latest.get(worker);
    if (snapshot === undefined) return;
    this.#latest.delete(worker);
    this.#retired = mergeSnapshots(this.#retired ? [this.#retired, snapshot] : [snapshot], this.#startTimeMs);
  }

  merged(timeMs: number): MetricsSnapshot {
    const snapshots = [...this.#latest.values()];
    if (this.#retired !== undefined) snapshots.push(this.#retired);
    return { ...mergeSnapshots(snapshots, this.#startTimeMs), timeMs };
  }
}

/** The sum; `timeMs` is the newest of all. */
export function mergeSnapshots(snapshots: readonly MetricsSnapshot[], startTimeMs: number): MetricsSnapshot {
  const edges = new Map<string, EdgeSnapshot>();
  let timeMs = startTimeMs;
  let proxy = zeroTotals();
  for (const snapshot of snapshots) {
    timeMs = Math.max(timeMs, snapshot.timeMs);
    proxy = addTotals(proxy, snapshot.proxy);
    for (const edge of snapshot.edges) {
      const known = edges.get(edge.key);
      edges.set(edge.key, known === undefined ? edge : addEdges(known, edge));
    }
  }
  return { startTimeMs, timeMs, edges: [...edges.values()], proxy };
}

function addEdges(a: EdgeSnapshot, b: EdgeSnapshot): EdgeSnapshot {
  return {
    key: a.key,
    labels: a.labels,
    outcomes: addOutcomes(a.outcomes, b.outcomes),
    requestBytes: a.requestBytes + b.requestBytes,
    responseBytes: a.responseBytes + b.responseBytes,
    duration: addHistograms(a.duration, b.duration),
    ttfb: addHistograms(a.ttfb, b.ttfb),
  };
}

function addOutcomes(a: readonly OutcomeSnapshot[], b: readonly OutcomeSnapshot[]): OutcomeSnapshot[] {
  const sums = [...a];
  for (const outcome of b) {
    const at = sums.findIndex(({ status, flags }) => status === outcome.status && flags === outcome.flags);
    const known = sums[at];
    if (known === undefined) sums.push(outcome);
    else {
      sums[at] = {
        ...known,
        requests: known.requests + outcome.requests,
        retries: known.retries + outcome.retries,
      };
    }
  }
  return sums;
}

function addHistograms(a: HistogramSnapshot, b: HistogramSnapshot): HistogramSnapshot {
  const counts = a.counts.map((count, bucket) => count + (b.counts[bucket] ?? 0));
  return { counts, sumMs: a.sumMs + b.sumMs };
}

function zeroTotals(): ProxyTotals {
  return {
    counters: zeroCounters(),
    connectionsOpened: { inbound: 0, outbound: 0 },
    connectionsClosed: { inbound: 0, outbound: 0 },
    overflowedRequests: 0,
    droppedSpans: 0,
    protections: [],
  };
}

function addTotals(a: ProxyTotals, b: ProxyTotals): ProxyTotals {
  const counters = zeroCounters();
  for (const name of PROXY_COUNTERS) counters[name] = a.counters[name] + b.counters[name];
  const sides = (x: ProxyTotals['connectionsOpened'], y: ProxyTotals['connectionsOpened']) => ({
    inbound: x.inbound + y.inbound,
    outbound: x.outbound + y.outbound,
  });
  return {
    counters,
    connectionsOpened: sides(a.connectionsOpened, b.connectionsOpened),
    connectionsClosed: sides(a.connectionsClosed, b.connectionsClosed),
    overflowedRequests: a.overflowedRequests + b.overflowedRequests,
    droppedSpans: a.droppedSpans + b.droppedSpans,
    protections: addProtections(a.protections, b.protections),
  };
}
