// Open breakers, ejected endpoints and limits near their bound, in the words of an operator. Pure.
import { formatDuration } from '@malha/model/duration';
import type { Tone } from '#components/ui/status-shape.tsx';
import { count, inWords, percent, plural } from '#format/number.ts';
import { clockWithSeconds, span } from '#format/time.ts';
import type { Limit } from './use-limits.ts';
import type { ProtectedEdge } from './use-resilience.ts';
import type { Standing } from './use-standing.ts';

export type BreakerStanding = Standing['breakers'][number];
export type EjectionStanding = Standing['ejected'][number];

/** A limit is near its bound from here on. */
const NEAR = 0.8;

export function breakerName({ caller, callee, rule, version }: BreakerStanding): string {
  const target = callee === null ? (rule ?? '?') : callee.namespace === caller.namespace ? callee.name : keyOf(callee);
  return `${caller.name} → ${target}${version === '' ? '' : ` ${version}`}`;
}

export function breakerInWords(breaker: BreakerStanding, nowMs: number): string {
  const { state, proxies, proxiesOf, asksAgainAtMs, passed, needed, rule } = breaker;
  const where = proxiesOf > 1 ? ` at ${proxies} of ${plural(proxiesOf, 'proxy', 'proxies')}` : '';
  const whose = rule === null ? '' : `, of rule ${rule.split('/')[2] ?? rule} alone`;
  if (state === 'half-open')
    return `Half-open${where}${whose}: ${passed} of ${plural(needed, 'request')} succeeded; when all have, it closes.`;
  const again =
    asksAgainAtMs === null || asksAgainAtMs <= nowMs
      ? 'The next request is let through to try.'
      : `Tries again at ${clockWithSeconds(asksAgainAtMs)}, in ${span(asksAgainAtMs - nowMs)}.`;
  return `Open${where}${whose}: calls fail at once with 503. ${again}`;
}

const REASONS: Readonly<Record<string, string>> = {
  'connect-failure': 'No connection came to be',
  'consecutive-5xx': 'Server errors in a row',
  'consecutive-gateway-errors': 'Gateway errors in a row',
  'consecutive-local-errors': 'Resets or timeouts in a row',
  'success-rate': 'Succeeds far less often than the others',
  'failure-percentage': 'Fails too large a part of its requests',
  'health-check': 'Fails its health checks',
};

export function reasonInWords(reason: string): string {
  return REASONS[reason] ?? reason;
}

export function ejectionInWords({ reason, returnsAtMs, callers }: EjectionStanding, nowMs: number): string {
  const by = callers.map(({ name }) => name).join(', ');
  const back =
    returnsAtMs === null
      ? 'Back when it passes them again.'
      : returnsAtMs <= nowMs
        ? 'Asked again now.'
        : `Asked again at ${clockWithSeconds(returnsAtMs)}, in ${span(returnsAtMs - nowMs)}.`;
  return `${reasonInWords(reason)}, for ${by}. ${back}`;
}

/** `100 req in 1s for each x-user`, `20 new connections in 1s`. */
export function limitInWords({ requests, intervalMs, by, counts, burst, scope }: Limit): string {
  const what = counts === 'connections' ? 'new connections' : 'requests';
  const each = by.length === 0 ? '' : ` for each ${by.join(' and ')}`;
  const atOnce = burst === requests ? '' : `, ${count(burst)} at once`;
  const counted = scope === 'Global' ? 'over all proxies' : 'by each proxy';
  return `${count(requests)} ${what} in ${formatDuration(intervalMs)}${each}${atOnce}, counted ${counted}`;
}

export function limitTone({ usage }: Limit): Tone {
  if (usage === null) return 'unknown';
  return usage >= 1 ? 'err' : usage >= NEAR ? 'warn' : 'ok';
}

export function usageInWords({ usage, by, hasMatch, counts }: Limit): string {
  if (usage !== null) return inWords(percent(Math.min(9.99, usage)));
  if (counts === 'connections') return 'connections';
  return by.length > 0 || hasMatch ? 'by key' : 'not measured';
}

/** Call paths that have a breaker by success rate, of the service or of the rule. */
export function guardedOf(edges: readonly ProtectedEdge[]): number {
  return edges.filter(({ protection }) => protection.breaker !== null || (protection.rule?.breaker ?? null) !== null)
    .length;
}

function keyOf({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return `${namespace}/${name}`;
}
