// What a batch adds to the buckets of time, as columns for one unnest.
import { isFailedRequest } from '@malha/traffic/request-failure';
import type { EdgeProtocol } from '../report.ts';
import { accumulate, type EdgeTotals, emptyTotals, outcomeOfCode } from './instance-state.ts';

export interface BucketColumns {
  /** Unix seconds at which the bucket begins. */
  readonly at: number[];
  readonly edges: number[];
  readonly requests: number[];
  readonly failures: number[];
  readonly retries: number[];
  readonly requestBytes: number[];
  readonly responseBytes: number[];
  /** Array literals, parallel within a row: outcome code, requests, retries; bucket, count. */
  readonly outcomes: string[];
  readonly outcomeRequests: string[];
  readonly outcomeRetries: string[];
  readonly durationBuckets: string[];
  readonly durationCounts: string[];
  readonly ttfbBuckets: string[];
  readonly ttfbCounts: string[];
}

/** Sums of a batch by bucket of time and edge. */
export class BucketSums {
  readonly #sums = new Map<number, Map<number, { protocol: EdgeProtocol; totals: EdgeTotals }>>();

  add(at: number, edge: number, protocol: EdgeProtocol, delta: EdgeTotals): void {
    let edges = this.#sums.get(at);
    if (edges === undefined) {
      edges = new Map();
      this.#sums.set(at, edges);
    }
    const sum = edges.get(edge);
    if (sum === undefined) {
      const totals = emptyTotals();
      accumulate(totals, delta);
      edges.set(edge, { protocol, totals });
    } else accumulate(sum.totals, delta);
  }

  get isEmpty(): boolean {
    return this.#sums.size === 0;
  }

  columns(): BucketColumns {
    const columns = emptyColumns();
    for (const [at, edges] of this.#sums) {
      for (const [edge, { protocol, totals }] of edges) pushRow(columns, at, edge, protocol, totals);
    }
    return columns;
  }
}

/** In the order of the parameters of the statement that stores them. */
export function columnValues(columns: BucketColumns): unknown[] {
  return [
    columns.at,
    columns.edges,
    columns.requests,
    columns.failures,
    columns.retries,
    columns.requestBytes,
    columns.responseBytes,
    columns.outcomes,
    columns.outcomeRequests,
    columns.outcomeRetries,
    columns.durationBuckets,
    columns.durationCounts,
    columns.ttfbBuckets,
    columns.ttfbCounts,
  ];
}

function emptyColumns(): BucketColumns {
  return {
    at: [],
    edges: [],
    requests: [],
    failures: [],
    retries: [],
    requestBytes: [],
    responseBytes: [],
    outcomes: [],
    outcomeRequests: [],
    outcomeRetries: [],
    durationBuckets: [],
    durationCounts: [],
    ttfbBuckets: [],
    ttfbCounts: [],
  };
}

function pushRow(columns: BucketColumns, at: number, edge: number, protocol: EdgeProtocol, totals: EdgeTotals): void {
  let requests = 0;
  let failures = 0;
  let retries = 0;
  for (const [code, counts] of totals.outcomes) {
    const { status, flags } = outcomeOfCode(code);
    requests += counts.requests;
    retries += counts.retries;
    if (isFailedRequest({ protocol, status, flags })) failures += counts.requests;
  }
  columns.at.push(at);
  columns.edges.push(edge);
  columns.requests.push(requests);
  columns.failures.push(failures);
  columns.retries.push(retries);
  columns.requestBytes.push(totals.requestBytes);
  columns.responseBytes.push(totals.responseBytes);
  const outcomes = [...totals.outcomes];
  columns.outcomes.push(literal(outcomes.map(([code]) => code)));
  columns.outcomeRequests.push(literal(outcomes.map(([, counts]) => counts.requests)));
  columns.outcomeRetries.push(literal(outcomes.map(([, counts]) => counts.retries)));
  const duration = sparse(totals.duration);
  columns.durationBuckets.push(literal(duration.buckets));
  columns.durationCounts.push(literal(duration.counts));
  const ttfb = sparse(totals.ttfb);
  columns.ttfbBuckets.push(literal(ttfb.buckets));
  columns.ttfbCounts.push(literal(ttfb.counts));
}

function sparse(dense: Float64Array): { buckets: number[]; counts: number[] } {
  const buckets: number[] = [];
  const counts: number[] = [];
  for (const [bucket, count] of dense.entries()) {
    if (count === 0) continue;
    buckets.push(bucket);
    counts.push(count);
  }
  return { buckets, counts };
}

/** A Postgres array literal: rows of unnest have arrays of different lengths, which only go in as text. */
export function literal(values: readonly number[]): string {
  return `{${values.join(',')}}`;
}
