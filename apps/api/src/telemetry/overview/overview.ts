// The overview: golden signals of the mesh, its services, and its problems in words.
import { flagNames } from '@malha/traffic/flags';
import { isFailedRequest } from '@malha/traffic/request-failure';
import type { TelemetryReaderDeps } from '../deps.ts';
import { type Golden, type Series, seriesOf, tallyOf } from '../golden.ts';
import { outcomeOfCode } from '../ingest/instance-state.ts';
import {
  bySeverity,
  onsetOf,
  type Problem,
  problemsOf,
  type RevisionMark,
  type ServiceState,
  SUSPECT_WINDOW_MS,
} from '../problems.ts';
import { aggregate, aggregateOutcomes } from '../query/aggregate.ts';
import { durationOf, type TimeRange, type Window, windowOf } from '../query/time-range.ts';
import { type CountedService, readServiceRows, type ServiceRow } from '../services/service-rows.ts';

export interface Overview {
  readonly golden: Golden;
  readonly series: Series;
  readonly services: ServiceRow[];
  readonly problems: Problem[];
}

export interface OverviewInput {
  readonly range: TimeRange;
  readonly namespaces?: readonly string[] | undefined;
}

/** How far back the beginning of a trouble is looked for. */
const ONSET_WINDOW_S = 600;

export async function readOverview(deps: TelemetryReaderDeps, { range, namespaces }: OverviewInput): Promise<Overview> {
  const { pool, clock } = deps;
  const window = windowOf(range, clock);
  const filter = { destinationNamespaces: namespaces };
  const [steps, services] = await Promise.all([
    aggregate(pool, { window, filter, groupBy: ['step'], withLatency: true }),
    readServiceRows({ pool, view: deps.view(), window, namespaces }),
  ]);
  return {
    golden: tallyOf(steps).golden(durationOf(window)),
    series: seriesOf(steps, window),
    services: services.map(({ row }) => row),
    problems: [...(await readProblems(deps, window, services)), ...(deps.otherProblems?.() ?? [])].sort(bySeverity),
  };
}

async function readProblems(deps: TelemetryReaderDeps, window: Window, services: CountedService[]): Promise<Problem[]> {
  const [causes, onsets] = await Promise.all([readCauses(deps, window), readOnsets(deps, services)]);
  const states = services.map(({ row, tally }): ServiceState => {
    const key = `${row.namespace}/${row.name}`;
    return {
      namespace: row.namespace,
      name: row.name,
      health: row.health,
      requests: tally.requests,
      failures: tally.failures,
      retries: tally.retries,
      instances: row.instances,
      healthyInstances: row.healthyInstances,
      failuresByFlag: causes.get(key)?.byFlag ?? new Map(),
      denied: causes.get(key)?.denied ?? 0,
      sinceMs: onsets.get(key),
    };
  });
  return problemsOf(states, await revisionsNear(deps, [...onsets.values()]));
}

interface Causes {
  readonly byFlag: Map<string, number>;
  denied: number;
}

/** Failures of each service by the first flag that stands with them. */
async function readCauses({ pool, edges }: TelemetryReaderDeps, window: Window): Promise<Map<string, Causes>> {
  const rows = await aggregateOutcomes(pool, window);
  const labels = await edges.labelsOf(rows.map(({ edge }) => edge));
  const causes = new Map<string, Causes>();
  for (const { edge, outcome, requests } of rows) {
    const label = labels.get(edge);
    if (label === undefined) continue;
    const { status, flags } = outcomeOfCode(outcome);
    const names = flagNames(flags);
    const key = `${label.destination.namespace}/${label.destination.service}`;
    const cause = causes.get(key) ?? { byFlag: new Map<string, number>(), denied: 0 };
    causes.set(key, cause);
    if (names.includes('UAEX')) cause.denied += requests;
    if (!isFailedRequest({ protocol: label.protocol, status, flags })) continue;
    const flag = names[0] ?? '';
    cause.byFlag.set(flag, (cause.byFlag.get(flag) ?? 0) + requests);
  }
  return causes;
}

async function readOnsets(
  { pool, clock }: TelemetryReaderDeps,
  services: CountedService[],
): Promise<Map<string, number>> {
  const bad = services.filter(({ row }) => row.health === 'err' || row.health === 'warn');
  if (bad.length === 0) return new Map();
  const window: Window = { ...windowOf({ liveSeconds: ONSET_WINDOW_S }, clock), stepS: 2 };
  const rows = await aggregate(pool, { window, groupBy: ['step', 'namespace', 'service'] });
  const onsets = new Map<string, number>();
  for (const { row } of bad) {
    const rates = new Array<number>(Math.ceil(durationOf(window) / window.stepS)).fill(0);
    for (const step of rows) {
      const isOfService = step.namespace === row.namespace && step.service === row.name;
      if (isOfService && step.requests > 0) rates[step.step] = step.failures / step.requests;
    }
    const onset = onsetOf(rates, { startMs: window.fromS * 1000, stepMs: window.stepS * 1000 });
    if (onset !== undefined) onsets.set(`${row.namespace}/${row.name}`, onset);
  }
  return onsets;
}

async function revisionsNear(deps: TelemetryReaderDeps, onsets: readonly number[]): Promise<RevisionMark[]> {
  if (onsets.length === 0) return [];
  const fromMs = Math.min(...onsets) - SUSPECT_WINDOW_MS;
  const revisions = await deps.revisionsBetween(fromMs, Math.max(...onsets) + 1_000);
  return [...revisions].sort((a, b) => a.revision - b.revision);
}
