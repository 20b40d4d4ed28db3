// The cost of one thing by that of another: pairs of runs in turns, so that what the machine does meanwhile hits both alike.
import type { Started } from './contestants/contestant.ts';
import { measure, wrk } from './load.ts';

export interface Ratio {
  readonly pairs: number;
  /** CPU per request of the second by that of the first. */
  readonly medianRatio: number;
  /** 95 % interval of the median, from the order of the pairs. */
  readonly lowRatio: number;
  readonly highRatio: number;
}

const PAIRS = 15;
const SECONDS = 1;
const WARM_SECONDS = 6;
const CONNECTIONS = 32;
/** Ranks of 15 that hold the median in 96 of 100 cases (binomial). */
const LOW_RANK = 3;
const HIGH_RANK = 11;

export async function comparePairs(first: Started, second: Started): Promise<Ratio> {
  for (const started of [first, second]) await cpuOf(started, WARM_SECONDS);
  const ratios: number[] = [];
  for (let pair = 0; pair < PAIRS; pair++) {
    // A pair is A B B A, and the next one B A A B: a trend of the machine, above all, hits both alike.
    const isTurned = pair % 2 === 1;
    const [outer, inner] = isTurned ? [second, first] : [first, second];
    const before = await cpuOf(outer, SECONDS);
    const ofInner = (await cpuOf(inner, SECONDS)) + (await cpuOf(inner, SECONDS));
    const ofOuter = before + (await cpuOf(outer, SECONDS));
    ratios.push(isTurned ? ofOuter / ofInner : ofInner / ofOuter);
  }
  ratios.sort((a, b) => a - b);
  const at = (rank: number) => ratios[rank] ?? Number.NaN;
  return { pairs: PAIRS, medianRatio: at(Math.floor(PAIRS / 2)), lowRatio: at(LOW_RANK), highRatio: at(HIGH_RANK) };
}

async function cpuOf({ proxies, port, headers }: Started, seconds: number): Promise<number> {
  const measured = await measure(proxies, { generator: wrk, port, headers, connections: CONNECTIONS, seconds });
  if (measured.errors > 0) throw new Error(`${measured.errors} requests failed`);
  return measured.cpuMicrosPerRequest;
}
