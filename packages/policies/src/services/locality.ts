// Where endpoints are and where the caller is: levels for failover, or parts of the requests by region and zone.
import type { WorkloadResource } from '@malha/model';
import type { ClusterEndpoints, Endpoint } from '@malha/traffic';

export type Locality = NonNullable<WorkloadResource['spec']['locality']>;

export interface LocalityWeight {
  readonly region?: string | undefined;
  readonly zone?: string | undefined;
  readonly weight: number;
}

export type LocalityPolicy =
  | { readonly mode: 'Failover' }
  | { readonly mode: 'Weighted'; readonly weights: readonly LocalityWeight[] };

export type LocalityOf = (workload: string) => Locality | undefined;

/** Weights of endpoints are whole numbers: so many of them to one of a locality's, to share it out evenly enough. */
const WEIGHT_UNITS = 1000;

/** Text of a locality, to tell callers apart; all without one are the same. */
export function localityKey(locality: Locality | undefined): string {
  return `${locality?.region ?? ''}/${locality?.zone ?? ''}`;
}

export function byLocality(
  list: ClusterEndpoints,
  policy: LocalityPolicy,
  caller: Locality | undefined,
  localityOf: LocalityOf,
): ClusterEndpoints {
  const endpoints =
    policy.mode === 'Failover'
      ? withPriorities(list.endpoints, caller, localityOf)
      : withWeights(list.endpoints, policy.weights, localityOf);
  return endpoints === list.endpoints ? list : { cluster: list.cluster, endpoints };
}

/** The caller's zone, then its region, then the rest; levels that nobody is on are no levels. */
function withPriorities(endpoints: readonly Endpoint[], caller: Locality | undefined, localityOf: LocalityOf) {
  if (caller?.region === undefined && caller?.zone === undefined) return endpoints;
  const distances = endpoints.map(({ workload }) => distance(caller, localityOf(workload)));
  const levels = [...new Set(distances)].sort();
  return endpoints.map((endpoint, index) => ({ ...endpoint, priority: levels.indexOf(distances[index] ?? 0) }));
}

function distance(caller: Locality, other: Locality | undefined): number {
  if (other === undefined || other.region !== caller.region) return 2;
  return other.zone === caller.zone ? 0 : 1;
}

/** Each entry's part is shared by its endpoints by their own weights; endpoints of no entry are left out while others are in. */
function withWeights(endpoints: readonly Endpoint[], weights: readonly LocalityWeight[], localityOf: LocalityOf) {
  const entries = endpoints.map(({ workload }) => mostSpecificEntry(weights, localityOf(workload)));
  if (entries.every((entry) => entry === undefined)) return endpoints;
  const sums = new Map<LocalityWeight, number>();
  endpoints.forEach(({ weight }, index) => {
    const entry = entries[index];
    if (entry !== undefined) sums.set(entry, (sums.get(entry) ?? 0) + weight);
  });
  return endpoints.flatMap((endpoint, index) => {
    const entry = entries[index];
    if (entry === undefined) return [];
    const part = (entry.weight * WEIGHT_UNITS * endpoint.weight) / (sums.get(entry) ?? 1);
    return [{ ...endpoint, weight: Math.max(1, Math.round(part)) }];
  });
}

function mostSpecificEntry(weights: readonly LocalityWeight[], locality: Locality | undefined) {
  let best: LocalityWeight | undefined;
  for (const entry of weights) {
    if (entry.region !== undefined && entry.region !== locality?.region) continue;
    if (entry.zone !== undefined && entry.zone !== locality?.zone) continue;
    if (best === undefined || specificity(entry) > specificity(best)) best = entry;
  }
  return best;
}

function specificity({ region, zone }: LocalityWeight): number {
  return Number(region !== undefined) + Number(zone !== undefined);
}
