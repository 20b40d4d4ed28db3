// What protects calls and is not at rest now, as proxies report it: open breakers, ejected endpoints, learned limits. Pure.
import { z } from 'zod';
import { type OverloadStanding, overloadSchema, overloadsOf } from './overload-standing.ts';
import type { ServiceName } from './protection.ts';

/** One proxy as it beat last. */
export interface ReportingProxy {
  readonly namespace: string;
  readonly name: string;
  readonly service: string;
  readonly isConnected: boolean;
  readonly beatAtMs: number;
  /** JSON of the database; another version of this program may have written it. */
  readonly protection: unknown;
}

export interface BreakerStanding {
  readonly caller: ServiceName;
  /** Null where the rule is no longer in the caller's configuration. */
  readonly callee: ServiceName | null;
  /** `<namespace>/<route>/<rule>` of a breaker that is a rule's own. */
  readonly rule: string | null;
  readonly version: string;
  /** Of the proxies that report it, the one that is worst off. */
  readonly state: 'open' | 'half-open';
  /** Of the caller: how many report it, of how many. */
  readonly proxies: number;
  readonly proxiesOf: number;
  /** When an open one lets a request through; null for a half-open one. */
  readonly asksAgainAtMs: number | null;
  /** Of a half-open one: requests that succeeded, and how many have to. */
  readonly passed: number;
  readonly needed: number;
}

export interface EjectionStanding {
  readonly service: ServiceName;
  readonly workload: string;
  /** `consecutive-5xx`, …, `health-check`. */
  readonly reason: string;
  /** When the last of the callers asks it again; null = when it passes its checks. */
  readonly returnsAtMs: number | null;
  readonly callers: readonly ServiceName[];
}

export interface Standing {
  readonly nowMs: number;
  readonly breakers: readonly BreakerStanding[];
  readonly ejected: readonly EjectionStanding[];
  /** Of services with adaptive concurrency; those whose requests wait first. */
  readonly overloads: readonly OverloadStanding[];
  /** Proxies whose reports these are. */
  readonly proxies: number;
  /** Workloads of each service with ejected ones, `<namespace>/<service>`. */
  readonly endpointsOf: Readonly<Record<string, number>>;
}

const reportSchema = z.object({
  breakers: z.array(
    z.object({
      ...{ cluster: z.string(), route: z.string(), state: z.enum(['open', 'half-open']) },
      ...{ forMs: z.number(), passed: z.number(), needed: z.number() },
    }),
  ),
  ejected: z.array(z.object({ cluster: z.string(), workload: z.string(), reason: z.string(), forMs: z.number() })),
  // Of a control plane that knew nothing of it, the report has none.
  overloads: z.array(overloadSchema).default([]),
});
type Report = z.infer<typeof reportSchema>;

interface Reported {
  readonly caller: ServiceName;
  readonly beatAtMs: number;
  readonly report: Report;
}

export function standingOf(
  rows: readonly ReportingProxy[],
  nowMs: number,
  calleeOfRule: (caller: ServiceName, rule: string) => ServiceName | undefined,
): Standing {
  const connected = rows.filter(({ isConnected }) => isConnected);
  const proxiesOf = (service: ServiceName) =>
    connected.filter((row) => row.namespace === service.namespace && row.service === service.name).length;
  const reported = connected.flatMap((row): Reported[] => {
    const parsed = reportSchema.safeParse(row.protection);
    const caller = { namespace: row.namespace, name: row.service };
    return parsed.success ? [{ caller, beatAtMs: row.beatAtMs, report: parsed.data }] : [];
  });
  const ejected = ejectionsOf(reported);
  return {
    nowMs,
    breakers: breakersOf(reported, proxiesOf, calleeOfRule),
    ejected,
    overloads: overloadsOf(reported.flatMap(({ report }) => report.overloads)),
    proxies: connected.length,
    endpointsOf: Object.fromEntries(ejected.map(({ service }) => [keyOf(service), proxiesOf(service)])),
  };
}

function breakersOf(
  reported: readonly Reported[],
  proxiesOf: (service: ServiceName) => number,
  calleeOfRule: (caller: ServiceName, rule: string) => ServiceName | undefined,
): BreakerStanding[] {
  const byPlace = new Map<string, BreakerStanding>();
  for (const { caller, beatAtMs, report } of reported) {
    for (const { cluster, route, state, forMs, passed, needed } of report.breakers) {
      const place = `${keyOf(caller)} ${cluster} ${route}`;
      const known = byPlace.get(place);
      const asksAgainAtMs = state === 'open' ? beatAtMs + forMs : null;
      const isWorse = known === undefined || (known.state === 'half-open' && state === 'open');
      const shown = isWorse ? { state, asksAgainAtMs, passed, needed } : known;
      byPlace.set(place, {
        caller,
        callee: (route === '' ? calleeOfCluster(cluster) : calleeOfRule(caller, route)) ?? null,
        rule: route === '' ? null : route,
        version: cluster.split('|')[2] ?? '',
        ...{ state: shown.state, asksAgainAtMs: shown.asksAgainAtMs, passed: shown.passed, needed: shown.needed },
        proxies: (known?.proxies ?? 0) + 1,
        proxiesOf: proxiesOf(caller),
      });
    }
  }
  return [...byPlace].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, standing]) => standing);
}

function ejectionsOf(reported: readonly Reported[]): EjectionStanding[] {
  const byWorkload = new Map<string, EjectionStanding>();
  for (const { caller, beatAtMs, report } of reported) {
    for (const { cluster, workload, reason, forMs } of report.ejected) {
      const service = calleeOfCluster(cluster);
      if (service === undefined) continue;
      const known = byWorkload.get(workload);
      const returnsAtMs = reason === 'health-check' ? null : beatAtMs + forMs;
      const callers = known?.callers ?? [];
      byWorkload.set(workload, {
        service,
        workload,
        reason: known?.reason ?? reason,
        returnsAtMs: Math.max(returnsAtMs ?? 0, known?.returnsAtMs ?? 0) || null,
        callers: callers.some((other) => keyOf(other) === keyOf(caller)) ? callers : [...callers, caller],
      });
    }
  }
  return [...byWorkload.values()].sort((a, b) => (a.workload < b.workload ? -1 : 1));
}

/** Of `outbound|<port>|<version>|<service>.<namespace>`. */
function calleeOfCluster(cluster: string): ServiceName | undefined {
  const name = cluster.split('|')[3] ?? '';
  const dot = name.lastIndexOf('.');
  return dot <= 0 ? undefined : { namespace: name.slice(dot + 1), name: name.slice(0, dot) };
}

function keyOf({ namespace, name }: ServiceName): string {
  return `${namespace}/${name}`;
}
