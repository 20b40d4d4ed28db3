// The recorded calls of one service: how many by caller, rule and version, and a sample of what they asked for.
import type { TelemetryReaderDeps } from '../deps.ts';
import { queryNumbers } from '../numbers.ts';
import { aggregate, type ServiceRef } from '../query/aggregate.ts';
import { durationOf, type TimeRange, windowOf } from '../query/time-range.ts';

export interface TrafficRow {
  readonly caller: ServiceRef;
  /** '' = its instances have none. */
  readonly version: string;
  /** `<namespace>/<route>/<rule>`; '' = no route. */
  readonly route: string;
  readonly requests: number;
}

/** A call that was traced, as its caller's proxy saw it. Traces keep neither query nor headers. */
export interface TracedCall {
  readonly caller: ServiceRef;
  readonly workload: string;
  readonly method: string;
  readonly authority: string;
  readonly path: string;
}

export interface ServiceTraffic {
  readonly seconds: number;
  readonly rows: readonly TrafficRow[];
  readonly calls: readonly TracedCall[];
}

/** The newest are enough: each stands for all calls of its caller and rule. */
const CALLS_MAX = 400;

export async function readServiceTraffic(
  { pool, clock, edges }: TelemetryReaderDeps,
  service: ServiceRef,
  range: TimeRange,
): Promise<ServiceTraffic> {
  const window = windowOf(range, clock);
  const [sums, calls] = await Promise.all([
    aggregate(pool, { window, filter: { destination: service }, groupBy: ['edge'] }),
    queryNumbers<CallRow>(pool, CALLS, [window.fromS * 1000, `${service.namespace}/${service.name}`, CALLS_MAX]),
  ]);
  const labels = await edges.labelsOf(sums.map(({ edge }) => edge));
  return {
    seconds: durationOf(window),
    rows: sums.flatMap(({ edge, requests }) => {
      const label = labels.get(edge);
      if (label === undefined || requests === 0) return [];
      const { source, destination, route } = label;
      const caller = { namespace: source.namespace, name: source.service };
      return [{ caller, version: destination.version, route, requests }];
    }),
    calls: calls.flatMap(callOf),
  };
}

interface CallRow {
  readonly namespace: string;
  readonly service: string;
  readonly workload: string;
  readonly method: string | null;
  readonly authority: string | null;
  readonly path: string | null;
}

function callOf({ namespace, service, workload, method, authority, path }: CallRow): TracedCall[] {
  if (method === null || authority === null || path === null || !path.startsWith('/')) return [];
  return [{ caller: { namespace, name: service }, workload, method, authority, path }];
}

/** An attempt is no call of its own. */
const CALLS = `
  SELECT namespace, service, workload, attributes->>'http.request.method' AS method,
    attributes->>'server.address' AS authority, attributes->>'url.path' AS path
  FROM telemetry.span
  WHERE start_ms >= $1 AND kind = 'client' AND attributes->>'malha.destination.service' = $2
    AND NOT attributes ? 'malha.attempt.number'
  ORDER BY start_ms DESC LIMIT $3`;
