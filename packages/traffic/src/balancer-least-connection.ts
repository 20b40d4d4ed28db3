// Least connection: of all endpoints, the one with the fewest requests or connections of bytes in flight for its weight; equals
// in turn. Pooled connections that stand idle are no load: counted, they would hold quiet callers to one endpoint.
import type { BalancedEndpoint, Exclude, Picker } from './balancer-picker.ts';
import type { Random } from './request-view.ts';

export class LeastConnectionPicker implements Picker {
  readonly #random: Random;
  #endpoints: readonly BalancedEndpoint[] = [];
  #next = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  update(endpoints: readonly BalancedEndpoint[]): void {
    this.#endpoints = endpoints;
    this.#next = Math.floor(this.#random() * endpoints.length);
  }

  pick(_hash: number, exclude?: Exclude): BalancedEndpoint | undefined {
    const count = this.#endpoints.length;
    let best: BalancedEndpoint | undefined;
    let bestAt = 0;
    for (let step = 0; step < count; step++) {
      const at = this.#next + step < count ? this.#next + step : this.#next + step - count;
      const item = this.#endpoints[at];
      if (item === undefined || exclude?.(item) === true) continue;
      if (best !== undefined && !isLighter(item, best)) continue;
      best = item;
      bestAt = at;
    }
    this.#next = bestAt + 1 >= count ? 0 : bestAt + 1;
    return best;
  }
}

function isLighter(a: BalancedEndpoint, b: BalancedEndpoint): boolean {
  return a.active * b.endpoint.weight < b.active * a.endpoint.weight;
}
