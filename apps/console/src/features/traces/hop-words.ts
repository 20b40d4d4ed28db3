// What a row of a trace says: its title, its result, and what happened in sentences. Pure.
import type { Tone } from '#components/ui/status-shape.tsx';
import { duration, inWords, plural } from '#format/number.ts';
import type { Span } from '#trpc/contract.ts';
import { attemptOf, faultDelayOf, type Hop, hedgesOf, isMark, isPacedByFault } from './hop.ts';

export interface Sentence {
  readonly tone: Tone;
  /** Response flag that it explains. */
  readonly flag?: string;
  readonly words: string;
}

export interface Title {
  /** In the type of machines' names. */
  readonly name: string;
  readonly rest: string;
}

/** The proxy that made the attempt or the call, where it was seen. */
const callOf = (hop: Hop): Span => hop.call ?? hop.span;

function workloadOf(hop: Hop): string {
  const upstream = callOf(hop).attributes['malha.upstream.workload'];
  const workload = hop.call === null ? (typeof upstream === 'string' ? upstream : '') : hop.span.workload;
  return workload.slice(workload.indexOf('/') + 1);
}

export function titleOf(hop: Hop): Title {
  switch (hop.kind) {
    case 'backoff':
      return { name: 'back-off', rest: '' };
    case 'fault':
      return { name: 'injected delay', rest: protectionOf(hop) };
    case 'attempt': {
      const { number, isHedge } = attemptOf(callOf(hop)) ?? { number: 1, isHedge: false };
      return { name: `attempt ${number}`, rest: [isHedge ? 'hedge' : '', workloadOf(hop)].filter(Boolean).join(' · ') };
    }
    case 'call':
      return { name: hop.service, rest: hop.span.name };
  }
}

/** The flag of its failure, or the status. */
export function resultOf(hop: Hop): string {
  if (hop.kind === 'backoff') return '';
  if (hop.kind === 'fault') return 'FI';
  if (hop.isGivenUp) return 'given up';
  const flags = [...hop.span.flags, ...(hop.call?.flags ?? [])];
  const { status } = hop.span;
  return flags.find((flag) => !isMark(flag)) ?? (status === 0 ? '–' : String(status));
}

/** Small labels of a call: `3 attempts`, `1 hedge`, `fallback`. */
export function labelsOf(hop: Hop): readonly string[] {
  if (hop.kind !== 'call') return [];
  const call = callOf(hop);
  const flags = [...hop.span.flags, ...call.flags];
  const hedges = hedgesOf(call);
  return [
    ...(call.attempts > 1 ? [plural(call.attempts, 'attempt')] : []),
    ...(hedges > 0 ? [plural(hedges, 'hedge')] : []),
    ...(flags.includes('FB') ? ['fallback'] : []),
    ...(flags.includes('FI') && faultDelayOf(call) === 0 ? ['fault'] : []),
  ];
}

export function storyOf(hop: Hop): readonly Sentence[] {
  switch (hop.kind) {
    case 'backoff':
      return [
        {
          tone: 'info',
          words: `The proxy waited ${timeOf(hop)} before the next attempt, so that the endpoint may recover.`,
        },
      ];
    case 'fault':
      return [
        {
          tone: 'info',
          flag: 'FI',
          words: `${protectionOf(hop) || 'A fault'} made the request wait ${timeOf(hop)} before it was sent. The service was not slow.`,
        },
      ];
    case 'attempt':
      return [...attemptWords(hop), ...outcomeWords(hop)];
    case 'call':
      return outcomeWords(hop);
  }
}

const BEYOND_BUDGET = {
  unsent: 'What the one before asked was never sent: it counts in no budget of retries.',
  lost: 'The endpoint of the one before was gone before it answered: it counts in no budget of retries.',
};

function attemptWords(hop: Hop): readonly Sentence[] {
  const attempt = attemptOf(callOf(hop));
  if (attempt === undefined) return [];
  if (attempt.isHedge)
    return [
      { tone: 'info', words: 'A hedge: what had been asked before was slow, so another endpoint was asked as well.' },
    ];
  const { number, backoffMs, beyondBudget } = attempt;
  const after = backoffMs > 0 ? `, after a back-off of ${inWords(duration(backoffMs))}` : '';
  const why = beyondBudget === null ? '' : ` ${BEYOND_BUDGET[beyondBudget]}`;
  return number > 1 ? [{ tone: 'info', words: `Attempt ${number}${after}.${why}` }] : [];
}

function outcomeWords(hop: Hop): readonly Sentence[] {
  if (hop.isGivenUp)
    return [{ tone: 'unknown', words: 'Given up: the answer of another attempt came first. That is no failure.' }];
  const spans = hop.call === null ? [hop.span] : [hop.span, hop.call];
  const isPaced = spans.some(isPacedByFault);
  const flagged = spans.flatMap(({ flags, flagWords }) =>
    flags.map(
      (flag, index): Sentence => ({
        tone: isMark(flag) ? 'info' : 'err',
        flag,
        words: flag === 'FI' && isPaced ? pacedWords(hop) : (flagWords[index] ?? ''),
      }),
    ),
  );
  // The proxies of both ends may say the same.
  const story = flagged.filter(({ flag }, index) => flagged.findIndex((other) => other.flag === flag) === index);
  if (hop.isMadeGood)
    return [...story, { tone: 'warn', words: `It failed with ${hop.span.status}; the fallback answered instead.` }];
  if (story.some(({ tone }) => tone === 'err')) return story;
  return [...story, answerOf(hop)];
}

function pacedWords(hop: Hop): string {
  return `${protectionOf(hop) || 'A fault'} let the bytes through slowly. The service was not slow.`;
}

function answerOf({ span, isFailed }: Hop): Sentence {
  const grpc = span.attributes['rpc.grpc.status_code'];
  const status = typeof grpc === 'number' && grpc > 0 ? `gRPC status ${grpc}` : String(span.status);
  if (isFailed && span.flags.length === 0)
    return { tone: 'err', words: `The service itself answered ${status}; no proxy interfered.` };
  if (span.status === 0) return { tone: isFailed ? 'err' : 'ok', words: isFailed ? 'No answer.' : 'Done.' };
  return { tone: isFailed ? 'err' : 'ok', words: `Answered ${status}.` };
}

function timeOf({ durationMs }: Hop): string {
  return inWords(duration(durationMs));
}

/** `RateLimit shop/web-limit/readers`: the policy that had a say, and which part of it; '' without one. */
export function protectionOf(hop: Hop): string {
  const protection = callOf(hop).attributes['malha.protection'];
  return typeof protection === 'string' ? protection : '';
}
