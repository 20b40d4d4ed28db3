// Least request: of two drawn endpoints, the one with fewer requests in flight for its weight (power of two choices).
import { type BalancedEndpoint, type Exclude, type Picker, pickAmongAllowed } from './balancer-picker.ts';
import type { Random } from './request-view.ts';
import { WeightTable } from './weight-table.ts';

export class LeastRequestPicker implements Picker {
  readonly #random: Random;
  #endpoints: readonly BalancedEndpoint[] = [];
  #weights = new WeightTable([]);

  constructor(random: Random) {
    this.#random = random;
  }

  update(endpoints: readonly BalancedEndpoint[]): void {
    this.#endpoints = endpoints;
    this.#weights = new WeightTable(endpoints.map((item) => item.endpoint.weight));
  }

  pick(exclude?: Exclude): BalancedEndpoint | undefined {
    const first = this.#draw(exclude);
    if (first === undefined || this.#endpoints.length === 1) return first;
    const second = this.#draw(exclude);
    return second !== undefined && load(second) < load(first) ? second : first;
  }

  /** The draw itself follows the weights, so endpoints without load are used in proportion to them. */
  #draw(exclude: Exclude | undefined): BalancedEndpoint | undefined {
    const drawn = this.#endpoints[this.#weights.at(this.#random())];
    if (drawn === undefined || exclude === undefined || !exclude(drawn.endpoint)) return drawn;
    return pickAmongAllowed(this.#endpoints, exclude, this.#random());
  }
}

function load(item: BalancedEndpoint): number {
  return item.active / item.endpoint.weight;
}
