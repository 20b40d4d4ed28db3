// What a row of a trace is: a call, one attempt of it, the wait before an attempt, or the delay of a fault. Pure.
import type { Span } from '#trpc/contract.ts';

/** `backoff` and `fault` are times that were waited on purpose: no service was slow then. */
export type HopKind = 'call' | 'attempt' | 'backoff' | 'fault';

export interface Hop {
  readonly id: string;
  readonly kind: HopKind;
  /** The callee's span where it was seen, else the caller's. */
  readonly span: Span;
  /** The caller's side of the same call. */
  readonly call: Span | null;
  /** Who was asked: the callee, also where only its caller was seen. */
  readonly service: string;
  readonly depth: number;
  readonly startMs: number;
  readonly durationMs: number;
  readonly isFailed: boolean;
  /** The answer of another attempt was taken; what was still under way here was given up with it. */
  readonly isGivenUp: boolean;
  /** It failed, and a fallback answered in its place. */
  readonly isMadeGood: boolean;
}

export interface AttemptFacts {
  /** 1 = the first. */
  readonly number: number;
  readonly isHedge: boolean;
  readonly backoffMs: number;
  /** Why no budget counts it: the one before was never sent, or was lost with its endpoint; null where one does. */
  readonly beyondBudget: 'unsent' | 'lost' | null;
}

/** Flags that say what was done to a request; by themselves they are no failure. */
const MARKS: ReadonlySet<string> = new Set(['FB', 'FI', 'HG', 'RLSE']);

export function isMark(flag: string): boolean {
  return MARKS.has(flag);
}

export function isFailed({ status, isError, flags }: Span): boolean {
  if (status >= 500 || (isError && status < 400)) return true;
  // What failed was answered by the fallback all the same.
  return !flags.includes('FB') && flags.some((flag) => !isMark(flag));
}

/** Undefined: it is not one of several. */
export function attemptOf({ attributes }: Span): AttemptFacts | undefined {
  const number = attributes['malha.attempt.number'];
  if (typeof number !== 'number') return undefined;
  return {
    number,
    isHedge: attributes['malha.attempt.kind'] === 'hedge',
    backoffMs: numberOf(attributes['malha.attempt.backoff_ms']),
    beyondBudget: beyondBudgetOf(attributes['malha.attempt.beyond_budget']),
  };
}

function beyondBudgetOf(value: unknown): 'unsent' | 'lost' | null {
  return value === 'unsent' || value === 'lost' ? value : null;
}

export function isGivenUp({ attributes }: Span): boolean {
  return attributes['malha.attempt.given_up'] === true;
}

/** How long a fault made the request wait, never longer than it took. */
export function faultDelayOf({ attributes, durationMs }: Span): number {
  return Math.min(numberOf(attributes['malha.fault.delay_ms']), durationMs);
}

/** Whether a fault let its bytes through slowly. */
export function isPacedByFault({ attributes }: Span): boolean {
  return attributes['malha.fault.paced'] === true;
}

/** Of the attempts that a call says it had, those that were begun beside others. */
export function hedgesOf({ attributes }: Span): number {
  return numberOf(attributes['malha.hedges']);
}

/** A caller's span names whom it called; without the callee's own span that is all there is of it. */
export function calleeOf({ kind, service, attributes }: Span): string {
  const called = attributes['malha.destination.service'];
  return kind === 'client' && typeof called === 'string' && called !== ''
    ? called.slice(called.indexOf('/') + 1)
    : service;
}

/** What a moment of the trace is counted for: a service, or what was waited for on purpose. */
export function groupOf({ kind, service }: Hop): string {
  if (kind === 'backoff') return 'back-off';
  return kind === 'fault' ? 'injected delay' : service;
}

function numberOf(value: unknown): number {
  return typeof value === 'number' && value > 0 ? value : 0;
}
