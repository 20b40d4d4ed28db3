// Endpoints by level of priority, as Envoy's localities want them: one list for each, without gaps.
import type { Endpoint } from '@malha/traffic';

export interface Level {
  readonly priority: number;
  readonly endpoints: readonly Endpoint[];
}

export function levelsOf(endpoints: readonly Endpoint[]): Level[] {
  const byPriority = new Map<number, Endpoint[]>();
  for (const endpoint of endpoints) {
    const { priority = 0 } = endpoint;
    const list = byPriority.get(priority);
    if (list === undefined) byPriority.set(priority, [endpoint]);
    else list.push(endpoint);
  }
  return [...byPriority].sort(([a], [b]) => a - b).map(([priority, list]) => ({ priority, endpoints: list }));
}
