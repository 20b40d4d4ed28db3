// Limits that services have learned from their latency, as their proxies report them. Pure.
import { z } from 'zod';
import type { ServiceName } from './protection.ts';

export interface OverloadStanding {
  readonly service: ServiceName;
  /** Of the workloads. */
  readonly port: number;
  readonly proxies: number;
  /** Of these, how many have as many requests as they may. */
  readonly full: number;
  /** Requests at a time, of all proxies together. */
  readonly limit: number;
  readonly inFlight: number;
  readonly waiting: number;
  /** Bounds of the limit of each proxy. */
  readonly minConcurrency: number;
  readonly maxConcurrency: number;
  /** Latency without a queue, the longest that a proxy measured; null = none has yet. */
  readonly baselineMs: number | null;
}

export const overloadSchema = z.object({
  ...{ service: z.string(), port: z.number(), limit: z.number() },
  ...{ minConcurrency: z.number(), maxConcurrency: z.number() },
  ...{ inFlight: z.number(), waiting: z.number(), baselineMs: z.number() },
});
export type ReportedOverload = z.infer<typeof overloadSchema>;

/** Each entry is of one port of one proxy. */
export function overloadsOf(reported: readonly ReportedOverload[]): OverloadStanding[] {
  const byPlace = new Map<string, OverloadStanding>();
  for (const each of reported) {
    const place = `${each.service} ${each.port}`;
    byPlace.set(place, added(byPlace.get(place), each));
  }
  return [...byPlace.values()].sort(
    (a, b) =>
      b.waiting - a.waiting ||
      compare(a.service.namespace, b.service.namespace) ||
      compare(a.service.name, b.service.name),
  );
}

function added(known: OverloadStanding | undefined, one: ReportedOverload): OverloadStanding {
  const { service, port, limit, inFlight, waiting, minConcurrency, maxConcurrency, baselineMs } = one;
  const slash = service.indexOf('/');
  return {
    service: { namespace: service.slice(0, Math.max(0, slash)), name: service.slice(slash + 1) },
    port,
    proxies: (known?.proxies ?? 0) + 1,
    full: (known?.full ?? 0) + (inFlight >= limit ? 1 : 0),
    limit: (known?.limit ?? 0) + limit,
    inFlight: (known?.inFlight ?? 0) + inFlight,
    waiting: (known?.waiting ?? 0) + waiting,
    minConcurrency: Math.min(known?.minConcurrency ?? minConcurrency, minConcurrency),
    maxConcurrency: Math.max(known?.maxConcurrency ?? maxConcurrency, maxConcurrency),
    baselineMs: Math.max(known?.baselineMs ?? 0, baselineMs) || null,
  };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
