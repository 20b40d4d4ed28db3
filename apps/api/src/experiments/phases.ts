// From when to when each phase of an experiment is measured.
import { defaults, durationMs, type FaultInjectionResource, timestampMs } from '@malha/model';
import type { Phase } from './hypothesis.ts';

export interface Range {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Proxies report each second, and what they reported has to be stored: a phase is whole this long after its end. */
export const SETTLED_MS = 4_000;

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

function msOf(duration: string | undefined, defaultMs: number): number {
  return duration === undefined ? defaultMs : durationMs(duration);
}
