// The headline of the overview: what is the case, as an operator would say it aloud.
import { success } from '#format/number.ts';
import type { Overview } from '#trpc/contract.ts';

export interface Sentence {
  readonly lead: string;
  readonly middle: string;
  readonly point: string;
}

export function sentenceOf({ golden, problems }: Pick<Overview, 'golden' | 'problems'>, window: string): Sentence {
  const failing = problems.filter((problem) => problem.severity === 'err');
  const named = failing[0] ?? problems[0];
  const lead =
    golden.requestsPerSecond === 0
      ? `No requests ${window}.`
      : golden.errorRate === 0
        ? 'Every request succeeds.'
        : `${success(golden.errorRate).text}\u00a0%`;
  const share = golden.requestsPerSecond > 0 && golden.errorRate > 0 ? ' of requests succeed.' : '';
  if (named === undefined) return { lead, middle: `${share} Nothing needs you now.`, point: '' };
  const others = problems.length - 1;
  const how = others === 0 ? 'One problem' : `${problems.length} problems, first`;
  const title = named.title.replace(/\.$/, '');
  return { lead, middle: `${share} ${how}:`, point: `${title}.` };
}
