// The table of services: figures of calls to each, its versions and instances, and how it is.
import type pg from 'pg';
import { type Golden, rate, Tally, tallyBy } from '../golden.ts';
import { type Health, healthOf } from '../health.ts';
import type { MeshView, MtlsState, ServiceView } from '../mesh-view.ts';
import { aggregate, type EdgeFilter, type SumsRow } from '../query/aggregate.ts';
import { durationOf, stepsOf, type Window } from '../query/time-range.ts';

export interface VersionRow {
  readonly name: string;
  readonly instances: number;
  readonly requestsPerSecond: number;
  readonly share: number;
}

export interface ServiceRow {
  readonly namespace: string;
  readonly name: string;
  readonly health: Health;
  readonly golden: Golden;
  readonly versions: VersionRow[];
  readonly instances: number;
  readonly healthyInstances: number;
  readonly mtls: MtlsState;
  /** Error rate by step. */
  readonly spark: number[];
  readonly sparkRps: number[];
  readonly note: string | null;
}

/** A row with the counts behind it. */
export interface CountedService {
  readonly row: ServiceRow;
  readonly tally: Tally;
}

export interface ServiceRowsOptions {
  readonly pool: pg.Pool;
  readonly view: MeshView;
  readonly window: Window;
  readonly namespaces?: readonly string[] | undefined;
}

export async function readServiceRows(options: ServiceRowsOptions): Promise<CountedService[]> {
  const { pool, window, namespaces } = options;
  const filter: EdgeFilter = { destinationNamespaces: namespaces };
  const [byVersion, bySteps] = await Promise.all([
    aggregate(pool, { window, filter, groupBy: ['namespace', 'service', 'version'], withLatency: true }),
    aggregate(pool, { window, filter, groupBy: ['step', 'namespace', 'service'] }),
  ]);
  return assembleRows(options, byVersion, bySteps);
}

type VersionSums = SumsRow<'namespace' | 'service' | 'version'>;
type StepSums = SumsRow<'step' | 'namespace' | 'service'>;

/** Known services, and those that are not in the mesh's resources but were called. */
export function assembleRows(
  { view, window, namespaces }: Omit<ServiceRowsOptions, 'pool'>,
  byVersion: readonly VersionSums[],
  bySteps: readonly StepSums[],
): CountedService[] {
  const keyOf = ({ namespace, service }: { namespace: string; service: string }) => `${namespace}/${service}`;
  const tallies = tallyBy(byVersion, keyOf);
  const versions = groupBy(byVersion, keyOf);
  const steps = groupBy(bySteps, keyOf);
  const known = view.services.filter(({ namespace }) => namespaces === undefined || namespaces.includes(namespace));
  const keys = new Set(known.map(({ namespace, name }) => `${namespace}/${name}`));
  for (const { namespace, service } of byVersion) if (service !== '') keys.add(`${namespace}/${service}`);
  return [...keys].sort().map((key) => {
    const [namespace = '', name = ''] = key.split('/');
    const tally = tallies.get(key) ?? new Tally();
    const service = view.service(namespace, name);
    const row: ServiceRow = {
      namespace,
      name,
      health: healthOf(tally, service),
      golden: tally.golden(durationOf(window)),
      versions: versionRows(versions.get(key) ?? [], service, window),
      instances: service?.instances.length ?? 0,
      healthyInstances: service?.instances.filter(({ healthy }) => healthy).length ?? 0,
      mtls: service?.mtls ?? 'disabled',
      ...sparksOf(steps.get(key) ?? [], window),
      note: service === undefined ? 'Called, but not a Service of the mesh.' : noteOf(service),
    };
    return { row, tally };
  });
}

function noteOf(service: ServiceView): string | null {
  if (service.instances.length === 0) return 'No instance is registered.';
  return null;
}

function versionRows(sums: readonly VersionSums[], service: ServiceView | undefined, window: Window): VersionRow[] {
  const total = sums.reduce((all, { requests }) => all + requests, 0);
  const names = new Set([...(service?.versions ?? []), ...sums.map(({ version }) => version)]);
  names.delete('');
  return [...names].sort().map((name) => {
    const requests = sums.filter(({ version }) => version === name).reduce((all, sum) => all + sum.requests, 0);
    return {
      name,
      instances: service?.instances.filter(({ version }) => version === name).length ?? 0,
      requestsPerSecond: requests / durationOf(window),
      share: rate(requests, total),
    };
  });
}

function sparksOf(rows: readonly StepSums[], window: Window): { spark: number[]; sparkRps: number[] } {
  const spark = new Array<number>(stepsOf(window)).fill(0);
  const sparkRps = new Array<number>(stepsOf(window)).fill(0);
  for (const { step, requests, failures } of rows) {
    if (step < 0 || step >= spark.length) continue;
    spark[step] = rate(failures, requests);
    sparkRps[step] = requests / window.stepS;
  }
  return { spark, sparkRps };
}

export function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}
