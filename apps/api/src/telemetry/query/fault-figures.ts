// What requests did while a fault was at work, or before and after: of the services that it is for, and of those who call them.
import { RequestFlags } from '@malha/traffic/flags';
import { isFailedRequest } from '@malha/traffic/request-failure';
import type { TelemetryReaderDeps } from '../deps.ts';
import { tallyOf } from '../golden.ts';
import { outcomeOfCode } from '../ingest/instance-state.ts';
import type { EdgeLabels } from '../report.ts';
import { aggregate, aggregateOutcomes, type ServiceRef } from './aggregate.ts';
import { durationOf, type Window, windowOf } from './time-range.ts';

/** Callers with the most requests; more of them nobody reads. */
const CALLERS_MAX = 20;

export interface FaultFigures {
  readonly requests: number;
  /** Of the requests that no fault touched, for the service; of all, for a caller. */
  readonly failures: number;
  /** Requests that a fault touched. */
  readonly faulted: number;
  /** Of all of them, those that wait for a fault included. */
  readonly p99Ms: number | null;
}

export interface CallerFigures extends FaultFigures {
  readonly service: ServiceRef;
}

export interface PhaseFigures {
  readonly service: FaultFigures;
  /** What each caller answers to its own callers. */
  readonly callers: readonly CallerFigures[];
}

/** `toMs` may lie in the future; what is not reported yet is not waited for. */
export async function readFaultFigures(
  deps: TelemetryReaderDeps,
  services: readonly ServiceRef[],
  range: { readonly fromMs: number; readonly toMs: number },
): Promise<PhaseFigures> {
  const window = windowOf(range, deps.clock);
  const called = await Promise.all(services.map((service) => figuresOf(deps, window, service, true)));
  const callers = await Promise.all(
    mostRequests(called.flatMap(({ callers: found }) => [...found])).map(async (service) => ({
      service,
      ...(await figuresOf(deps, window, service, false)).figures,
    })),
  );
  return { service: sumOf(called.map(({ figures }) => figures)), callers };
}

async function figuresOf(deps: TelemetryReaderDeps, window: Window, service: ServiceRef, isFaulted: boolean) {
  const { pool, edges } = deps;
  const filter = { destination: service };
  const [rows, latency] = await Promise.all([
    aggregateOutcomes(pool, window, filter),
    aggregate(pool, { window, groupBy: [], filter, withLatency: true }),
  ]);
  const labels = await edges.labelsOf(rows.map(({ edge }) => edge));
  const callers = new Map<string, { readonly service: ServiceRef; requests: number }>();
  let [requests, failures, faulted] = [0, 0, 0];
  for (const { edge, outcome, requests: count } of rows) {
    const label = labels.get(edge);
    if (label === undefined) continue;
    const end = { protocol: label.protocol, ...outcomeOfCode(outcome) };
    const isTouched = (end.flags & RequestFlags.FI) !== 0;
    requests += count;
    if (isTouched) faulted += count;
    if (isFailedRequest(end) && !(isFaulted && isTouched)) failures += count;
    countCaller(callers, label, count);
  }
  const { p99Ms } = tallyOf(latency).golden(durationOf(window));
  return { figures: { requests, failures, faulted, p99Ms }, callers: callers.values() };
}

function countCaller(
  callers: Map<string, { readonly service: ServiceRef; requests: number }>,
  { source, destination }: EdgeLabels,
  requests: number,
): void {
  if (source.service === '') return;
  if (source.service === destination.service && source.namespace === destination.namespace) return;
  const key = `${source.namespace}/${source.service}`;
  const known = callers.get(key);
  if (known === undefined)
    callers.set(key, { service: { namespace: source.namespace, name: source.service }, requests });
  else known.requests += requests;
}

function mostRequests(
  callers: readonly { readonly service: ServiceRef; readonly requests: number }[],
): readonly ServiceRef[] {
  const byKey = new Map<string, { service: ServiceRef; requests: number }>();
  for (const { service, requests } of callers) {
    const key = `${service.namespace}/${service.name}`;
    byKey.set(key, { service, requests: (byKey.get(key)?.requests ?? 0) + requests });
  }
  return [...byKey.values()]
    .sort((a, b) => b.requests - a.requests)
    .slice(0, CALLERS_MAX)
    .map(({ service }) => service);
}

/** Of a route to several services: their sum, and the slowest one's latency. */
function sumOf(all: readonly FaultFigures[]): FaultFigures {
  const sum = (of: (figures: FaultFigures) => number) => all.reduce((total, figures) => total + of(figures), 0);
  const latencies = all.flatMap(({ p99Ms }) => (p99Ms === null ? [] : [p99Ms]));
  return {
    requests: sum(({ requests }) => requests),
    failures: sum(({ failures }) => failures),
    faulted: sum(({ faulted }) => faulted),
    p99Ms: latencies.length === 0 ? null : Math.max(...latencies),
  };
}
