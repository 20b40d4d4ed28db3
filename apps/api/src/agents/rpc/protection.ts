// Decodes what a heartbeat tells of breakers, ejected endpoints and learned limits; what is too much of it is left out.
import type { Heartbeat } from '@malha/xds/generated/malha/agent/v1/agent_pb';
import type { ReportedProtection } from '../../registry/sessions.ts';

const REPORTED_MAX = 64;
const NAME_MAX = 512;
const REASON_MAX = 64;

export function decodeProtection({
  breakers,
  ejected,
  overloads,
}: Pick<Heartbeat, 'breakers' | 'ejected' | 'overloads'>): ReportedProtection {
  return {
    breakers: breakers.slice(0, REPORTED_MAX).map(({ cluster, route, halfOpen, forMs, passed, needed }) => ({
      ...{ cluster: printable(cluster, NAME_MAX), route: printable(route, NAME_MAX) },
      ...{ state: halfOpen ? 'half-open' : 'open', forMs, passed, needed },
    })),
    ejected: ejected.slice(0, REPORTED_MAX).map(({ cluster, workload, reason, forMs }) => ({
      ...{ cluster: printable(cluster, NAME_MAX), workload: printable(workload, NAME_MAX) },
      ...{ reason: printable(reason, REASON_MAX), forMs },
    })),
    overloads: overloads
      .slice(0, REPORTED_MAX)
      .map(({ service, port, limit, minConcurrency, maxConcurrency, inFlight, waiting, baselineMs }) => ({
        ...{ service: printable(service, NAME_MAX), port, limit, minConcurrency, maxConcurrency, inFlight, waiting },
        // JSON has no NaN.
        baselineMs: Number.isFinite(baselineMs) ? baselineMs : 0,
      })),
  };
}

/** Names are ASCII. A NUL would be refused by Postgres, and with it the beats of every other agent of the second. */
function printable(text: string, lengthMax: number): string {
  return text.slice(0, lengthMax).replaceAll(/[^ -~]/g, '');
}
