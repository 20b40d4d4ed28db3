// The cost of one thing by that of another: pairs of runs in turns, so that what the machine does meanwhile hits both alike.
import type { Started } from './contestants/contestant.ts';
import { measure, wrk } from './load.ts';

export interface Ratio {
  readonly pairs: number;
  /** CPU per request of the second by that of the first. */
  readonly medianRatio: number;
  /** Lower and upper quartile of the pairs. */
  readonly lowRatio: number;
  readonly highRatio: number;
}

/** Starts one of the two; it is stopped when its pairs are measured. */
export type Start = () => Promise<Started>;

/** Two processes of the same program differ too, by what was compiled when: the pairs are of so many of each. */
const STARTS = 3;
const PAIRS_PER_START = 5;
const SECONDS = 1;
const WARM_SECONDS = 4;
const CONNECTIONS = 32;

export async function comparePairs(startFirst: Start, startSecond: Start): Promise<Ratio> {
  const ratios: number[] = [];
  for (let start = 0; start < STARTS; start++) {
    const running: Started[] = [];
    try {
      const first = await startFirst();
      running.push(first);
      const second = await startSecond();
      running.push(second);
      ratios.push(...(await pairsOf(first, second)));
    } finally {
      for (const { proxies } of running) for (const proxy of proxies) await proxy.stop();
    }
  }
  ratios.sort((a, b) => a - b);
  const at = (part: number) => ratios[Math.ceil(part * ratios.length) - 1] ?? Number.NaN;
  return { pairs: ratios.length, medianRatio: at(0.5), lowRatio: at(0.25), highRatio: at(0.75) };
}

async function pairsOf(first: Started, second: Started): Promise<number[]> {
  for (const started of [first, second]) await cpuOf(started, WARM_SECONDS);
  const ratios: number[] = [];
  for (let pair = 0; pair < PAIRS_PER_START; pair++) {
    // A pair is A B B A, and the next one B A A B: a trend of the machine, above all, hits both alike.
    const isTurned = pair % 2 === 1;
    const [outer, inner] = isTurned ? [second, first] : [first, second];
    const before = await cpuOf(outer, SECONDS);
    const ofInner = (await cpuOf(inner, SECONDS)) + (await cpuOf(inner, SECONDS));
    const ofOuter = before + (await cpuOf(outer, SECONDS));
    ratios.push(isTurned ? ofOuter / ofInner : ofInner / ofOuter);
  }
  return ratios;
}

async function cpuOf({ proxies, port, headers }: Started, seconds: number): Promise<number> {
  const options = { generator: wrk, port, headers, connections: CONNECTIONS, seconds, leadSeconds: 0 };
  const measured = await measure(proxies, options);
  if (measured.errors > 0) throw new Error(`${measured.errors} requests failed`);
  return measured.cpuMicrosPerRequest;
}
