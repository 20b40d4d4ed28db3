// The cumulative counts of one proxy process as the store knows them, and what a report adds to them.
import { BUCKET_COUNT } from '@malha/traffic/histogram';
import type { EdgeReport, OutcomeCount } from '../report.ts';

/** Status and flags of an outcome in one integer: the status in the lowest ten bits. */
export type OutcomeCode = number & { readonly __brand: 'OutcomeCode' };

const STATUS_VALUES = 1024;

export function outcomeCode(status: number, flags: number): OutcomeCode {
  return (flags * STATUS_VALUES + status) as OutcomeCode;
}

export function outcomeOfCode(code: number): { status: number; flags: number } {
  return { status: code % STATUS_VALUES, flags: Math.floor(code / STATUS_VALUES) };
}

export interface CountPair {
  requests: number;
  retries: number;
}

export interface EdgeTotals {
  readonly outcomes: Map<OutcomeCode, CountPair>;
  requestBytes: number;
  responseBytes: number;
  readonly duration: Float64Array;
  readonly ttfb: Float64Array;
}

/** Counts by database id of the edge. */
export type InstanceTotals = Map<number, EdgeTotals>;

export function emptyTotals(): EdgeTotals {
  return {
    outcomes: new Map(),
    requestBytes: 0,
    responseBytes: 0,
    duration: new Float64Array(BUCKET_COUNT),
    ttfb: new Float64Array(BUCKET_COUNT),
  };
}

/**
 * Raises `known` to the report's values and returns by how much; undefined when the report says nothing new. Cumulative
 * values only grow, so the larger one is the newer one: repeated and reordered reports add nothing.
 */
export function advance(known: EdgeTotals, report: EdgeReport): EdgeTotals | undefined {
  const delta = emptyTotals();
  let isNew = false;
  for (const outcome of report.outcomes) isNew = advanceOutcome(known, delta, outcome) || isNew;
  delta.requestBytes = Math.max(0, report.requestBytes - known.requestBytes);
  delta.responseBytes = Math.max(0, report.responseBytes - known.responseBytes);
  known.requestBytes += delta.requestBytes;
  known.responseBytes += delta.responseBytes;
  const hasDuration = advanceBuckets(known.duration, delta.duration, report.duration);
  const hasTtfb = advanceBuckets(known.ttfb, delta.ttfb, report.ttfb);
  isNew ||= delta.requestBytes > 0 || delta.responseBytes > 0 || hasDuration || hasTtfb;
  return isNew ? delta : undefined;
}

function advanceOutcome(known: EdgeTotals, delta: EdgeTotals, outcome: OutcomeCount): boolean {
  const code = outcomeCode(outcome.status, outcome.flags);
  const before = known.outcomes.get(code) ?? { requests: 0, retries: 0 };
  const requests = Math.max(0, outcome.requests - before.requests);
  const retries = Math.max(0, outcome.retries - before.retries);
  if (requests === 0 && retries === 0) return false;
  known.outcomes.set(code, { requests: before.requests + requests, retries: before.retries + retries });
  delta.outcomes.set(code, { requests, retries });
  return true;
}

function advanceBuckets(known: Float64Array, delta: Float64Array, counts: Float64Array | undefined): boolean {
  if (counts === undefined) return false;
  let isNew = false;
  for (let i = 0; i < known.length; i++) {
    const before = known[i] ?? 0;
    const added = (counts[i] ?? 0) - before;
    if (added <= 0) continue;
    known[i] = before + added;
    delta[i] = added;
    isNew = true;
  }
  return isNew;
}

/** Adds what one report added to what another one added to the same bucket of time. */
export function accumulate(sum: EdgeTotals, delta: EdgeTotals): void {
  for (const [code, { requests, retries }] of delta.outcomes) {
    const known = sum.outcomes.get(code) ?? { requests: 0, retries: 0 };
    sum.outcomes.set(code, { requests: known.requests + requests, retries: known.retries + retries });
  }
  sum.requestBytes += delta.requestBytes;
  sum.responseBytes += delta.responseBytes;
  for (let i = 0; i < sum.duration.length; i++) {
    sum.duration[i] = (sum.duration[i] ?? 0) + (delta.duration[i] ?? 0);
    sum.ttfb[i] = (sum.ttfb[i] ?? 0) + (delta.ttfb[i] ?? 0);
  }
}
