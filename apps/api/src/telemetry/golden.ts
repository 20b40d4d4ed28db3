// Golden signals and series out of sums.
import { BUCKET_COUNT, quantile } from '@malha/traffic/histogram';
import type { Sums, SumsRow } from './query/aggregate.ts';
import { stepsOf, type Window } from './query/time-range.ts';

export interface Golden {
  readonly requestsPerSecond: number;
  /** 0..1 */
  readonly errorRate: number;
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly p99Ms: number | null;
  readonly failedPerSecond: number;
  readonly retriesPerSecond: number;
}

export interface Series {
  readonly stepMs: number;
  readonly startMs: number;
  readonly requestsPerSecond: number[];
  readonly errorRate: number[];
  readonly p50Ms: (number | null)[];
  readonly p95Ms: (number | null)[];
  readonly p99Ms: (number | null)[];
}

/** Sums that can be added to. */
export class Tally {
  requests = 0;
  failures = 0;
  retries = 0;
  readonly latency = new Float64Array(BUCKET_COUNT);

  add(sums: Pick<Sums, 'requests' | 'failures' | 'retries' | 'latency'>): this {
    this.requests += sums.requests;
    this.failures += sums.failures;
    this.retries += sums.retries;
    for (let i = 0; i < sums.latency.length; i++) this.latency[i] = (this.latency[i] ?? 0) + (sums.latency[i] ?? 0);
    return this;
  }

  golden(seconds: number): Golden {
    return {
      requestsPerSecond: this.requests / seconds,
      errorRate: rate(this.failures, this.requests),
      p50Ms: quantile(this.latency, 0.5),
      p95Ms: quantile(this.latency, 0.95),
      p99Ms: quantile(this.latency, 0.99),
      failedPerSecond: this.failures / seconds,
      retriesPerSecond: this.retries / seconds,
    };
  }
}

export function tallyOf(rows: Iterable<Pick<Sums, 'requests' | 'failures' | 'retries' | 'latency'>>): Tally {
  const tally = new Tally();
  for (const row of rows) tally.add(row);
  return tally;
}

/** Groups rows and sums each group. */
export function tallyBy<T extends Sums>(rows: Iterable<T>, keyOf: (row: T) => string): Map<string, Tally> {
  const tallies = new Map<string, Tally>();
  for (const row of rows) {
    const key = keyOf(row);
    const known = tallies.get(key);
    if (known === undefined) tallies.set(key, new Tally().add(row));
    else known.add(row);
  }
  return tallies;
}

/** One point per step; steps without rows are zero, and have no latency. */
export function seriesOf(rows: readonly SumsRow<'step'>[], window: Window): Series {
  const tallies = Array.from({ length: stepsOf(window) }, () => new Tally());
  for (const row of rows) tallies[row.step]?.add(row);
  const latencies = (q: number) => tallies.map((tally) => quantile(tally.latency, q));
  return {
    stepMs: window.stepS * 1000,
    startMs: window.fromS * 1000,
    requestsPerSecond: tallies.map((tally, step) => tally.requests / secondsOfStep(window, step)),
    errorRate: tallies.map((tally) => rate(tally.failures, tally.requests)),
    p50Ms: latencies(0.5),
    p95Ms: latencies(0.95),
    p99Ms: latencies(0.99),
  };
}

/** The last step may be cut off by the end of the window. */
export function secondsOfStep({ fromS, toS, stepS }: Window, step: number): number {
  return Math.max(1, Math.min(stepS, toS - fromS - step * stepS));
}

export function rate(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}
