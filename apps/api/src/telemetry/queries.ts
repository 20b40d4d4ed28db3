// Everything that can be asked of telemetry; reads are shared between those who ask the same.
import type { TelemetryReaderDeps } from './deps.ts';
import { type Golden, tallyOf } from './golden.ts';
import { type Overview, type OverviewInput, readOverview } from './overview/overview.ts';
import { aggregate, type ServiceRef } from './query/aggregate.ts';
import { type PhaseFigures, readFaultFigures } from './query/fault-figures.ts';
import { durationOf, type TimeRange, windowOf } from './query/time-range.ts';
import { readTotals, type Totals } from './query/totals.ts';
import { readServiceDetail, type ServiceDetail } from './services/service-detail.ts';
import { readServiceRows, type ServiceRow } from './services/service-rows.ts';
import { readServiceTraffic, type ServiceTraffic } from './services/service-traffic.ts';
import type { SharedReads } from './shared-reads.ts';
import { type MeasuredSplit, measureSplit, type SplitInput } from './split/split.ts';
import type { Topology } from './topology/graph.ts';
import { readTopology, type TopologyInput } from './topology/topology.ts';
import { readTrace, searchTraces, type TraceSearch, type TraceSpan, type TraceSummary } from './traces/trace-reader.ts';

/** Queries within this time share one read. */
const QUERY_AGE_MS = 900;
/** Asked on each pause of typing, of minutes: a few seconds more or less change nothing. */
const TRAFFIC_AGE_MS = 5_000;
const LIVE_INTERVAL_MS = 2_000;
const SPLIT_INTERVAL_MS = 1_000;
/** What is compared before and after a change. */
const AROUND_MS = 60_000;

export class TelemetryQueries {
  readonly #deps: TelemetryReaderDeps;
  readonly #reads: SharedReads;

  constructor(deps: TelemetryReaderDeps, reads: SharedReads) {
    this.#deps = deps;
    this.#reads = reads;
  }

  overview(input: OverviewInput): Promise<Overview> {
    return this.#reads.read(keyOf('overview', input), QUERY_AGE_MS, () => readOverview(this.#deps, input));
  }

  followOverview(input: OverviewInput, signal: AbortSignal): AsyncGenerator<Overview, void, void> {
    const read = () => readOverview(this.#deps, input);
    return this.#reads.follow(keyOf('overview', input), LIVE_INTERVAL_MS, signal, read);
  }

  services(range: TimeRange): Promise<ServiceRow[]> {
    return this.#reads.read(keyOf('services', range), QUERY_AGE_MS, async () => {
      const { pool, clock, view } = this.#deps;
      const rows = await readServiceRows({ pool, view: view(), window: windowOf(range, clock) });
      return rows.map(({ row }) => row);
    });
  }

  service(service: ServiceRef, range: TimeRange): Promise<ServiceDetail> {
    const key = keyOf('service', { service, range });
    return this.#reads.read(key, QUERY_AGE_MS, () => readServiceDetail(this.#deps, service, range));
  }

  /** What was recorded of the calls of one service. */
  serviceTraffic(service: ServiceRef, range: TimeRange): Promise<ServiceTraffic> {
    const key = keyOf('service-traffic', { service, range });
    return this.#reads.read(key, TRAFFIC_AGE_MS, () => readServiceTraffic(this.#deps, service, range));
  }

  topology(input: TopologyInput): Promise<Topology> {
    return this.#reads.read(keyOf('topology', input), QUERY_AGE_MS, () => readTopology(this.#deps, input));
  }

  followTopology(input: TopologyInput, signal: AbortSignal): AsyncGenerator<Topology, void, void> {
    const read = () => readTopology(this.#deps, input);
    return this.#reads.follow(keyOf('topology', input), LIVE_INTERVAL_MS, signal, read);
  }

  split(input: SplitInput): Promise<MeasuredSplit> {
    return this.#reads.read(keyOf('split', input), QUERY_AGE_MS / 2, () => measureSplit(this.#deps, input));
  }

  followSplit(input: SplitInput, signal: AbortSignal): AsyncGenerator<MeasuredSplit, void, void> {
    const read = () => measureSplit(this.#deps, input);
    return this.#reads.follow(keyOf('split', input), SPLIT_INTERVAL_MS, signal, read);
  }

  traces(search: TraceSearch): Promise<TraceSummary[]> {
    const { pool, clock } = this.#deps;
    return this.#reads.read(keyOf('traces', search), QUERY_AGE_MS, () => searchTraces(pool, clock, search));
  }

  trace(traceId: string, showPolicies: boolean): Promise<{ traceId: string; spans: TraceSpan[] }> {
    return readTrace(this.#deps.pool, traceId, showPolicies);
  }

  /** Of the services that a fault is for, and of their callers. */
  faultFigures(
    services: readonly ServiceRef[],
    range: { readonly fromMs: number; readonly toMs: number },
  ): Promise<PhaseFigures> {
    const key = keyOf('fault-figures', { services, range });
    return this.#reads.read(key, QUERY_AGE_MS, () => readFaultFigures(this.#deps, services, range));
  }

  /** Exact counts per edge: of all time, or of what finished after a moment. */
  totals(options: { readonly sinceMs?: number } = {}): Promise<Totals> {
    return readTotals(this.#deps, options.sinceMs);
  }

  /** Golden signals of the mesh in the minute before and after a change; null where there is nothing yet. */
  async goldenAround(atMs: number): Promise<{ before: Golden | null; after: Golden | null }> {
    const [before, after] = await Promise.all([
      this.#goldenBetween(atMs - AROUND_MS, atMs),
      this.#goldenBetween(atMs, atMs + AROUND_MS),
    ]);
    return { before, after };
  }

  async #goldenBetween(fromMs: number, toMs: number): Promise<Golden | null> {
    const { pool, clock } = this.#deps;
    if (fromMs > clock.now()) return null;
    const window = windowOf({ fromMs, toMs }, clock);
    const tally = tallyOf(await aggregate(pool, { window, groupBy: [], withLatency: true }));
    return tally.requests === 0 ? null : tally.golden(durationOf(window));
  }
}

function keyOf(what: string, input: object): string {
  return `${what} ${JSON.stringify(input)}`;
}
