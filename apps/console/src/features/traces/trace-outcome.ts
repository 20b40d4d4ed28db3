// How a trace ended for whoever asked, and whether a call within it failed though the whole did not.
import type { Tone } from '#components/ui/status-shape.tsx';
import type { TraceSummary } from '#trpc/contract.ts';

/**
 * `partly`: it was answered, by a retry, a fallback, or without what failed.
 * `refused`: it was answered with 4xx, by a limit, a policy, or because there is no such thing.
 */
export type TraceOutcome = 'answered' | 'partly' | 'refused' | 'failed';

export const outcomeWords: Readonly<Record<TraceOutcome, string>> = {
  answered: 'answered',
  partly: 'answered, a call failed',
  refused: 'answered with 4xx',
  failed: 'failed',
};

export const outcomeTones = {
  answered: 'ok',
  partly: 'warn',
  refused: 'warn',
  failed: 'err',
} as const satisfies Readonly<Record<TraceOutcome, Tone>>;

/** Of the outermost span, by its status: from 500 on, or none where there was no answer at all. */
export function outcomeOf({ status, errors }: Pick<TraceSummary, 'status' | 'errors'>): TraceOutcome {
  if (status >= 500 || (status === 0 && errors > 0)) return 'failed';
  if (status >= 400 && errors > 0) return 'refused';
  return errors > 0 ? 'partly' : 'answered';
}

/** `, 2 failed, 17 with a call that failed.` */
export function outcomesInWords(traces: readonly Pick<TraceSummary, 'status' | 'errors'>[]): string {
  const outcomes = traces.map(outcomeOf);
  const of = (wanted: TraceOutcome) => outcomes.filter((outcome) => outcome === wanted).length;
  const [failed, refused, partly] = [of('failed'), of('refused'), of('partly')];
  const parts = [
    ...(failed > 0 || refused + partly === 0 ? [`${failed === 0 ? 'none' : failed} failed`] : []),
    ...(refused > 0 ? [`${refused} answered with 4xx`] : []),
    ...(partly > 0 ? [`${partly} with a call that failed`] : []),
  ];
  return `, ${parts.join(', ')}.`;
}
