// What a heartbeat tells of protection: breakers that are not closed, endpoints that get no requests, limits learned from latency; at
// most so many of each.
import type { BreakerReport } from '@malha/traffic/breaker';
import type { ClusterStats } from '../cluster/cluster-runtime.ts';
import type { DataPlaneStats } from '../data-plane.ts';
import type { OverloadState } from '../filters/overload/overloads.ts';
import type { BreakerState, EjectedEndpoint } from './rpc/session.ts';

/** Of each kind; the control plane takes no more. */
const REPORTED_MAX = 64;

export interface ProtectionReport {
  readonly breakers: readonly BreakerState[];
  readonly ejected: readonly EjectedEndpoint[];
  readonly overloads: readonly OverloadState[];
}

export const NOTHING_REPORTED: ProtectionReport = { breakers: [], ejected: [], overloads: [] };

export function protectionReport({
  clusters,
  routeBreakers,
  overloads,
}: Pick<DataPlaneStats, 'clusters' | 'routeBreakers' | 'overloads'>): ProtectionReport {
  const ofClusters = clusters.flatMap(({ name, breaker }) => stateOf({ cluster: name, route: '' }, breaker));
  const ofRoutes = routeBreakers.flatMap(({ route, breaker }) => stateOf({ cluster: '', route }, breaker));
  const worst = new Map(
    ofRoutes.sort((a, b) => Number(b.halfOpen) - Number(a.halfOpen)).map((each) => [each.route, each]),
  );
  return {
    breakers: [...ofClusters, ...worst.values()].slice(0, REPORTED_MAX),
    ejected: clusters.flatMap(ejectedOf).slice(0, REPORTED_MAX),
    overloads: overloads.slice(0, REPORTED_MAX),
  };
}

function stateOf(
  place: { readonly cluster: string; readonly route: string },
  breaker: BreakerReport | undefined,
): BreakerState[] {
  switch (breaker?.type) {
    case undefined:
    case 'closed':
      return [];
    case 'open':
      return [{ ...place, halfOpen: false, forMs: Math.ceil(breaker.forMs), passed: 0, needed: 0 }];
    case 'half-open':
      return [{ ...place, halfOpen: true, forMs: 0, passed: breaker.passed, needed: breaker.needed }];
  }
}

function ejectedOf({ name: cluster, endpoints }: ClusterStats): EjectedEndpoint[] {
  return endpoints.flatMap(({ workload, ejection, isPassingChecks }) => {
    if (ejection !== undefined)
      return [{ cluster, workload, reason: ejection.reason, forMs: Math.ceil(ejection.forMs) }];
    return isPassingChecks ? [] : [{ cluster, workload, reason: 'health-check', forMs: 0 }];
  });
}
