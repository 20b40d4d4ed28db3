// How an experiment stands, and what was measured of it, in words. Pure.
import type { Tone } from '#components/ui/status-shape.tsx';
import { count, duration, inWords, percent } from '#format/number.ts';
import type { Experiment, Report } from './use-experiments.ts';

export type Phase = 'before' | 'during' | 'after';
export const PHASES: readonly Phase[] = ['before', 'during', 'after'];

export type Result = Report['results'][number];

export interface StandingWords {
  readonly tone: Tone;
  readonly word: string;
}

const VERDICTS: Readonly<Record<NonNullable<Experiment['verdict']>, StandingWords>> = {
  held: { tone: 'ok', word: 'held' },
  violated: { tone: 'err', word: 'violated' },
  inconclusive: { tone: 'unknown', word: 'inconclusive' },
};

export function standingOf({ standing, verdict }: Pick<Experiment, 'standing' | 'verdict'>): StandingWords {
  if (verdict !== null) return VERDICTS[verdict];
  return { tone: 'info', word: standing === 'running' ? 'running' : 'measuring what comes after' };
}

/** One bound of the hypothesis for one service, with what was measured in each phase. */
export interface BoundRow {
  readonly key: string;
  readonly who: string;
  readonly words: string;
  readonly phases: Readonly<Partial<Record<Phase, Result>>>;
}

export function boundsOf({ results }: Pick<Report, 'results'>): readonly BoundRow[] {
  const rows = new Map<string, BoundRow & { phases: Partial<Record<Phase, Result>> }>();
  for (const result of results) {
    const { of, who, what, bound, phase } = result;
    const key = [of, who, what, bound].join('|');
    const words = what === 'success' ? `at least ${bound}\u00a0% succeed` : `p99 at most ${inWords(duration(bound))}`;
    const row = rows.get(key) ?? { key, who, words, phases: {} };
    row.phases[phase] = result;
    rows.set(key, row);
  }
  return [...rows.values()];
}

export function measuredOf({ what, measured, outcome }: Result): string {
  if (measured === null) return outcome === 'unknown' ? 'too little data' : '–';
  return what === 'success' ? inWords(percent(measured / 100)) : inWords(duration(measured));
}

export const OUTCOME_TONES = { held: 'ok', violated: 'err', unknown: 'unknown' } as const satisfies Readonly<
  Record<Result['outcome'], Tone>
>;

/** One service that the fault may have touched: the target first, then its callers, those that saw most of it first. */
export interface TouchedRow {
  readonly who: string;
  readonly isTarget: boolean;
  readonly requests: Readonly<Record<Phase, string>>;
  readonly failures: Readonly<Record<Phase, string>>;
  readonly p99: Readonly<Record<Phase, string>>;
  /** Of its requests during the fault, those that the fault was done to. */
  readonly faulted: string;
}

type Figures = Omit<NonNullable<Report['phases']['during']>['callers'][number], 'service'>;

export function touchedOf({ phases }: Pick<Report, 'phases'>, target: string): readonly TouchedRow[] {
  const figures = new Map<string, Partial<Record<Phase, Figures>>>();
  for (const phase of PHASES) {
    const measured = phases[phase];
    if (measured === undefined) continue;
    for (const { service, ...of } of measured.callers) {
      const who = `${service.namespace}/${service.name}`;
      figures.set(who, { ...figures.get(who), [phase]: of });
    }
  }
  const ofTarget = Object.fromEntries(
    PHASES.flatMap((phase) => (phases[phase] === undefined ? [] : [[phase, phases[phase].service]])),
  ) as Partial<Record<Phase, Figures>>;
  const callers = [...figures].sort(
    ([a, one], [b, other]) => (other.during?.faulted ?? 0) - (one.during?.faulted ?? 0) || a.localeCompare(b),
  );
  return [rowOf(target, true, ofTarget), ...callers.map(([who, of]) => rowOf(who, false, of))];
}

function rowOf(who: string, isTarget: boolean, of: Partial<Record<Phase, Figures>>): TouchedRow {
  const each = (words: (figures: Figures) => string): Record<Phase, string> => ({
    before: of.before === undefined ? '–' : words(of.before),
    during: of.during === undefined ? '–' : words(of.during),
    after: of.after === undefined ? '–' : words(of.after),
  });
  return {
    ...{ who, isTarget },
    requests: each(({ requests }) => count(requests)),
    failures: each(({ requests, failures }) => (requests === 0 ? '–' : inWords(percent(failures / requests)))),
    p99: each(({ p99Ms }) => inWords(duration(p99Ms))),
    faulted: of.during === undefined ? '–' : count(of.during.faulted),
  };
}
