// All clusters of a proxy by name; a new configuration changes only what it changes.
import type { Cluster, ClusterEndpoints, ClusterName } from '@malha/traffic/config';
import { type ClusterEnvironment, ClusterRuntime, type ClusterStats } from './cluster-runtime.ts';

export class ClusterRegistry {
  private readonly environment: ClusterEnvironment;
  private runtimes = new Map<ClusterName, ClusterRuntime>();

  constructor(environment: ClusterEnvironment) {
    this.environment = environment;
  }

  get(name: ClusterName): ClusterRuntime | undefined {
    return this.runtimes.get(name);
  }

  apply(clusters: readonly Cluster[], endpoints: readonly ClusterEndpoints[]): void {
    const previous = this.runtimes;
    const next = new Map<ClusterName, ClusterRuntime>();
    for (const cluster of clusters) {
      const known = previous.get(cluster.name);
      if (known === undefined) next.set(cluster.name, new ClusterRuntime(cluster, this.environment));
      else {
        if (known.cluster !== cluster) known.configure(cluster);
        next.set(cluster.name, known);
      }
    }
    const endpointsOf = new Map(endpoints.map((entry) => [entry.cluster, entry.endpoints]));
    for (const [name, runtime] of next) runtime.updateEndpoints(endpointsOf.get(name) ?? NO_ENDPOINTS);
    this.runtimes = next;
    for (const [name, runtime] of previous) if (!next.has(name)) runtime.drain();
  }

  destroy(): void {
    for (const runtime of this.runtimes.values()) runtime.destroy();
    this.runtimes.clear();
  }

  stats(): ClusterStats[] {
    return [...this.runtimes.values()].map((runtime) => runtime.stats());
  }
}

const NO_ENDPOINTS: ClusterEndpoints['endpoints'] = Object.freeze([]);
