// What a revision touched and what followed, in words.
import type { Tone } from '#components/ui/status-shape.tsx';
import { duration, inWords, percent } from '#format/number.ts';
import type { ChangeDetail, Golden } from '#trpc/contract.ts';

export interface ObjectName {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

export function objectOf(key: string): ObjectName {
  const [kind = '', namespace = '', name = ''] = key.split('/');
  return { kind, namespace, name };
}

/** Less than this many requests a second before or after say nothing about a change. */
const RATE_MIN = 0.05;
/** Errors have risen when they are half a point and a third higher. */
const ERRORS_MORE = 0.005;

export interface Verdict {
  readonly tone: Tone;
  readonly words: string;
}

export function verdictOf(before: Golden | null, after: Golden | null): Verdict {
  if (before === null || after === null || before.requestsPerSecond < RATE_MIN || after.requestsPerSecond < RATE_MIN) {
    return { tone: 'unknown', words: 'Too little data to compare before and after.' };
  }
  const was = inWords(percent(before.errorRate));
  const is = inWords(percent(after.errorRate));
  const rise = after.errorRate - before.errorRate;
  if (rise > ERRORS_MORE && after.errorRate > before.errorRate * 1.33)
    return { tone: 'err', words: `Errors went from ${was} to ${is} after it.` };
  if (-rise > ERRORS_MORE && before.errorRate > after.errorRate * 1.33)
    return { tone: 'ok', words: `Errors went from ${was} to ${is} after it.` };
  return { tone: 'ok', words: `Errors did not change: ${was} before, ${is} after.` };
}

export interface Comparison {
  readonly name: string;
  readonly before: string;
  readonly after: string;
  readonly isWorse: boolean;
}

export function compare(before: Golden, after: Golden): readonly Comparison[] {
  const latency = (read: (golden: Golden) => number | null) => {
    const [was, is] = [read(before), read(after)];
    return {
      before: inWords(duration(was)),
      after: inWords(duration(is)),
      isWorse: was !== null && is !== null && is > was * 1.5 && is - was > 10,
    };
  };
  return [
    {
      name: 'Errors',
      before: inWords(percent(before.errorRate)),
      after: inWords(percent(after.errorRate)),
      isWorse: verdictOf(before, after).tone === 'err',
    },
    { name: 'Latency p99', ...latency((golden) => golden.p99Ms) },
    { name: 'Latency p50', ...latency((golden) => golden.p50Ms) },
    {
      name: 'Requests',
      before: `${before.requestsPerSecond.toFixed(1)}/s`,
      after: `${after.requestsPerSecond.toFixed(1)}/s`,
      isWorse: false,
    },
  ];
}

/** What taking it back would do, object by object. */
export function takingBack(change: Pick<ChangeDetail, 'diff'>): readonly string[] {
  return change.diff
    .filter((diff) => diff.op !== 'same')
    .map(({ key, op }) => {
      const { kind, name } = objectOf(key);
      if (op === 'create') return `${kind} ${name} is removed again`;
      if (op === 'delete') return `${kind} ${name} comes back as it was`;
      return `${kind} ${name} says what it said before`;
    });
}
