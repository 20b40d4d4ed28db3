// What came of a request, and the comparison with what a case expects.
import type { Exchange, Expectation } from './case.ts';

export type Fields = readonly (readonly [name: string, value: string])[];

/** A request as a backend saw it. */
export interface SeenRequest {
  readonly backend: string;
  readonly method: string;
  readonly path: string;
  readonly host: string;
  readonly headers: Fields;
  readonly body: string;
}

export interface Outcome {
  readonly status: number | 'closed';
  readonly headers: Fields;
  readonly body?: string | undefined;
  /** Every request that backends saw, in order; the last one was answered. */
  readonly seen: readonly SeenRequest[];
  /** undefined: this side cannot tell. */
  readonly deniedBy?: string | undefined;
  readonly shadowDeniedBy?: string | undefined;
  readonly grpcStatus?: number | undefined;
}

/** What the caller itself sees. */
export type Answered = Pick<Outcome, 'status' | 'headers' | 'body' | 'grpcStatus'>;

/** Differences in words; none = as expected. */
export function judge({ expect, times }: Exchange, all: readonly Outcome[]): string[] {
  const { copies = {} } = expect;
  const isCopy = ({ backend }: SeenRequest) => copies[backend] !== undefined;
  const outcomes = all.map((outcome) => ({ ...outcome, seen: outcome.seen.filter((request) => !isCopy(request)) }));
  return [...judgeOutcomes(expect, times, outcomes), ...judgeCopies(copies, all)];
}

function judgeOutcomes(expect: Expectation, times: number | undefined, outcomes: readonly Outcome[]): string[] {
  const differences = outcomes.flatMap((outcome) => judgeOne(expect, outcome));
  differences.push(...judgeBackends(expect, outcomes));
  if (expect.statuses !== undefined) differences.push(...judgeStatuses(expect.statuses, outcomes));
  if (expect.share !== undefined) differences.push(...judgeShare(expect.share, outcomes));
  else if (times !== undefined) return [...new Set(differences)];
  return differences;
}

function judgeOne(expect: Expectation, outcome: Outcome): string[] {
  const last = outcome.seen.at(-1);
  const differences: string[] = [];
  const compare = (what: string, wanted: unknown, got: unknown) => {
    if (wanted !== undefined && wanted !== got) differences.push(`${what}: expected ${text(wanted)}, got ${text(got)}`);
  };
  const { share, backends, statuses, grpcStatus } = expect;
  const isImplied = [share, backends, statuses, grpcStatus].every((each) => each === undefined);
  const status = expect.status ?? (isImplied ? 200 : undefined);
  compare('status', status, outcome.status);
  compare('backend', expect.backend, last?.backend ?? null);
  compare('body', expect.body, outcome.body ?? '');
  compare('attempts', expect.attempts, outcome.seen.length);
  compareHeaders('response header', expect.headers, outcome.headers, compare);
  if (expect.saw !== undefined) {
    const { headers, ...rest } = expect.saw;
    for (const [name, wanted] of Object.entries(rest))
      compare(`seen ${name}`, wanted, last?.[name as keyof typeof rest]);
    compareHeaders('seen header', headers, last?.headers ?? [], compare);
  }
  compare('gRPC status', expect.grpcStatus, outcome.grpcStatus);
  if (outcome.deniedBy !== undefined) compare('denied by', expect.deniedBy, outcome.deniedBy);
  if (outcome.shadowDeniedBy !== undefined) compare('shadow denied by', expect.shadowDeniedBy, outcome.shadowDeniedBy);
  return differences;
}

function compareHeaders(
  what: string,
  expected: Expectation['headers'],
  got: Fields,
  compare: (what: string, wanted: unknown, got: unknown) => void,
): void {
  for (const [name, wanted] of Object.entries(expected ?? {})) compare(`${what} ${name}`, wanted, valuesOf(got, name));
}

/** All values of a header: whether they came in one field or in several makes no difference (RFC 9110 §5.3). */
export function valuesOf(fields: Fields, name: string): string | null {
  const values = fields.filter(([key]) => key.toLowerCase() === name).map(([, value]) => value);
  if (values.length === 0) return null;
  return values
    .flatMap((value) => value.split(','))
    .map((value) => value.trim())
    .join(', ');
}

function judgeCopies(copies: NonNullable<Expectation['copies']>, outcomes: readonly Outcome[]): string[] {
  return Object.entries(copies).flatMap(([backend, part]) => {
    const count = outcomes.flatMap(({ seen }) => seen.filter((request) => request.backend === backend)).length;
    if (isWithin(count, outcomes.length, part)) return [];
    return [`copies for ${backend}: expected ${part * 100} % of ${outcomes.length}, got ${count}`];
  });
}

function isWithin(count: number, total: number, part: number): boolean {
  return Math.abs(count - total * part) <= DEVIATIONS_MAX * Math.sqrt(total * part * (1 - part));
}

function judgeBackends({ oneBackend, backends }: Expectation, outcomes: readonly Outcome[]): string[] {
  if (oneBackend === undefined && backends === undefined) return [];
  const answering = new Set(outcomes.map(({ seen }) => seen.at(-1)?.backend ?? 'none'));
  const names = [...answering].sort().join(', ');
  const differences: string[] = [];
  if (oneBackend === true && answering.size !== 1) differences.push(`one backend: ${names} answered`);
  const wanted = backends === undefined ? names : [...backends].sort().join(', ');
  if (wanted !== names) differences.push(`backends: expected ${wanted}, got ${names}`);
  return differences;
}

function judgeStatuses(statuses: NonNullable<Expectation['statuses']>, outcomes: readonly Outcome[]): string[] {
  const counts: Record<string, number> = {};
  for (const { status } of outcomes) counts[status] = (counts[status] ?? 0) + 1;
  const [wanted, got] = [statuses, counts].map((each) => JSON.stringify(Object.entries(each).sort()));
  return wanted === got ? [] : [`statuses: expected ${wanted}, got ${got}`];
}

/** Chance of a false alarm per comparison: below one in a million. */
const DEVIATIONS_MAX = 5;

function judgeShare(share: NonNullable<Expectation['share']>, outcomes: readonly Outcome[]): string[] {
  const counts = new Map<string, number>();
  for (const { seen, status, grpcStatus } of outcomes) {
    const failure = grpcStatus === undefined ? `status ${status}` : `grpc ${grpcStatus}`;
    const key = seen.at(-1)?.backend ?? failure;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const total = Object.values(share).reduce((sum, weight) => sum + weight, 0);
  const unexpected = [...counts.keys()].filter((key) => share[key] === undefined);
  const differences = unexpected.map((key) => `share: ${counts.get(key)} of ${outcomes.length} went to ${key}`);
  for (const [key, weight] of Object.entries(share)) {
    const part = weight / total;
    const count = counts.get(key) ?? 0;
    if (!isWithin(count, outcomes.length, part))
      differences.push(`share of ${key}: expected ${part * 100} %, got ${count} of ${outcomes.length}`);
  }
  return differences;
}

function text(value: unknown): string {
  return value === null ? 'none' : JSON.stringify(value);
}
