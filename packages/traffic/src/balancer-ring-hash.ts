// Ring hash (ketama): each endpoint owns points on a ring, in proportion to its weight; a key belongs to the next point. An
// endpoint that joins or leaves moves only the keys that it gets or had.
import { type BalancedEndpoint, type Exclude, isSameMembership, type Picker } from './balancer-picker.ts';
import { hash32, mixed } from './hash.ts';
import { NO_HASH } from './hash-key.ts';
import type { Random } from './request-view.ts';

/** Of the lightest endpoint. Not a share of the whole: else each endpoint that joins would move points of all others. */
const POINTS = 256;
/** Whatever the weights ask for: the ring of a huge service must not eat the proxy's memory. */
const RING_SIZE_MAX = 262_144;
/** 2^32 by the golden ratio: keeps the points of one endpoint from being those of another. */
const SPREAD = 0x9e37_79b1;
/** Place and owner of a point in one number, so that a plain numeric sort does: 32 and 20 bits. */
const OWNERS_MAX = 2 ** 20;

export class RingHashPicker implements Picker {
  readonly #random: Random;
  #endpoints: readonly BalancedEndpoint[] = [];
  #weights: readonly number[] = [];
  /** Places on the ring in ascending order, and whose they are. */
  #points = new Uint32Array(0);
  #owners = new Uint32Array(0);

  constructor(random: Random) {
    this.#random = random;
  }

  update(endpoints: readonly BalancedEndpoint[]): void {
    const isSame = isSameMembership(this.#endpoints, this.#weights, endpoints);
    this.#endpoints = endpoints;
    if (isSame) return;
    this.#weights = endpoints.map(({ endpoint }) => endpoint.weight);
    this.#build();
  }

  pick(hash: number, exclude?: Exclude): BalancedEndpoint | undefined {
    const size = this.#points.length;
    if (size === 0) return undefined;
    const start = this.#firstAtOrAfter(hash === NO_HASH ? Math.floor(this.#random() * 2 ** 32) : hash);
    for (let step = 0; step < size; step++) {
      const item = this.#endpoints[this.#owners[(start + step) % size] ?? 0];
      if (item === undefined) return undefined;
      if (exclude === undefined || !exclude(item)) return item;
      // All at once, instead of a walk around a whole ring that nobody is left on.
      if (step === 0 && this.#endpoints.every(exclude)) return undefined;
    }
    return undefined;
  }

  #build(): void {
    const divisor = this.#weights.reduce(greatestCommonDivisor, 0);
    const total = this.#weights.reduce((sum, weight) => sum + weight, 0);
    const unit = Math.min(POINTS / divisor, RING_SIZE_MAX / total);
    const points: number[] = [];
    this.#endpoints.slice(0, OWNERS_MAX).forEach(({ endpoint }, owner) => {
      const own = hash32(endpoint.workload);
      const count = Math.max(1, Math.round(unit * endpoint.weight));
      for (let index = 0; index < count; index++)
        points.push(mixed(own + Math.imul(index, SPREAD)) * OWNERS_MAX + owner);
    });
    const sorted = Float64Array.from(points).sort();
    this.#points = Uint32Array.from(sorted, (point) => Math.floor(point / OWNERS_MAX));
    this.#owners = Uint32Array.from(sorted, (point) => point % OWNERS_MAX);
  }

  #firstAtOrAfter(hash: number): number {
    let low = 0;
    let high = this.#points.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#points[middle] ?? 0) < hash) low = middle + 1;
      else high = middle;
    }
    return low === this.#points.length ? 0 : low;
  }
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
