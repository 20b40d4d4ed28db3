// Builders for the tests of telemetry: a proxy that counts, and reports of it.
import type { Clock } from '@malha/traffic/clock';
import { BUCKET_COUNT, bucketOf } from '@malha/traffic/histogram';
import { type EdgeEnd, type EdgeLabels, type EdgeReport, edgeKeyOf, type MetricsReport } from './report.ts';

export interface TestClock extends Clock {
  set(ms: number): void;
  advance(ms: number): void;
}

export function testClock(startMs: number): TestClock {
  let nowMs = startMs;
  return {
    now: () => nowMs,
    monotonic: () => nowMs,
    set: (ms) => {
      nowMs = ms;
    },
    advance: (ms) => {
      nowMs += ms;
    },
  };
}

export function end(namespace: string, service: string, version = 'v1', workload = `${service}-1`): EdgeEnd {
  return { namespace, service, version, workload };
}

export function edgeLabels(source: EdgeEnd, destination: EdgeEnd, some: Partial<EdgeLabels> = {}): EdgeLabels {
  return {
    reporter: 'source',
    source,
    destination: { ...destination, port: 9080 },
    peerPrincipal: `spiffe://mesh.local/ns/${destination.namespace}/sa/${destination.service}`,
    protocol: 'http',
    route: `${destination.namespace}/${destination.service}/0`,
    mtls: true,
    ...some,
  };
}

/** Cumulative counts of one proxy process, as its recorder has them. */
export class TestProxy {
  readonly #edges = new Map<string, EdgeReport>();

  constructor(
    readonly self: EdgeEnd,
    readonly instanceId: string,
    readonly startTimeMs: number,
  ) {}

  count(
    labels: EdgeLabels,
    some: { status?: number; flags?: number; retries?: number; durationMs?: number } = {},
  ): void {
    const key = edgeKeyOf(labels);
    const edge = this.#edges.get(key) ?? {
      key,
      labels,
      outcomes: [],
      requestBytes: 0,
      responseBytes: 0,
      duration: new Float64Array(BUCKET_COUNT),
      ttfb: new Float64Array(BUCKET_COUNT),
    };
    this.#edges.set(key, edge);
    const { status = 200, flags = 0, retries = 0, durationMs = 5 } = some;
    let outcome = edge.outcomes.find((each) => each.status === status && each.flags === flags);
    if (outcome === undefined) {
      outcome = { status, flags, requests: 0, retries: 0 };
      edge.outcomes.push(outcome);
    }
    outcome.requests += 1;
    outcome.retries += retries;
    edge.requestBytes += 10;
    edge.responseBytes += 100;
    for (const counts of [edge.duration, edge.ttfb]) {
      if (counts !== undefined) counts[bucketOf(durationMs)] = (counts[bucketOf(durationMs)] ?? 0) + 1;
    }
  }

  /** A copy: later counts do not change it. */
  report(timeMs: number): MetricsReport {
    const { namespace, service, version, workload } = this.self;
    const edges = structuredClone([...this.#edges.values()]);
    const source = {
      namespace,
      service,
      version,
      workload,
      instanceId: this.instanceId,
      startTimeMs: this.startTimeMs,
    };
    return { source, timeMs, edges };
  }
}
