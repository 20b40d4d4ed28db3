// What a request costs through each proxy: all contestants in turn, on the same cores, in the same run.
import type { Contestant, Environment, Scenario, Started } from './contestants/contestant.ts';
import { direct } from './contestants/direct.ts';
import { envoy } from './contestants/envoy.ts';
import { haproxy } from './contestants/haproxy.ts';
import { malha } from './contestants/malha.ts';
import { nghttpx } from './contestants/nghttpx.ts';
import { nginx } from './contestants/nginx.ts';
import { type Generator, h2loadUnary, type Measured, measure, wrk, wrkLarge } from './load.ts';
import { which } from './processes.ts';

export interface CostRow extends Measured {
  readonly scenario: Scenario;
  readonly contestant: string;
  readonly connections: number;
  readonly features: readonly string[];
  /** When it was measured, ISO 8601: rows of several runs stand in one report. Rows of older runs have none. */
  readonly at?: string;
}

export interface CostOptions {
  readonly seconds: number;
  readonly rounds: number;
  /** Load before the first measurement. */
  readonly warmSeconds: number;
  readonly scenarios: readonly Scenario[];
  readonly connections: readonly number[];
  readonly say: (line: string) => void;
}

const CONTESTANTS: readonly Contestant[] = [direct, malha, envoy, nginx, haproxy, nghttpx];
export const SCENARIOS: readonly Scenario[] = ['single', 'mtls-pair', 'grpc', 'tcp-pair'];

export interface CostResult {
  readonly rows: readonly CostRow[];
  readonly missing: readonly string[];
  readonly configurations: Readonly<Record<string, string>>;
}

export async function cost(environment: Environment, options: CostOptions): Promise<CostResult> {
  if (which('wrk') === undefined)
    return { rows: [], missing: ['wrk is not installed (Debian: wrk)'], configurations: {} };
  const missing = CONTESTANTS.map((contestant) => contestant.missing()).filter((reason) => reason !== undefined);
  const present = CONTESTANTS.filter((contestant) => contestant.missing() === undefined);
  const rows: CostRow[] = [];
  const configurations: Record<string, string> = {};
  for (const scenario of options.scenarios) {
    if (scenario === 'grpc' && which('h2load') === undefined) {
      missing.push('h2load is not installed (Debian: nghttp2-client)');
      continue;
    }
    const contestants = present.filter((each) => each.scenarios.includes(scenario));
    const running = new Map<Contestant, Started>();
    try {
      for (const contestant of contestants) {
        const started = await contestant.start(scenario, environment);
        running.set(contestant, started);
        configurations[`${contestant.name} ${scenario}`] = started.configuration;
        await warm(scenario, started, options.warmSeconds);
      }
      for (const connections of options.connections)
        rows.push(...(await compare(scenario, connections, running, options)));
    } finally {
      for (const started of running.values()) await stop(started);
    }
  }
  return { rows, missing, configurations };
}

/** What counts is a proxy that has run for a while: code that is compiled while it runs is compiled by then. */
async function warm(scenario: Scenario, { proxies, port, headers }: Started, seconds: number): Promise<void> {
  const generator = generatorOf(scenario);
  for (const connections of [4, 32])
    await measure(proxies, { generator, port, headers, connections, seconds: seconds / 2 });
}

/** Rounds in turn, so that a slow minute of the machine hits everyone; the median round by CPU counts. */
async function compare(
  scenario: Scenario,
  connections: number,
  running: ReadonlyMap<Contestant, Started>,
  { rounds, seconds, say }: CostOptions,
): Promise<CostRow[]> {
  const measured = new Map<Contestant, Measured[]>();
  for (let round = 0; round < rounds; round++) {
    for (const [contestant, { proxies, port, headers }] of running) {
      const run = await measure(proxies, { generator: generatorOf(scenario), port, headers, connections, seconds });
      measured.set(contestant, [...(measured.get(contestant) ?? []), run]);
    }
  }
  return [...measured].map(([contestant, runs]) => {
    const sorted = runs.toSorted((a, b) => a.cpuMicrosPerRequest - b.cpuMicrosPerRequest);
    const median = sorted[Math.floor(sorted.length / 2)];
    if (median === undefined) throw new Error(`${contestant.name} was not measured`);
    const errors = runs.reduce((sum, each) => sum + each.errors, 0);
    const features = running.get(contestant)?.features ?? [];
    const row = {
      scenario,
      contestant: contestant.name,
      connections,
      ...median,
      errors,
      features,
      at: new Date().toISOString(),
    };
    say(
      `${scenario.padEnd(10)} ${String(connections).padStart(4)}  ${contestant.name.padEnd(8)}` +
        `${row.cpuMicrosPerRequest.toFixed(1).padStart(8)} µs  ${row.requestsPerSecond.toFixed(0).padStart(7)}/s` +
        `  p50 ${row.p50Ms.toFixed(2)}  p99 ${row.p99Ms.toFixed(2)} ms  ${row.rssMiB.toFixed(0)} MiB  ${errors} errors`,
    );
    return row;
  });
}

function generatorOf(scenario: Scenario): Generator {
  switch (scenario) {
    case 'grpc':
      return h2loadUnary;
    case 'tcp-pair':
      return wrkLarge;
    default:
      return wrk;
  }
}

async function stop(started: Started): Promise<void> {
  for (const proxy of started.proxies) await proxy.stop();
}
