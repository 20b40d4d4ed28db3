// Maglev (Eisenbud et al., NSDI 2016): a table of prime size that each endpoint fills in an order of its own, in turns by
// weight. One look finds a key's endpoint, shares are even to a hair, and a change of members moves few other keys.
import { type BalancedEndpoint, type Exclude, isSameMembership, type Picker } from './balancer-picker.ts';
import { hash32, mixed } from './hash.ts';
import { NO_HASH } from './hash-key.ts';
import type { Random } from './request-view.ts';

/** A prime, as every size of a table must be. */
export const MAGLEV_SIZE_DEFAULT = 65_537;

const EMPTY = 0xffff_ffff;
const OFFSET_SEED = 1;
const SKIP_SEED = 2;

export class MaglevPicker implements Picker {
  readonly #random: Random;
  readonly #size: number;
  #endpoints: readonly BalancedEndpoint[] = [];
  #weights: readonly number[] = [];
  #table = new Uint32Array(0);

  constructor(random: Random, size = MAGLEV_SIZE_DEFAULT) {
    this.#random = random;
    this.#size = size;
  }

  update(endpoints: readonly BalancedEndpoint[]): void {
    const isSame = isSameMembership(this.#endpoints, this.#weights, endpoints);
    this.#endpoints = endpoints;
    if (isSame) return;
    this.#weights = endpoints.map(({ endpoint }) => endpoint.weight);
    this.#table = endpoints.length === 0 ? new Uint32Array(0) : tableOf(endpoints, this.#size);
  }

  pick(hash: number, exclude?: Exclude): BalancedEndpoint | undefined {
    const size = this.#table.length;
    if (size === 0) return undefined;
    const start = (hash === NO_HASH ? Math.floor(this.#random() * size) : mixed(hash)) % size;
    for (let step = 0; step < size; step++) {
      const item = this.#endpoints[this.#table[(start + step) % size] ?? 0];
      if (item === undefined) return undefined;
      if (exclude === undefined || !exclude(item)) return item;
      if (step === 0 && this.#endpoints.every(exclude)) return undefined;
    }
    return undefined;
  }
}

/** Of each place the index of its endpoint. */
function tableOf(endpoints: readonly BalancedEndpoint[], size: number): Uint32Array<ArrayBuffer> {
  const table = new Uint32Array(size).fill(EMPTY);
  const weights = endpoints.map(({ endpoint }) => endpoint.weight);
  const heaviest = weights.reduce((most, weight) => Math.max(most, weight), 1);
  // Every proxy fills in the same order, however its list is sorted.
  const order = endpoints.map((_, index) => index).sort((a, b) => compareWorkloads(endpoints[a], endpoints[b]));
  const places = Uint32Array.from(endpoints, ({ endpoint }) => hash32(endpoint.workload, OFFSET_SEED) % size);
  const skips = Uint32Array.from(endpoints, ({ endpoint }) => (hash32(endpoint.workload, SKIP_SEED) % (size - 1)) + 1);
  /** Round in which an endpoint has its next turn: the heaviest has one in each. */
  const targets = new Float64Array(endpoints.length);
  for (let filled = 0, round = 1; filled < size; round++) {
    for (const index of order) {
      if (filled === size) break;
      if (round * (weights[index] ?? 1) < (targets[index] ?? 0)) continue;
      targets[index] = (targets[index] ?? 0) + heaviest;
      let place = places[index] ?? 0;
      while (table[place] !== EMPTY) place = (place + (skips[index] ?? 1)) % size;
      table[place] = index;
      places[index] = (place + (skips[index] ?? 1)) % size;
      filled++;
    }
  }
  return table;
}

function compareWorkloads(a: BalancedEndpoint | undefined, b: BalancedEndpoint | undefined): number {
  const [first = '', second = ''] = [a?.endpoint.workload, b?.endpoint.workload];
  return first < second ? -1 : Number(first > second);
}
