// What a draft would change for each call, and how much traffic it is about: in words. Pure.
import { formatDuration } from '@malha/model/duration';
import { inWords, rate } from '#format/number.ts';
import type { ProtectionPreview } from '../use-preview.ts';
import { listAt, type PolicyView, textAt } from './policy.ts';

type Change = ProtectionPreview['changes'][number];
type Protection = Change['before'];

const lasting = (ms: number) => (ms === 0 ? 'none' : formatDuration(ms));

/** Each measure of protection as it reads in a list; '' = there is none of it. */
function measuresOf({ connectTimeoutMs, limits, outlierDetection, breaker, rule }: Protection): Record<string, string> {
  const opening = rule?.breaker ?? breaker;
  return {
    ...(rule !== null && {
      'request timeout': lasting(rule.requestTimeoutMs),
      'attempt timeout': rule.attemptTimeoutMs === 0 ? 'as the request' : lasting(rule.attemptTimeoutMs),
      retries: String(rule.retry.attempts),
      pause: `${lasting(rule.retry.backoffBaseMs)} to ${lasting(rule.retry.backoffMaxMs)}`,
      budget: `${rule.retry.budgetPercent} %`,
    }),
    'connect timeout': lasting(connectTimeoutMs),
    connections: String(limits.maxConnections),
    'waiting requests': String(limits.maxPending),
    'active requests': String(limits.maxRequests),
    breaker: opening === null ? 'none' : `below ${Math.round(opening.successRate * 100)} %`,
    ejection: outlierDetection === null ? 'off' : `after ${outlierDetection.consecutive5xx} errors`,
  };
}

/** `request timeout 15s → 2s`; what differs only in details that are not listed says so. */
export function changesInWords({ before, after }: Pick<Change, 'before' | 'after'>): readonly string[] {
  const [was, is] = [measuresOf(before), measuresOf(after)];
  const changed = Object.keys(is).filter((name) => was[name] !== is[name]);
  return changed.length === 0
    ? ['details of the same measures']
    : changed.map((name) => `${name} ${was[name] ?? 'none'} → ${is[name]}`);
}

/** What a limit or a fault means for so many requests a second. */
export function touchedInWords({ kind, spec }: PolicyView, requestsPerSecond: number): readonly string[] {
  const of = inWords(rate(requestsPerSecond));
  if (kind === 'FaultInjection') {
    const parts = [
      { part: 'delay', done: `wait ${textAt(spec, ['delay', 'duration'])} longer` },
      { part: 'abort', done: 'get an error from the mesh' },
      { part: 'reset', done: 'are broken off' },
      { part: 'bandwidth', done: 'are slowed down' },
    ];
    return parts.flatMap(({ part, done }) => {
      const percent = Number(textAt(spec, [part, 'percent']));
      return percent > 0 ? [`${inWords(rate((requestsPerSecond * percent) / 100))} of ${of} ${done}.`] : [];
    });
  }
  if (kind !== 'RateLimit') return [];
  return listAt(spec, ['limits']).flatMap((limit) => {
    const name = textAt(limit, ['name']);
    return textAt(limit, ['requests']) === '' ? [] : [`${name}: of ${of} now; what is over the limit gets 429.`];
  });
}
