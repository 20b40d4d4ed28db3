// From when to when each phase of an experiment is measured.
import { defaults, durationMs, type FaultInjectionResource, timestampMs } from '@malha/model';
import type { Phase } from './hypothesis.ts';
import type { Unseen } from './report.ts';

export interface Range {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Proxies report each second, and what they reported has to be stored: a phase is whole this long after its end. */
export const SETTLED_MS = 4_000;
/** The longest that a proxy waits before it tries again to report to a control plane that was away. */
const REPORTS_BACK_MS = 10_000;
/** The fault is looked after each second, by another replica soon after one has died; a longer pause is an absence. */
const ABSENT_MS = 5_000;

/** `startedAt` is written by the control plane before a fault is stored. */
export function startOf({ spec }: FaultInjectionResource): number {
  return spec.startedAt === undefined ? 0 : timestampMs(spec.startedAt);
}

export function dueAt(fault: FaultInjectionResource): number {
  return startOf(fault) + durationMs(fault.spec.expiresAfter);
}

export function beforeRange(fault: FaultInjectionResource): Range {
  const fromMs = startOf(fault) - msOf(fault.spec.experiment?.before, defaults.faultExperiment.beforeMs);
  return { fromMs, toMs: startOf(fault) };
}

/** `endedAtMs`: when the fault ended, or now. */
export function rangeOf(phase: Phase, fault: FaultInjectionResource, endedAtMs: number): Range {
  switch (phase) {
    case 'before':
      return beforeRange(fault);
    case 'during':
      return { fromMs: startOf(fault), toMs: Math.max(startOf(fault) + 1000, endedAtMs) };
    case 'after':
      return {
        fromMs: endedAtMs,
        toMs: endedAtMs + msOf(fault.spec.experiment?.after, defaults.faultExperiment.afterMs),
      };
  }
}

/** What was not counted when it happened comes with the first report after it. */
export function settledAt(toMs: number, unseen: Unseen | undefined): number {
  return Math.max(toMs, unseen === undefined ? 0 : unseen.toMs + REPORTS_BACK_MS) + SETTLED_MS;
}

/**
 * The absence in which the fault ended: what proxies counted meanwhile is credited to its beginning, so that what was during
 * the fault and what was after it cannot be told apart.
 */
export function unseenOver(endMs: number, watchedAtMs: number, nowMs: number): Unseen | undefined {
  const isOver = watchedAtMs < endMs && endMs <= nowMs && nowMs - watchedAtMs > ABSENT_MS;
  return isOver ? { fromMs: watchedAtMs, toMs: nowMs } : undefined;
}

function msOf(duration: string | undefined, defaultMs: number): number {
  return duration === undefined ? defaultMs : durationMs(duration);
}
