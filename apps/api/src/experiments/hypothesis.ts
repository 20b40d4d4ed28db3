// Whether a steady-state hypothesis holds in what was measured, and the verdict over all phases of an experiment.
import { defaults, durationMs, type FaultExperiment, type FaultStatement } from '@malha/model';
import type { FaultFigures, PhaseFigures } from '../telemetry/query/fault-figures.ts';
import type { Unseen } from './report.ts';

export type Phase = 'before' | 'during' | 'after';
export type Verdict = 'held' | 'violated' | 'inconclusive';

/** One bound of the hypothesis, held against one service in one phase. */
export interface StatementResult {
  readonly phase: Phase;
  readonly of: FaultStatement['of'];
  /** `<namespace>/<service>`; empty where no caller was seen. */
  readonly who: string;
  readonly what: 'success' | 'p99';
  /** Percent, or milliseconds. */
  readonly bound: number;
  readonly measured: number | null;
  readonly requests: number;
  /** `unknown`: too few requests to say. */
  readonly outcome: 'held' | 'violated' | 'unknown';
}

export interface Judged {
  readonly verdict: Verdict;
  readonly reason: string;
}

export interface ExperimentEnd {
  readonly by: string;
  readonly reason: string;
  /** Its time was over; anything else ended it early. */
  readonly isRegular: boolean;
  /** The bound of spec.stop was passed. */
  readonly isStopped: boolean;
  /** When nobody counted, over its end. */
  readonly unseen: Unseen | undefined;
}

const PERCENT = 100;

export function minRequestsOf({ minRequests }: FaultExperiment): number {
  return minRequests ?? defaults.faultExperiment.minRequests;
}

export function checkPhase(
  phase: Phase,
  experiment: FaultExperiment,
  target: string,
  figures: PhaseFigures,
): StatementResult[] {
  return experiment.hypothesis.flatMap((statement) => {
    const check = (who: string, of: FaultFigures) =>
      checkStatement(statement, { phase, who, figures: of, minRequests: minRequestsOf(experiment) });
    if (statement.of === 'Service') return check(target, figures.service);
    // A caller that nobody calls, such as a job, answers to nobody: there is nothing to measure.
    const callers = figures.callers.filter(({ requests }) => requests > 0);
    if (callers.length === 0) return check('', NOTHING);
    return callers.flatMap((caller) => check(`${caller.service.namespace}/${caller.service.name}`, caller));
  });
}

const NOTHING: FaultFigures = { requests: 0, failures: 0, faulted: 0, p99Ms: null };

interface Subject {
  readonly phase: Phase;
  readonly who: string;
  readonly figures: FaultFigures;
  readonly minRequests: number;
}

function checkStatement(statement: FaultStatement, subject: Subject): StatementResult[] {
  const { of, minSuccessPercent, maxP99 } = statement;
  const { phase, who, figures, minRequests } = subject;
  // What a fault answered in its place says nothing of the service; of a caller every answer counts.
  const requests = of === 'Service' ? figures.requests - figures.faulted : figures.requests;
  const results: StatementResult[] = [];
  const add = (
    what: StatementResult['what'],
    bound: number,
    counted: number,
    measured: number | null,
    isMet: boolean,
  ) => {
    const outcome = counted < minRequests || measured === null ? 'unknown' : isMet ? 'held' : 'violated';
    results.push({ phase, of, who, what, bound, measured, requests: counted, outcome });
  };
  if (minSuccessPercent !== undefined) {
    const success = requests === 0 ? null : PERCENT * (1 - figures.failures / requests);
    add('success', minSuccessPercent, requests, success, (success ?? 0) >= minSuccessPercent);
  }
  if (maxP99 !== undefined) {
    const boundMs = durationMs(maxP99);
    add('p99', boundMs, figures.requests, figures.p99Ms, (figures.p99Ms ?? 0) <= boundMs);
  }
  return results;
}

/** Of a finished experiment; `results` are those of the phases during and after. */
export function judge(results: readonly StatementResult[], end: ExperimentEnd): Judged {
  const violated = results.find(({ outcome }) => outcome === 'violated');
  if (violated !== undefined) return { verdict: 'violated', reason: wordsOf(violated) };
  if (end.isStopped) return { verdict: 'violated', reason: end.reason };
  if (!end.isRegular) return { verdict: 'inconclusive', reason: `${end.by} ended it before its time: ${end.reason}` };
  // A bound that is broken by both phases together is broken by one of them; one that holds may be broken by either.
  if (end.unseen !== undefined) return { verdict: 'inconclusive', reason: unseenWords(end.unseen) };
  const unknown = results.find(({ outcome }) => outcome === 'unknown');
  if (unknown !== undefined) return { verdict: 'inconclusive', reason: wordsOf(unknown) };
  return {
    verdict: 'held',
    reason: 'Every statement of the hypothesis held while the fault was at work, and after it.',
  };
}

function unseenWords({ fromMs, toMs }: Unseen): string {
  const time = (ms: number) => new Date(ms).toISOString();
  return `No control plane counted from ${time(fromMs)} to ${time(toMs)}, while the fault ended: what was so during it and what after it is not known.`;
}

const PHASE_WORDS: Readonly<Record<Phase, string>> = {
  before: 'before the fault',
  during: 'during the fault',
  after: 'after the fault',
};

/** `During the fault, shop/web succeeded in 97.2 % of 812 requests; the hypothesis says at least 99 %.` */
export function wordsOf({ phase, who, what, bound, measured, requests, outcome }: StatementResult): string {
  const when = PHASE_WORDS[phase];
  const lead = `${when.charAt(0).toUpperCase()}${when.slice(1)}`;
  if (who === '')
    return `${lead}, nobody called it who is called by others, so that there are no answers of callers to judge.`;
  if (outcome === 'unknown') return `${lead}, ${who} had ${requests} requests, which are too few to say anything.`;
  // Hundredths of a long time are noise.
  const digits = what !== 'success' && (measured ?? 0) >= 10 ? 0 : 2;
  const value = Number((measured ?? 0).toFixed(digits));
  if (what === 'success')
    return `${lead}, ${who} succeeded in ${value} % of ${requests} requests; the hypothesis says at least ${bound} %.`;
  return `${lead}, p99 of ${who} was ${value} ms over ${requests} requests; the hypothesis says at most ${bound} ms.`;
}
