// One service: its figures by version, caller, callee, status code and instance, and what acts on it.
import type { TelemetryReaderDeps } from '../deps.ts';
import { ServiceUnknown } from '../errors.ts';
import { type Golden, type Series, seriesOf, Tally } from '../golden.ts';
import { outcomeOfCode } from '../ingest/instance-state.ts';
import { aggregate, aggregateOutcomes, type ServiceRef, type SumsRow } from '../query/aggregate.ts';
import { durationOf, type TimeRange, type Window, windowOf } from '../query/time-range.ts';
import { type EdgeLabels, isMutual } from '../report.ts';
import { assembleRows, groupBy, type ServiceRow } from './service-rows.ts';

export interface PeerRow {
  readonly namespace: string;
  readonly name: string;
  readonly golden: Golden;
  /** All of it over mutual TLS. */
  readonly mtls: boolean;
}

export interface ServiceDetail {
  readonly row: ServiceRow;
  readonly series: Series;
  readonly byVersion: { readonly name: string; readonly golden: Golden; readonly series: Series }[];
  readonly callers: PeerRow[];
  readonly callees: PeerRow[];
  readonly codes: { readonly status: number; readonly perSecond: number }[];
  readonly workloads: {
    readonly name: string;
    readonly version: string;
    readonly healthy: boolean;
    readonly golden: Golden;
  }[];
  readonly policies: { readonly key: string; readonly why: string }[];
}

type EdgeSums = SumsRow<'edge'>;
interface LabelledSums {
  readonly sums: EdgeSums;
  readonly labels: EdgeLabels;
}

export async function readServiceDetail(
  deps: TelemetryReaderDeps,
  service: ServiceRef,
  range: TimeRange,
): Promise<ServiceDetail> {
  const { pool } = deps;
  const window = windowOf(range, deps.clock);
  const inbound = { destination: service };
  const [stepVersions, into, outOf, outcomes] = await Promise.all([
    aggregate(pool, { window, filter: inbound, groupBy: ['step', 'version'], withLatency: true }),
    aggregate(pool, { window, filter: inbound, groupBy: ['edge'], withLatency: true }),
    aggregate(pool, { window, filter: { source: service }, groupBy: ['edge'], withLatency: true }),
    aggregateOutcomes(pool, window, inbound),
  ]);
  const view = deps.view();
  const known = view.service(service.namespace, service.name);
  if (known === undefined && into.length === 0 && outOf.length === 0) {
    throw new ServiceUnknown(service.namespace, service.name);
  }
  const labels = await deps.edges.labelsOf([...into, ...outOf].map(({ edge }) => edge));
  const inboundEdges = withLabels(into, labels);
  return {
    row: rowOf(deps, service, window, stepVersions),
    series: seriesOf(stepVersions, window),
    byVersion: byVersion(stepVersions, window),
    callers: peersOf(inboundEdges, window, ({ source }) => source),
    callees: peersOf(withLabels(outOf, labels), window, ({ destination }) => destination),
    codes: codesOf(outcomes, window),
    workloads: (known?.instances ?? []).map(({ name, version, healthy }) => ({
      name,
      version,
      healthy,
      golden: goldenOf(
        inboundEdges.filter((edge) => edge.labels.destination.workload === name),
        window,
      ),
    })),
    policies: [...(known?.policies ?? [])],
  };
}

type StepVersion = SumsRow<'step' | 'version'>;

function rowOf(
  deps: TelemetryReaderDeps,
  service: ServiceRef,
  window: Window,
  sums: readonly StepVersion[],
): ServiceRow {
  const named = sums.map((sum) => ({ ...sum, namespace: service.namespace, service: service.name }));
  const rows = assembleRows({ view: deps.view(), window }, named, named);
  const found = rows.find(({ row }) => row.namespace === service.namespace && row.name === service.name);
  if (found !== undefined) return found.row;
  // It only calls others: nothing ever called it.
  const bare = { step: 0, version: '', requests: 0, failures: 0, retries: 0, requestBytes: 0, responseBytes: 0 };
  const empty = { ...bare, namespace: service.namespace, service: service.name, latency: new Float64Array() };
  const [only] = assembleRows({ view: { services: [], service: () => undefined }, window }, [empty], []);
  if (only === undefined) throw new ServiceUnknown(service.namespace, service.name);
  return only.row;
}

function byVersion(rows: readonly StepVersion[], window: Window) {
  return [...groupBy(rows, ({ version }) => version)]
    .filter(([name]) => name !== '')
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, steps]) => {
      const tally = new Tally();
      for (const step of steps) tally.add(step);
      return { name, golden: tally.golden(durationOf(window)), series: seriesOf(steps, window) };
    });
}

function withLabels(rows: readonly EdgeSums[], labels: ReadonlyMap<number, EdgeLabels>): LabelledSums[] {
  return rows.flatMap((sums) => {
    const found = labels.get(sums.edge);
    return found === undefined ? [] : [{ sums, labels: found }];
  });
}

function peersOf(
  edges: readonly LabelledSums[],
  window: Window,
  peerOf: (labels: EdgeLabels) => { readonly namespace: string; readonly service: string },
): PeerRow[] {
  const groups = groupBy(edges, ({ labels }) => `${peerOf(labels).namespace}/${peerOf(labels).service}`);
  return [...groups]
    .map(([key, group]) => {
      const [namespace = '', name = ''] = key.split('/');
      const mtls = isMutual(group.map(({ labels }) => labels));
      return { namespace, name, golden: goldenOf(group, window), mtls };
    })
    .sort((a, b) => b.golden.requestsPerSecond - a.golden.requestsPerSecond);
}

function goldenOf(edges: readonly LabelledSums[], window: Window): Golden {
  const tally = new Tally();
  for (const { sums } of edges) tally.add(sums);
  return tally.golden(durationOf(window));
}

function codesOf(outcomes: readonly { outcome: number; requests: number }[], window: Window) {
  const byStatus = new Map<number, number>();
  for (const { outcome, requests } of outcomes) {
    const { status } = outcomeOfCode(outcome);
    byStatus.set(status, (byStatus.get(status) ?? 0) + requests);
  }
  return [...byStatus]
    .sort(([a], [b]) => a - b)
    .map(([status, requests]) => ({ status, perSecond: requests / durationOf(window) }));
}
