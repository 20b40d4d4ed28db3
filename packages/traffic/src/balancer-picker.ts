// What a way of picking has to do, and the state that it keeps of each endpoint.
import type { Endpoint } from './config.ts';

export type Exclude = (endpoint: Endpoint) => boolean;

export interface Picker {
  update(endpoints: readonly BalancedEndpoint[]): void;
  pick(exclude?: Exclude): BalancedEndpoint | undefined;
}

/** One endpoint with its count of requests in flight. */
export class BalancedEndpoint {
  /** The newest description; replaced by an update of the same workload. */
  endpoint: Endpoint;
  /** Requests between `started` and `finished`. */
  active = 0;
  /** Requests that ended with `finished(false)`. */
  failures = 0;

  constructor(endpoint: Endpoint) {
    this.endpoint = endpoint;
  }

  started(): void {
    this.active++;
  }

  /** `ok` = the endpoint answered and its connection held. */
  finished(ok: boolean): void {
    if (this.active > 0) this.active--;
    if (!ok) this.failures++;
  }
}

/** One of the endpoints that are not excluded, by weight; the slow way, for when the quick ones met excluded ones. */
export function pickAmongAllowed(
  endpoints: readonly BalancedEndpoint[],
  exclude: Exclude,
  draw: number,
): BalancedEndpoint | undefined {
  let total = 0;
  for (const item of endpoints) if (!exclude(item.endpoint)) total += item.endpoint.weight;
  let at = draw * total;
  let last: BalancedEndpoint | undefined;
  for (const item of endpoints) {
    if (exclude(item.endpoint)) continue;
    last = item;
    at -= item.endpoint.weight;
    if (at < 0) return item;
  }
  return last;
}
