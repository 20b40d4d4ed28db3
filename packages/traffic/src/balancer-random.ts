// Random: each pick is independent, in proportion to the weights.
import { type BalancedEndpoint, type Exclude, type Picker, pickAmongAllowed } from './balancer-picker.ts';
import type { Random } from './request-view.ts';
import { WeightTable } from './weight-table.ts';

export class RandomPicker implements Picker {
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

  pick(_hash: number, exclude?: Exclude): BalancedEndpoint | undefined {
    const picked = this.#endpoints[this.#weights.at(this.#random())];
    if (picked === undefined || exclude === undefined || !exclude(picked)) return picked;
    return pickAmongAllowed(this.#endpoints, exclude, this.#random());
  }
}
