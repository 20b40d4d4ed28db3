// Weighted round robin: a fixed order that spreads each endpoint evenly (smooth weighted round robin).
import type { BalancedEndpoint, Exclude, Picker } from './balancer-picker.ts';
import type { Random } from './request-view.ts';

export class RoundRobinPicker implements Picker {
  readonly #random: Random;
  #endpoints: readonly BalancedEndpoint[] = [];
  #isEqual = true;
  #next = 0;
  /** Credit of each endpoint by workload, kept over updates so that churn favours nobody. */
  #credit = new Map<BalancedEndpoint, number>();

  constructor(random: Random) {
    this.#random = random;
  }

  update(endpoints: readonly BalancedEndpoint[]): void {
    const following = this.#endpoints[this.#next];
    const first = endpoints[0]?.endpoint.weight;
    const credit = new Map<BalancedEndpoint, number>();
    for (const item of endpoints) credit.set(item, this.#credit.get(item) ?? 0);
    this.#credit = credit;
    this.#isEqual = endpoints.every((item) => item.endpoint.weight === first);
    // Proxies that get the same list must not all begin with its first endpoint.
    const kept = following === undefined ? -1 : endpoints.indexOf(following);
    this.#next = kept >= 0 ? kept : Math.floor(this.#random() * endpoints.length);
    this.#endpoints = endpoints;
  }

  pick(_hash: number, exclude?: Exclude): BalancedEndpoint | undefined {
    return this.#isEqual ? this.#pickInTurn(exclude) : this.#pickByCredit(exclude);
  }

  #pickInTurn(exclude: Exclude | undefined): BalancedEndpoint | undefined {
    const count = this.#endpoints.length;
    for (let tried = 0; tried < count; tried++) {
      const item = this.#endpoints[this.#next];
      this.#next = this.#next + 1 >= count ? 0 : this.#next + 1;
      if (item !== undefined && (exclude === undefined || !exclude(item))) return item;
    }
    return undefined;
  }

  /** Each allowed endpoint earns its weight, the richest is picked and pays the sum. */
  #pickByCredit(exclude: Exclude | undefined): BalancedEndpoint | undefined {
    let total = 0;
    let best: BalancedEndpoint | undefined;
    let bestCredit = Number.NEGATIVE_INFINITY;
    for (const item of this.#endpoints) {
      if (exclude?.(item)) continue;
      const credit = (this.#credit.get(item) ?? 0) + item.endpoint.weight;
      this.#credit.set(item, credit);
      total += item.endpoint.weight;
      if (credit > bestCredit) {
        best = item;
        bestCredit = credit;
      }
    }
    if (best !== undefined) this.#credit.set(best, bestCredit - total);
    return best;
  }
}
