// Limits that services learned from their latency, in the words of an operator. Pure.
import type { Tone } from '#components/ui/status-shape.tsx';
import type { Standing } from '#features/standing/index.ts';
import { count, inWords, plural, rate } from '#format/number.ts';
import { setting } from '#format/time.ts';
import type { ProtectedEdge } from './use-resilience.ts';

export type Overload = Standing['overloads'][number];

export function overloadTone({ full, waiting, proxies }: Overload, shedPerSecond: number): Tone {
  if (shedPerSecond > 0) return 'err';
  return waiting > 0 || full === proxies ? 'warn' : 'ok';
}

/** Requests a second that callers were answered with 503 because the service had enough. */
export function shedOf(edges: readonly ProtectedEdge[], { service }: Overload): number {
  return edges
    .filter(({ target }) => target.namespace === service.namespace && target.name === service.name)
    .reduce((sum, { shedPerSecond }) => sum + shedPerSecond, 0);
}

/** `Works on 12 of at most 12 requests at a time, 5 wait.` */
export function overloadInWords(overload: Overload, shedPerSecond: number): string {
  const { limit, inFlight, waiting, proxies, minConcurrency, maxConcurrency, baselineMs } = overload;
  const where = proxies > 1 ? ` in ${plural(proxies, 'instance')}` : '';
  const queue = waiting === 0 ? '' : `, ${count(waiting)} ${waiting === 1 ? 'waits' : 'wait'}`;
  const shed = shedPerSecond === 0 ? '' : ` ${inWords(rate(shedPerSecond))} are shed, those of low priority first.`;
  const bounds =
    minConcurrency === maxConcurrency
      ? `The limit is fixed by its policy.`
      : `The limit is learned from latency, between ${count(minConcurrency)} and ${count(maxConcurrency)}${each(proxies)}.`;
  const base =
    baselineMs === null ? 'Not measured yet.' : `Without a queue an answer takes ${setting(Math.ceil(baselineMs))}.`;
  return `Works on ${count(inFlight)} of at most ${plural(limit, 'request')} at a time${where}${queue}.${shed} ${bounds} ${base}`;
}

function each(proxies: number): string {
  return proxies > 1 ? ' each' : '';
}
