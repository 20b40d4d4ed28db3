// What protection does and how it holds, in the words of an operator. Pure.
import { formatDuration } from '@malha/model/duration';
import type { Tone } from '#components/ui/status-shape.tsx';
import { inWords, percent, plural, rate, rateShort } from '#format/number.ts';
import { clockWithSeconds } from '#format/time.ts';
import { breakerName, guardedOf } from './standing-words.ts';
import type { ProtectedEdge } from './use-resilience.ts';
import type { Standing } from './use-standing.ts';

type Concern = ProtectedEdge['concerns'][number];

const TONES: Readonly<Record<Concern, Tone>> = {
  'attempts-do-not-fit': 'warn',
  'budget-nearly-spent': 'warn',
  'limit-reached': 'err',
  'times-out': 'warn',
  'retries-exhausted': 'err',
};

export function toneOf({ concerns, requestsPerSecond }: ProtectedEdge): Tone {
  if (concerns.some((concern) => TONES[concern] === 'err')) return 'err';
  if (concerns.length > 0) return 'warn';
  return requestsPerSecond === 0 ? 'unknown' : 'ok';
}

/** `frontend → cart`, with namespaces where they differ from the caller's. */
export function nameOf({ source, target }: ProtectedEdge): string {
  const callee = source.namespace === target.namespace ? target.name : `${target.namespace}/${target.name}`;
  return `${source.name} → ${callee}`;
}

/** 0 of a timeout means that there is none. */
export function timeoutInWords(ms: number): string {
  return ms === 0 ? 'none' : formatDuration(ms);
}

export function remarkOf(edge: ProtectedEdge): string {
  const { protection, concerns } = edge;
  const words: Readonly<Record<Concern, string>> = {
    'attempts-do-not-fit': `${plural((protection.rule?.retry.attempts ?? 0) + 1, 'attempt')} of ${timeoutInWords(protection.rule?.attemptTimeoutMs ?? 0)} do not fit in ${timeoutInWords(protection.rule?.requestTimeoutMs ?? 0)}`,
    'budget-nearly-spent': 'nearly all that may be retried is',
    'limit-reached': `${inWords(rate(edge.refusedPerSecond))} refused by a limit`,
    'times-out': `${inWords(rate(edge.timedOutPerSecond))} end with their timeout`,
    'retries-exhausted': `${inWords(rate(edge.exhaustedPerSecond))} fail after all attempts`,
  };
  const [worst] = [...concerns].sort((a, b) => Number(TONES[b] === 'err') - Number(TONES[a] === 'err'));
  if (worst !== undefined) return words[worst];
  if (protection.rule === null) return 'bytes, never repeated';
  if (protection.differing > 0) return `${plural(protection.differing, 'rule')} with other values`;
  return '';
}

export interface Headline {
  readonly lead: string;
  readonly rest: string;
}

export function headlineOf(edges: readonly ProtectedEdge[]): Headline {
  if (edges.length === 0) return { lead: 'Nothing was called yet,', rest: 'so there is nothing to protect.' };
  const troubled = edges.filter(({ concerns }) => concerns.length > 0);
  const [first] = troubled;
  if (first === undefined) return { lead: 'Protection holds', rest: `on all ${plural(edges.length, 'call path')}.` };
  if (troubled.length === 1)
    return { lead: 'Protection holds, except one:', rest: `${nameOf(first)}, ${remarkOf(first)}.` };
  return {
    lead: `${troubled.length} of ${plural(edges.length, 'call path')} need a look,`,
    rest: `${nameOf(first)} first: ${remarkOf(first)}.`,
  };
}

export interface Card {
  readonly title: string;
  readonly value: string;
  readonly unit: string;
  readonly under: string;
  readonly tone: Tone | undefined;
}

const sum = (edges: readonly ProtectedEdge[], value: (edge: ProtectedEdge) => number) =>
  edges.reduce((all, edge) => all + value(edge), 0);

/** A card of refusals: how many a second, and where most of them are. */
function refusals(
  title: string,
  edges: readonly ProtectedEdge[],
  of: { readonly value: (edge: ProtectedEdge) => number; readonly none: string },
): Card {
  const total = sum(edges, of.value);
  const [most] = [...edges].sort((a, b) => of.value(b) - of.value(a));
  const measure = rate(total);
  return {
    title,
    value: measure.text,
    unit: measure.unit,
    under: total === 0 || most === undefined ? of.none : `most on ${nameOf(most)}`,
    tone: total === 0 ? undefined : 'warn',
  };
}

/** `standing` undefined: not known yet. */
export function cardsOf(edges: readonly ProtectedEdge[], standing: Standing | undefined): readonly Card[] {
  const retries = rate(sum(edges, (edge) => edge.retriesPerSecond));
  const requests = sum(edges, (edge) => edge.requestsPerSecond);
  const fullest = Math.max(0, ...edges.map(({ budgetUsed }) => budgetUsed ?? 0));
  return [
    {
      title: 'Retries',
      value: retries.text,
      unit: `/s of ${rateShort(requests)}`,
      under: fullest === 0 ? 'no budget is touched' : `fullest budget ${inWords(percent(Math.min(1, fullest)))}`,
      tone: fullest >= 0.8 ? 'warn' : undefined,
    },
    breakersCard(edges, standing),
    ejectedCard(standing),
    refusals('Refused by a limit', edges, {
      value: (edge) => edge.refusedPerSecond + edge.limitedPerSecond,
      none: 'no limit of connections, requests or rate was reached',
    }),
  ];
}

function breakersCard(edges: readonly ProtectedEdge[], standing: Standing | undefined): Card {
  const breakers = standing?.breakers ?? [];
  const open = breakers.filter(({ state }) => state === 'open');
  const guarded = guardedOf(edges);
  const first = open[0] ?? breakers[0];
  const closed = guarded === 0 ? 'none is asked for' : 'all closed';
  return {
    title: 'Breakers open',
    value: standing === undefined ? '–' : String(open.length),
    unit: breakers.length > open.length ? `and ${breakers.length - open.length} half-open` : `of ${guarded}`,
    under: first === undefined ? closed : `${breakerName(first)}${open.length === 0 ? ' tries again' : ''}`,
    tone: open.length > 0 ? 'err' : breakers.length > 0 ? 'warn' : undefined,
  };
}

function ejectedCard(standing: Standing | undefined): Card {
  const ejected = standing?.ejected ?? [];
  const returns = ejected.flatMap(({ returnsAtMs }) => returnsAtMs ?? []);
  const back =
    returns.length === 0 ? 'until they pass their checks' : `next back at ${clockWithSeconds(Math.min(...returns))}`;
  return {
    title: 'Endpoints ejected',
    value: standing === undefined ? '–' : String(ejected.length),
    unit: standing === undefined ? '' : `of ${standing.proxies}`,
    under: ejected.length === 0 ? 'every instance gets its share' : `${back}, if well`,
    tone: ejected.length > 0 ? 'warn' : undefined,
  };
}
