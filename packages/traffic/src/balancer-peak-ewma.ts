// Peak EWMA: of two drawn endpoints, which differ, the one whose moving latency times the requests in flight is less. It turns away from a
// slow endpoint before that one fails.
import type { BalancedEndpoint, Exclude, Picker } from './balancer-picker.ts';
import { RandomPicker } from './balancer-random.ts';
import type { Random } from './request-view.ts';

/** Taken for the latency of an endpoint that has requests in flight and has not answered any: it gets no more for now. */
const UNKNOWN_LATENCY_MS = 1_000_000;

export class PeakEwmaPicker implements Picker {
  readonly #draw: RandomPicker;
  readonly #monotonic: () => number;
  #isSingle = false;

  constructor(random: Random, monotonic: () => number) {
    this.#draw = new RandomPicker(random);
    this.#monotonic = monotonic;
  }

  update(endpoints: readonly BalancedEndpoint[]): void {
    this.#draw.update(endpoints);
    this.#isSingle = endpoints.length === 1;
  }

  pick(hash: number, exclude?: Exclude): BalancedEndpoint | undefined {
    const first = this.#draw.pick(hash, exclude);
    if (first === undefined || this.#isSingle) return first;
    const second = this.#draw.pickOther(first, exclude);
    if (second === undefined) return first;
    const nowMs = this.#monotonic();
    return cost(second, nowMs) < cost(first, nowMs) ? second : first;
  }
}

function cost(item: BalancedEndpoint, nowMs: number): number {
  const latencyMs = item.latency(nowMs);
  if (latencyMs === 0) return item.active === 0 ? 0 : UNKNOWN_LATENCY_MS * item.active;
  return latencyMs * (item.active + 1);
}
