// Rate limits and how near each is to its bound, in the words of an operator. Pure.
import type { Tone } from '#components/ui/status-shape.tsx';
import { count, inWords, percent } from '#format/number.ts';
import { setting } from '#format/time.ts';
import type { Limit } from './use-limits.ts';

/** A limit is near its bound from here on. */
const NEAR = 0.8;

/** `100 requests in 1 s for each x-user`, `20 new connections in 1 s`. */
export function limitInWords({ requests, intervalMs, by, counts, burst, scope }: Limit): string {
  const what = counts === 'connections' ? 'new connections' : 'requests';
  const each = by.length === 0 ? '' : ` for each ${by.join(' and ')}`;
  const atOnce = burst === requests ? '' : `, ${count(burst)} at once`;
  const counted = scope === 'Global' ? 'over all proxies' : 'by each proxy';
  return `${count(requests)} ${what} in ${setting(intervalMs)}${each}${atOnce}, counted ${counted}`;
}

export function limitTone({ usage }: Limit): Tone {
  if (usage === null) return 'unknown';
  return usage >= 1 ? 'err' : usage >= NEAR ? 'warn' : 'ok';
}

export function usageInWords({ usage, by, hasMatch, counts }: Limit): string {
  if (usage !== null) return `${inWords(percent(Math.min(9.99, usage)))} used`;
  if (counts === 'connections') return 'connections';
  return by.length > 0 || hasMatch ? 'counted apart' : 'not measured';
}
