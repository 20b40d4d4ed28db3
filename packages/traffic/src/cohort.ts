// Sticky decisions: the same cohort key gets the same answer as long as the weights stay, and a weight that grows only
// draws new keys to it.
import type { CohortKey } from './config.ts';
import { hash32 } from './hash.ts';
import type { RequestView } from './request-view.ts';

/** The key's value in a request; undefined when it has none, so that the decision is drawn anew each time. */
export function cohortOf(key: CohortKey, request: RequestView): string | undefined {
  switch (key.type) {
    case 'header':
      return request.header(key.name);
    case 'cookie':
      return cookieOf(request.header('cookie'), key.name);
    case 'fixed':
      return key.value;
  }
}

/** A draw in [0, 1) that is always the same for a key. */
export function stickyDraw(cohort: string): number {
  return hash32(cohort, 0) / 2 ** 32;
}

/**
 * Weighted rendezvous hashing: each backend draws a number for the key, the smallest in proportion to its weight wins.
 * A change of one weight moves keys only to or from that backend.
 */
export class StickySplit {
  private readonly seeds: readonly number[];
  private readonly weights: readonly number[];

  /** `names` are stable over changes of weights; all weights are above 0. */
  constructor(names: readonly string[], weights: readonly number[]) {
    // One service may stand there twice, with filters of its own each: the two draw numbers of their own.
    const seen = new Map<string, number>();
    this.seeds = names.map((name) => {
      const before = seen.get(name) ?? 0;
      seen.set(name, before + 1);
      return hash32(name, before);
    });
    this.weights = weights;
  }

  pick(cohort: string): number {
    let best = 0;
    let bestScore = Number.POSITIVE_INFINITY;
    for (let index = 0; index < this.seeds.length; index++) {
      const draw = (hash32(cohort, this.seeds[index] ?? 0) + 1) / (2 ** 32 + 1);
      const score = -Math.log(draw) / (this.weights[index] ?? 1);
      if (score >= bestScore) continue;
      bestScore = score;
      best = index;
    }
    return best;
  }
}

/** Value of a cookie of the field `Cookie`; undefined when it has none of that name. */
export function cookieOf(header: string | undefined, name: string): string | undefined {
  if (header === undefined) return undefined;
  for (let at = 0; at < header.length; ) {
    const end = header.indexOf(';', at);
    const stop = end === -1 ? header.length : end;
    const equals = header.indexOf('=', at);
    if (equals !== -1 && equals < stop && header.slice(at, equals).trim() === name)
      return header.slice(equals + 1, stop).trim();
    at = stop + 1;
  }
  return undefined;
}
