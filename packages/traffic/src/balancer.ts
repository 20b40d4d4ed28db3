// Load balancers: one interface, three ways to pick, endpoint state kept over updates.

import { LeastRequestPicker } from './balancer-least-request.ts';
import { BalancedEndpoint, type Picker } from './balancer-picker.ts';
import { RandomPicker } from './balancer-random.ts';
import { RoundRobinPicker } from './balancer-round-robin.ts';
import type { ClusterEndpoints, Endpoint, LoadBalancerConfig } from './config.ts';
import type { Random } from './request-view.ts';

export { BalancedEndpoint };

export interface Balancer {
  /** Takes a new list; an endpoint of the same workload keeps its counts. */
  update(endpoints: ClusterEndpoints['endpoints']): void;
  /** The next endpoint that is healthy and not excluded; undefined when there is none. */
  pick(exclude?: (endpoint: Endpoint) => boolean): BalancedEndpoint | undefined;
  /** Healthy endpoints, in order. */
  readonly endpoints: readonly BalancedEndpoint[];
}

export function createBalancer(config: LoadBalancerConfig, random: Random): Balancer {
  return new EndpointBalancer(pickerOf(config, random));
}

function pickerOf(config: LoadBalancerConfig, random: Random): Picker {
  switch (config.type) {
    case 'RoundRobin':
      return new RoundRobinPicker(random);
    case 'LeastRequest':
      return new LeastRequestPicker(random);
    case 'Random':
      return new RandomPicker(random);
  }
}

class EndpointBalancer implements Balancer {
  readonly #picker: Picker;
  #endpoints: readonly BalancedEndpoint[] = [];
  #byWorkload = new Map<string, BalancedEndpoint>();

  constructor(picker: Picker) {
    this.#picker = picker;
  }

  get endpoints(): readonly BalancedEndpoint[] {
    return this.#endpoints;
  }

  update(endpoints: readonly Endpoint[]): void {
    const byWorkload = new Map<string, BalancedEndpoint>();
    for (const endpoint of endpoints) {
      if (!endpoint.healthy || byWorkload.has(endpoint.workload)) continue;
      const known = this.#byWorkload.get(endpoint.workload);
      if (known !== undefined) known.endpoint = endpoint;
      byWorkload.set(endpoint.workload, known ?? new BalancedEndpoint(endpoint));
    }
    this.#byWorkload = byWorkload;
    this.#endpoints = [...byWorkload.values()];
    this.#picker.update(this.#endpoints);
  }

  pick(exclude?: (endpoint: Endpoint) => boolean): BalancedEndpoint | undefined {
    return this.#picker.pick(exclude);
  }
}
