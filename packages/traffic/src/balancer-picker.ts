// What a way of picking has to do; the balancer around it looks after levels, availability and slow start.
import { BalancedEndpoint } from './balanced-endpoint.ts';

export { BalancedEndpoint };

export type Exclude = (item: BalancedEndpoint) => boolean;

export interface Picker {
  update(endpoints: readonly BalancedEndpoint[]): void;
  /** `hash`: of the request's key, or NO_HASH; only hashing pickers look at it. */
  pick(hash: number, exclude?: Exclude): BalancedEndpoint | undefined;
}

/** One of the endpoints that are not excluded, by weight; the slow way, for when the quick ones met excluded ones. */
export function pickAmongAllowed(
  endpoints: readonly BalancedEndpoint[],
  exclude: Exclude,
  draw: number,
): BalancedEndpoint | undefined {
  let total = 0;
  for (const item of endpoints) if (!exclude(item)) total += item.endpoint.weight;
  let at = draw * total;
  let last: BalancedEndpoint | undefined;
  for (const item of endpoints) {
    if (exclude(item)) continue;
    last = item;
    at -= item.endpoint.weight;
    if (at < 0) return item;
  }
  return last;
}

/** Whether both lists have the same workloads with the same weights in the same order: a table made for one serves the other. */
export function isSameMembership(a: readonly BalancedEndpoint[], weights: readonly number[], b: typeof a): boolean {
  return (
    a.length === b.length && a.every((item, index) => item === b[index] && weights[index] === b[index]?.endpoint.weight)
  );
}
