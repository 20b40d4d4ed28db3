// Problems in words: what fails, since when, and which change came just before.
import { flagWords, type RequestFlag } from '@malha/traffic/flags';
import { type Health, WARN_ERROR_RATE } from './health.ts';

export interface Problem {
  readonly severity: Health;
  readonly title: string;
  readonly detail: string;
  readonly link: string;
  readonly sinceMs?: number;
  readonly revision?: number;
}

export interface RevisionMark {
  readonly revision: number;
  readonly author: string;
  readonly message: string;
  readonly createdAtMs: number;
}

/** What is known of one service, from which its problems are told. */
export interface ServiceState {
  readonly namespace: string;
  readonly name: string;
  readonly health: Health;
  readonly requests: number;
  readonly failures: number;
  readonly retries: number;
  readonly instances: number;
  readonly healthyInstances: number;
  /** Failures by the response flag that explains them; '' = the application's own answer. */
  readonly failuresByFlag: ReadonlyMap<string, number>;
  /** Requests that a policy denied. */
  readonly denied: number;
  /** When the present trouble began; undefined = before what was looked at, or no trouble. */
  readonly sinceMs: number | undefined;
}

/** A change this long before the trouble is named with it. */
export const SUSPECT_WINDOW_MS = 120_000;
const RETRY_RATE_HIGH = 0.2;
const DENIED_RATE_HIGH = 0.05;
const REQUESTS_MIN = 20;

export function problemsOf(services: readonly ServiceState[], revisions: readonly RevisionMark[]): Problem[] {
  const problems = services.flatMap((service) => [
    ...instanceProblems(service),
    ...failureProblems(service, revisions),
    ...denialProblems(service, revisions),
    ...retryProblems(service),
  ]);
  return problems.sort(bySeverity);
}

/** What fails goes first. */
export function bySeverity(a: Problem, b: Problem): number {
  return rank(a) - rank(b);
}

function rank({ severity }: Problem): number {
  return severity === 'err' ? 0 : 1;
}

function instanceProblems(service: ServiceState): Problem[] {
  const { instances, healthyInstances: healthy } = service;
  if (healthy === instances) return [];
  const isDown = healthy === 0;
  const title = isDown
    ? `${nameOf(service)} has no healthy instance`
    : `${nameOf(service)}: ${instances - healthy} of ${instances} instances are out`;
  const detail = isDown
    ? 'Every call of it fails until one comes back.'
    : `Calls go to the ${healthy === 1 ? 'one that is' : `${healthy} that are`} left.`;
  return [{ severity: isDown ? 'err' : 'warn', title, detail, link: linkOf(service) }];
}

function failureProblems(service: ServiceState, revisions: readonly RevisionMark[]): Problem[] {
  const { health, requests, failures, sinceMs } = service;
  if (requests === 0 || failures / requests < WARN_ERROR_RATE) return [];
  const severity = health === 'err' ? 'err' : 'warn';
  if (health !== 'err' && health !== 'warn') return [];
  const title = `${nameOf(service)} fails for ${percent(failures / requests)} of requests`;
  const cause = suspectOf(sinceMs, revisions);
  const sentences = [whyOf(service), whenOf(sinceMs, cause)].filter((sentence) => sentence !== '');
  return [
    {
      severity,
      title,
      detail: sentences.join(' '),
      link: linkOf(service),
      ...(sinceMs === undefined ? {} : { sinceMs }),
      ...(cause === undefined ? {} : { revision: cause.revision }),
    },
  ];
}

function denialProblems(service: ServiceState, revisions: readonly RevisionMark[]): Problem[] {
  const { requests, denied } = service;
  if (requests < REQUESTS_MIN || denied / requests < DENIED_RATE_HIGH) return [];
  const title = `Policy denies ${percent(denied / requests)} of requests to ${nameOf(service)}`;
  const newest = revisions.at(-1);
  const detail = newest === undefined ? flagWords.UAEX : `${flagWords.UAEX} The last change was r${newest.revision}.`;
  return [{ severity: 'warn', title, detail, link: linkOf(service) }];
}

function retryProblems(service: ServiceState): Problem[] {
  const { requests, retries } = service;
  if (requests < REQUESTS_MIN || retries / requests < RETRY_RATE_HIGH) return [];
  const title = `${nameOf(service)} is called again for ${percent(retries / requests)} of requests`;
  const detail = 'Retries hide failures from callers, and add to the load of what fails.';
  return [{ severity: 'warn', title, detail, link: linkOf(service) }];
}

function whyOf({ failures, failuresByFlag }: ServiceState): string {
  const [flag, count] = [...failuresByFlag].sort(([, a], [, b]) => b - a)[0] ?? ['', 0];
  const isMost = count > failures / 2;
  if (!isMost) return '';
  if (flag === '') return 'The service itself answers with an error.';
  return isRequestFlag(flag) ? `Mostly ${flag}: ${flagWords[flag]}` : '';
}

function whenOf(sinceMs: number | undefined, cause: RevisionMark | undefined): string {
  if (sinceMs === undefined) return '';
  if (cause === undefined) return 'No change came shortly before.';
  const after = Math.max(0, Math.round((sinceMs - cause.createdAtMs) / 1000));
  return `Began ${after} s after r${cause.revision} (“${cause.message}”, ${cause.author}).`;
}

/** The last change before the trouble; a bucket of time may begin a little before the change that filled it. */
export function suspectOf(sinceMs: number | undefined, revisions: readonly RevisionMark[]): RevisionMark | undefined {
  if (sinceMs === undefined) return undefined;
  return revisions.findLast(
    ({ createdAtMs }) => createdAtMs <= sinceMs + 1_000 && createdAtMs >= sinceMs - SUSPECT_WINDOW_MS,
  );
}

/** Beginning of the run of bad steps that reaches to the end; short gaps are bridged. Undefined: good now, or bad all along. */
export function onsetOf(
  errorRates: readonly number[],
  time: { readonly startMs: number; readonly stepMs: number },
): number | undefined {
  let first: number | undefined;
  let gap = 0;
  for (let step = errorRates.length - 1; step >= 0; step--) {
    if ((errorRates[step] ?? 0) >= WARN_ERROR_RATE) {
      first = step;
      gap = 0;
    } else if (++gap > GAP_STEPS) break;
  }
  if (first === undefined || first <= GAP_STEPS) return undefined;
  return time.startMs + first * time.stepMs;
}

const GAP_STEPS = 3;

export function isRequestFlag(flag: string): flag is RequestFlag {
  return Object.hasOwn(flagWords, flag);
}

function nameOf({ namespace, name }: ServiceState): string {
  return `${namespace}/${name}`;
}

function linkOf({ namespace, name }: ServiceState): string {
  return `/services/${namespace}/${name}`;
}

/** `4.8 %`, `0.12 %`, `37 %`. */
export function percent(share: number): string {
  const value = share * 100;
  const digits = value >= 10 ? 0 : value >= 1 ? 1 : 2;
  return `${value.toFixed(digits)} %`;
}
