// What a client waits for when the proxy is not saturated: every contestant at the same rates, 60 % of what ours can do, which
// may be more than Envoy carries, and 60 % of what Envoy can.
import type { Contestant, Environment, Started } from './contestants/contestant.ts';
import { envoy } from './contestants/envoy.ts';
import { haproxy } from './contestants/haproxy.ts';
import { malha } from './contestants/malha.ts';
import { nginx } from './contestants/nginx.ts';
import { h2loadAt, measure, wrk } from './load.ts';
import { which } from './processes.ts';

export interface LatencyRow {
  /** Whose saturation the rate is 60 % of. */
  readonly of: string;
  readonly wantedPerSecond: number;
  readonly contestant: string;
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly cpuMicrosPerRequest: number;
  readonly errors: number;
}

const CONTESTANTS: readonly Contestant[] = [malha, envoy, nginx, haproxy];
const CONNECTIONS = 32;
const SHARE = 0.6;
const WARM_SECONDS = 8;
const SECONDS = 5;
const ROUNDS = 3;

export async function latency(environment: Environment, say: (line: string) => void): Promise<LatencyRow[]> {
  for (const tool of ['wrk', 'h2load']) {
    if (which(tool) !== undefined) continue;
    say(`missing: ${tool} is not installed`);
    return [];
  }
  const present = CONTESTANTS.filter((contestant) => contestant.missing() === undefined);
  const started = new Map(
    await Promise.all(present.map(async (each) => [each, await each.start('single', environment)] as const)),
  );
  try {
    const saturation = await saturate(started);
    const rows: LatencyRow[] = [];
    for (const each of [malha, envoy]) {
      const carried = saturation.get(each);
      if (carried === undefined) continue;
      const rate = { of: each.name, wantedPerSecond: Math.round(carried * SHARE) };
      for (const row of await compare(started, rate)) {
        rows.push(row);
        say(
          `${row.contestant.padEnd(8)} at ${row.requestsPerSecond.toFixed(0)}/s of ${rate.wantedPerSecond} ` +
            `(60 % of ${rate.of}): p50 ${row.p50Ms.toFixed(2)} ms, p99 ${row.p99Ms.toFixed(2)} ms, ${row.errors} errors`,
        );
      }
    }
    return rows;
  } finally {
    for (const { proxies } of started.values()) for (const proxy of proxies) await proxy.stop();
  }
}

/** What each carries at most; it is warm after that. */
async function saturate(started: ReadonlyMap<Contestant, Started>): Promise<Map<Contestant, number>> {
  const carried = new Map<Contestant, number>();
  for (const [contestant, { proxies, port, headers }] of started) {
    const options = { generator: wrk, port, headers, connections: CONNECTIONS, seconds: WARM_SECONDS };
    carried.set(contestant, (await measure(proxies, options)).requestsPerSecond);
  }
  return carried;
}

/** Rounds in turn; the median round by p99 counts. */
async function compare(
  started: ReadonlyMap<Contestant, Started>,
  rate: Pick<LatencyRow, 'of' | 'wantedPerSecond'>,
): Promise<LatencyRow[]> {
  const rounds = new Map<Contestant, LatencyRow[]>();
  for (let round = 0; round < ROUNDS; round++) {
    for (const [contestant, { proxies, port, headers }] of started) {
      const generator = h2loadAt(rate.wantedPerSecond);
      const options = { generator, port, headers, connections: CONNECTIONS, seconds: SECONDS };
      const { rssMiB: _, ...measured } = await measure(proxies, options);
      const row = { ...rate, contestant: contestant.name, ...measured };
      rounds.set(contestant, [...(rounds.get(contestant) ?? []), row]);
    }
  }
  return [...rounds.values()].map((runs) => {
    const row = runs.toSorted((a, b) => a.p99Ms - b.p99Ms)[Math.floor(ROUNDS / 2)];
    if (row === undefined) throw new Error('nothing was measured');
    return row;
  });
}
