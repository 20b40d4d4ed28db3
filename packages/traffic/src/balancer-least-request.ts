// Least request: of two drawn endpoints, which differ, the one with fewer requests in flight for its weight (power of two choices).

import type { BalancedEndpoint, Exclude, Picker } from './balancer-picker.ts';
import { RandomPicker } from './balancer-random.ts';
import type { Random } from './request-view.ts';

export class LeastRequestPicker implements Picker {
  /** The draw itself follows the weights, so endpoints without load are used in proportion to them. */
  readonly #draw: RandomPicker;
  #isSingle = false;

  constructor(random: Random) {
    this.#draw = new RandomPicker(random);
  }

  update(endpoints: readonly BalancedEndpoint[]): void {
    this.#draw.update(endpoints);
    this.#isSingle = endpoints.length === 1;
  }

  pick(hash: number, exclude?: Exclude): BalancedEndpoint | undefined {
    const first = this.#draw.pick(hash, exclude);
    if (first === undefined || this.#isSingle) return first;
    const second = this.#draw.pickOther(first, exclude);
    return second !== undefined && load(second) < load(first) ? second : first;
  }
}

function load(item: BalancedEndpoint): number {
  return item.active / item.endpoint.weight;
}
