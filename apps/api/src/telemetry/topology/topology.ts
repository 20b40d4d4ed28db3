// Reads the service graph of a range of time.
import type { TelemetryReaderDeps } from '../deps.ts';
import { aggregate, aggregateOutcomes } from '../query/aggregate.ts';
import { durationOf, type TimeRange, windowOf } from '../query/time-range.ts';
import { buildGraph, type Topology, type TopologyView } from './graph.ts';

export interface TopologyInput {
  readonly range: TimeRange;
  readonly view: TopologyView;
  readonly namespaces?: readonly string[] | undefined;
}

export async function readTopology(
  deps: TelemetryReaderDeps,
  { range, view, namespaces }: TopologyInput,
): Promise<Topology> {
  const { pool, clock, edges } = deps;
  const window = windowOf(range, clock);
  const filter = { namespaces };
  const [sums, outcomes] = await Promise.all([
    aggregate(pool, { window, filter, groupBy: ['edge'], withLatency: true }),
    aggregateOutcomes(pool, window, filter),
  ]);
  const labels = await edges.labelsOf(sums.map(({ edge }) => edge));
  const seconds = durationOf(window);
  return buildGraph({ atMs: clock.now(), view, mesh: deps.view(), namespaces, seconds, sums, outcomes, labels });
}
