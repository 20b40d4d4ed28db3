// Random: each pick is independent, in proportion to the weights.
import { type BalancedEndpoint, type Exclude, type Picker, pickAmongAllowed } from './balancer-picker.ts';
import type { Random } from './request-view.ts';
import { WeightTable } from './weight-table.ts';

/** Draws before the slow way: of three equal endpoints one in nine is left for it. */
const QUICK_DRAWS = 2;

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

  /**
   * A second choice beside `first`; undefined when there is none. Drawn as if `first` were not there: a draw that may fall on it
   * again would give an endpoint, however loaded, one request of n² with n endpoints, and three replicas more than they can do.
   */
  pickOther(first: BalancedEndpoint, exclude?: Exclude): BalancedEndpoint | undefined {
    for (let draw = 0; draw < QUICK_DRAWS; draw++) {
      const picked = this.#endpoints[this.#weights.at(this.#random())];
      if (picked !== undefined && picked !== first && exclude?.(picked) !== true) return picked;
    }
    const isOut = (item: BalancedEndpoint) => item === first || exclude?.(item) === true;
    return pickAmongAllowed(this.#endpoints, isOut, this.#random());
  }
}
