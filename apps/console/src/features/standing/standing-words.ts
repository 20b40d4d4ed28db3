// Open breakers and ejected endpoints in the words of an operator. Pure.
import { plural } from '#format/number.ts';
import { clockWithSeconds, span } from '#format/time.ts';
import type { BreakerStanding, CallStanding, EjectionStanding } from './call-standing.ts';

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

/** What a call meets now, in a few words; undefined where everything is at rest. */
export function stateInWords({ breaker, ejected, instances }: CallStanding): string | undefined {
  if (breaker?.state === 'open') return 'breaker open, calls fail at once';
  if (breaker !== undefined) return `breaker half-open, ${breaker.passed} of ${breaker.needed} tries passed`;
  return ejected === 0 ? undefined : `${ejected} of ${plural(instances, 'instance')} ejected`;
}

function keyOf({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return `${namespace}/${name}`;
}
