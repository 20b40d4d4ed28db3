// Builders for the tests of telemetry.
import type { Clock } from '@malha/traffic/clock';
import { createRecorder, type MetricsSnapshot, type PeerLabels, type RequestRecord } from './recorder.ts';

export const workload = { namespace: 'bookstore', name: 'web-1', service: 'web', version: 'v1' };

export interface TestClock extends Clock {
  advance(ms: number): void;
}

export function testClock(startMs: number): TestClock {
  let nowMs = startMs;
  return {
    now: () => nowMs,
    monotonic: () => nowMs,
    advance: (ms) => {
      nowMs += ms;
    },
  };
}

export function peer(name: string): PeerLabels {
  return {
    namespace: 'bookstore',
    service: 'reviews',
    version: 'v2',
    workload: name,
    principal: 'spiffe://mesh.local/ns/bookstore/sa/reviews',
  };
}

const REVIEWS = peer('reviews-1');

export function record(some: Partial<RequestRecord>): RequestRecord {
  return {
    reporter: 'source',
    peer: REVIEWS,
    serviceNamespace: 'bookstore',
    service: 'reviews',
    port: 9080,
    destinationVersion: 'v2',
    destinationWorkload: 'reviews-1',
    route: 'bookstore/reviews/0',
    protocol: 'http',
    status: 200,
    flags: 0,
    method: 'GET',
    path: '/reviews/1?q=2',
    authority: 'reviews',
    requestId: 'r',
    attempts: 1,
    hedges: 0,
    startMs: 1000,
    ttfbMs: 1,
    durationMs: 2,
    requestBytes: 10,
    responseBytes: 100,
    mtls: true,
    authorizationPolicy: '',
    shadowPolicy: '',
    protection: '',
    faultDelayMs: 0,
    isPacedByFault: false,
    trace: undefined,
    attempt: undefined,
    isProgress: false,
    ...some,
  };
}

export function snapshotOf(records: readonly RequestRecord[]): MetricsSnapshot {
  const recorder = createRecorder({ workload, startTimeMs: 0, clock: testClock(0) });
  for (const each of records) recorder.request(each);
  return recorder.collect();
}
