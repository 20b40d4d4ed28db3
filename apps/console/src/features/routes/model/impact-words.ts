// The impact of a draft as the sentences and figures that an operator reads. Pure.
import type { inferRouterOutputs } from '@trpc/server';
import { count, inWords, percent } from '#format/number.ts';
import type { AppRouter } from '#trpc/router.ts';

export type Impact = inferRouterOutputs<AppRouter>['explain']['impact'];

/** Less than this of all requests is drawn as nothing: it is the rounding of weights. */
const NOTHING = 0.0005;

export function headlineOf(impact: Impact, service: string): string {
  if (impact.requests === 0) return `Nobody called ${service} in the last five minutes, so nothing can be replayed.`;
  if (impact.movedShare < NOTHING) {
    return impact.unjudgedShare > 0.5
      ? 'Too few calls were traced to say what would move.'
      : `No request to ${service} would go elsewhere.`;
  }
  const share = inWords(percent(impact.movedShare, 1));
  const gains = impact.targets.filter(({ now, after }) => after - now >= NOTHING);
  const [gain] = gains;
  const where = gains.length === 1 && gain !== undefined ? ` would move to ${gain.name}` : ' would go elsewhere';
  return `${share} of requests to ${service}${where}: ${perMinuteInWords(impact.movedPerMinute)} a minute.`;
}

/** Whole from ten on, one digit below: a caller of three requests a minute is still a caller. */
export function perMinuteInWords(perMinute: number): string {
  if (perMinute === 0) return '0';
  return perMinute >= 10 ? count(Math.round(perMinute)) : perMinute.toFixed(1);
}

const points = (share: number) => (share * 100).toFixed(1);

export function sharesInWords({ targets }: Impact) {
  return targets.map(({ name, now, after }) => {
    const moves = after - now;
    const sign = moves > 0 ? '+' : '−';
    return {
      name,
      now: points(now),
      after: points(after),
      moves: Math.abs(moves) < NOTHING ? '0' : `${sign}${points(Math.abs(moves))}`,
    };
  });
}

export interface ImpactCheck {
  readonly tone: 'ok' | 'warn' | 'err' | 'unknown';
  readonly words: string;
}

export function checksOf(impact: Impact): readonly ImpactCheck[] {
  const check = (perMinute: number, words: string): ImpactCheck => ({
    tone: perMinute > 0 ? 'err' : 'ok',
    words: `${perMinuteInWords(perMinute)}${perMinute > 0 ? ' a minute' : ''} would ${words}`,
  });
  const basis =
    impact.samples === 0
      ? 'No call was traced: judged by caller and rule alone.'
      : `Replayed from ${count(impact.samples)} traced calls, without query and headers, for ${count(impact.requests)} recorded.`;
  return [
    check(impact.deniedPerMinute, 'be denied'),
    check(impact.unmatchedPerMinute, 'match no rule'),
    ...(impact.unjudgedShare >= NOTHING
      ? [{ tone: 'warn' as const, words: `${inWords(percent(impact.unjudgedShare, 1))} could not be judged` }]
      : []),
    { tone: 'unknown', words: basis },
  ];
}
