// Wave forms for figures that look alive: a base, a little noise, and a step where a change hit.
import type { Golden, Series } from '../../src/trpc/contract.ts';

const POINTS = 60;

/** Deterministic noise in -1..1, so that two screenshots agree. */
export function noise(seed: number, index: number): number {
  const x = Math.sin(seed * 127.1 + index * 311.7) * 43_758.5453;
  return (x - Math.floor(x)) * 2 - 1;
}

export interface Shape {
  readonly rps: number;
  readonly errors: number;
  readonly errorsBefore: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly seed: number;
}

/** Where in the window the errors began, 0..1. */
export const STEP_AT = 0.6;

function wave(seed: number, base: number, swing: number, before = base): number[] {
  return Array.from({ length: POINTS }, (_, index) => {
    const blend = Math.min(1, Math.max(0, (index / POINTS - STEP_AT) * 14));
    const level = before + (base - before) * blend;
    return Math.max(0, level * (1 + noise(seed, index) * swing));
  });
}

export function seriesOf(shape: Shape, nowMs: number, seconds: number): Series {
  const stepMs = (seconds * 1000) / POINTS;
  return {
    stepMs,
    startMs: nowMs - seconds * 1000,
    requestsPerSecond: wave(shape.seed, shape.rps, 0.03),
    errorRate: wave(shape.seed + 1, shape.errors, 0.08, shape.errorsBefore),
    p50Ms: wave(shape.seed + 2, shape.p50, 0.04),
    p95Ms: wave(shape.seed + 3, shape.p95, 0.04, shape.errors > 0.01 ? shape.p95 * 0.5 : shape.p95),
    p99Ms: wave(shape.seed + 4, shape.p99, 0.05, shape.errors > 0.01 ? shape.p99 * 0.4 : shape.p99),
  };
}

export function goldenOf(shape: Shape, tick: number): Golden {
  const rps = shape.rps * (1 + noise(shape.seed, tick) * 0.02);
  return {
    requestsPerSecond: rps,
    errorRate: shape.errors,
    p50Ms: shape.p50,
    p95Ms: shape.p95,
    p99Ms: shape.p99,
    failedPerSecond: rps * shape.errors,
    retriesPerSecond: shape.errors > 0.01 ? 1.24 : 0,
  };
}
