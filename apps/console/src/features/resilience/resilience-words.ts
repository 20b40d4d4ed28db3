// What protection does and how it holds, in the words of an operator. Pure.
import { trafficDefaults } from '@malha/model/defaults';
import type { Tone } from '#components/ui/status-shape.tsx';
import { breakerName, type Standing, standingOn, stateInWords } from '#features/standing/index.ts';
import { inWords, percent, plural, rate, rateShort } from '#format/number.ts';
import { clockWithSeconds, setting } from '#format/time.ts';
import type { ProtectedEdge } from './use-resilience.ts';

type Concern = ProtectedEdge['concerns'][number];

const TONES: Readonly<Record<Concern, Tone>> = {
  'attempts-do-not-fit': 'warn',
  'budget-nearly-spent': 'warn',
  'limit-reached': 'err',
  'times-out': 'warn',
  'retries-exhausted': 'err',
};

export function toneOf(edge: ProtectedEdge, standing: Standing | undefined): Tone {
  const { concerns, requestsPerSecond } = edge;
  const { breaker, ejected } = standingOn(standing, edge);
  if (breaker?.state === 'open' || concerns.some((concern) => TONES[concern] === 'err')) return 'err';
  if (breaker !== undefined || ejected > 0 || concerns.length > 0) return 'warn';
  return requestsPerSecond === 0 ? 'unknown' : 'ok';
}

/** `frontend → cart`, with namespaces where they differ from the caller's. */
export function nameOf({ source, target }: ProtectedEdge): string {
  const callee = source.namespace === target.namespace ? target.name : `${target.namespace}/${target.name}`;
  return `${source.name} → ${callee}`;
}

/** 0 of a timeout means that there is none. */
export function timeoutInWords(ms: number): string {
  return ms === 0 ? 'none' : setting(ms);
}

/** Whether the service, or the rule alone, has a breaker by success rate. */
function isGuarded({ protection }: ProtectedEdge): boolean {
  return protection.breaker !== null || (protection.rule?.breaker ?? null) !== null;
}

/** Call paths that have a breaker by success rate. */
export function guardedOf(edges: readonly ProtectedEdge[]): number {
  return edges.filter(isGuarded).length;
}

function concernInWords(edge: ProtectedEdge, concern: Concern): string {
  const { rule } = edge.protection;
  const perSecond = (value: number) => inWords(rate(value));
  switch (concern) {
    case 'attempts-do-not-fit':
      return `${plural((rule?.retry.attempts ?? 0) + 1, 'attempt')} of ${timeoutInWords(rule?.attemptTimeoutMs ?? 0)} do not fit in ${timeoutInWords(rule?.requestTimeoutMs ?? 0)}`;
    case 'budget-nearly-spent':
      return 'nearly all that may be retried is';
    case 'limit-reached':
      // A breaker and a limit of connections or requests refuse with the same flag, UO.
      return `${perSecond(edge.refusedPerSecond)} refused by ${isGuarded(edge) ? 'its breaker or a limit' : 'a limit'}`;
    case 'times-out':
      return `${perSecond(edge.timedOutPerSecond)} end with their timeout`;
    case 'retries-exhausted':
      return `${perSecond(edge.exhaustedPerSecond)} fail after all attempts`;
  }
}

/** What is open now before what was counted, and the worst of that first. */
export function remarkOf(edge: ProtectedEdge, standing: Standing | undefined): string {
  const { protection, concerns } = edge;
  const now = stateInWords(standingOn(standing, edge));
  if (now !== undefined) return now;
  const [worst] = [...concerns].sort((a, b) => Number(TONES[b] === 'err') - Number(TONES[a] === 'err'));
  if (worst !== undefined) return concernInWords(edge, worst);
  if (protection.rule === null) return 'bytes, never repeated';
  if (protection.differing > 0) return `${plural(protection.differing, 'rule')} with other values`;
  return isByDefault(edge) ? 'defaults' : '';
}

/** Which of the figures are what the mesh does by itself. */
export function defaultsOf({ protection: { connectTimeoutMs, rule } }: ProtectedEdge) {
  return {
    connect: connectTimeoutMs === trafficDefaults.connectTimeoutMs,
    request: rule?.requestTimeoutMs === trafficDefaults.requestTimeoutMs,
    retries: rule?.retry.attempts === trafficDefaults.retryAttempts,
  };
}

function isByDefault(edge: ProtectedEdge): boolean {
  return Object.values(defaultsOf(edge)).every(Boolean) && !isGuarded(edge);
}

export interface Headline {
  readonly lead: string;
  readonly rest: string;
}

export function headlineOf(edges: readonly ProtectedEdge[], standing: Standing | undefined): Headline {
  if (edges.length === 0) return { lead: 'Nothing was called yet,', rest: 'so there is nothing to protect.' };
  const isHeld = (edge: ProtectedEdge) => ['ok', 'unknown'].includes(toneOf(edge, standing));
  const isOpen = (edge: ProtectedEdge) => standingOn(standing, edge).breaker?.state === 'open';
  const troubled = edges.filter((edge) => !isHeld(edge)).sort((a, b) => Number(isOpen(b)) - Number(isOpen(a)));
  const [first] = troubled;
  if (first === undefined)
    return {
      lead: 'Protection holds',
      rest: edges.length === 1 ? 'on the one call path.' : `on all ${edges.length} call paths.`,
    };
  if (troubled.length === 1)
    return { lead: 'Protection holds, except one:', rest: `${nameOf(first)}, ${remarkOf(first, standing)}.` };
  return {
    lead: `${troubled.length} of ${plural(edges.length, 'call path')} need a look,`,
    rest: `${nameOf(first)} first: ${remarkOf(first, standing)}.`,
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
    refusals('Refused at once', edges, {
      value: (edge) => edge.refusedPerSecond + edge.limitedPerSecond + edge.shedPerSecond,
      none: 'no breaker or limit had to',
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
