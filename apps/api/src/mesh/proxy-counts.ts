// How many proxies there are, and how many serve what is wanted of them.
import type { Propagation } from '../xds/propagation/propagation.ts';
import type { ProxyCounts } from './status.ts';

/** Proxies that are out of the mesh are not counted. */
export function countProxies(
  workloads: readonly { readonly metadata: { readonly name: string; readonly namespace?: string | undefined } }[],
  propagation: Propagation,
  revision: number,
): ProxyCounts {
  const states = new Map(propagation.of(revision)?.proxies.map(({ workload, state }) => [workload, state]) ?? []);
  const counts = { total: 0, active: 0, stale: 0, nacked: 0 };
  for (const { metadata } of workloads) {
    const state = states.get(`${metadata.namespace ?? 'default'}/${metadata.name}`);
    counts.total += 1;
    if (state === 'active' || state === 'acked') counts.active += 1;
    else if (state === 'nacked') counts.nacked += 1;
    else counts.stale += 1;
  }
  return counts;
}
