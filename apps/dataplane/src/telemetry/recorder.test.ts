import { BUCKET_COUNT, bucketOf } from '@malha/traffic/histogram';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NOT_OPEN } from './open-streams.ts';
import { createRecorder, type PeerLabels, type RequestRecord } from './recorder.ts';
import { keyOf } from './series-table.ts';
import { mergeSnapshots, SnapshotMerger } from './snapshot-merger.ts';
import { peer, record, snapshotOf, testClock, workload } from './testing.ts';

const total = (counts: Float64Array) => counts.reduce((sum, count) => sum + count, 0);

describe('recorder', () => {
  test('what goes on counts its bytes and is no request; it is asked before each snapshot', () => {
    const recorder = createRecorder({ workload, startTimeMs: 0, clock: testClock(0) });
    const stream = {
      openIndex: NOT_OPEN,
      reportProgress: () => recorder.request(record({ isProgress: true, requestBytes: 3, responseBytes: 7 })),
    };
    recorder.openStreams.add(stream);
    recorder.collect();
    const during = recorder.collect().edges[0];
    expect(during).toMatchObject({ requestBytes: 6, responseBytes: 14, outcomes: [] });
    expect(total(during?.duration.counts ?? new Float64Array([-1]))).toBe(0);
    recorder.openStreams.delete(stream);
    recorder.request(record({ requestBytes: 1, responseBytes: 1 }));
    expect(recorder.collect().edges[0]).toMatchObject({
      requestBytes: 7,
      responseBytes: 15,
      outcomes: [{ requests: 1 }],
    });
  });

  test('counts every request once under its own labels, status and flags', () => {
    const recorder = createRecorder({ workload, startTimeMs: 1000, clock: testClock(5000) });
    const reused = record({});
    for (let i = 0; i < 100; i++) {
      reused.status = i % 10 === 0 ? 503 : 200;
      reused.flags = i % 10 === 0 ? 1 : 0;
      reused.attempts = i % 10 === 0 ? 3 : 1;
      recorder.request(reused);
    }
    const { edges, startTimeMs, timeMs } = recorder.collect();
    expect({ startTimeMs, timeMs }).toEqual({ startTimeMs: 1000, timeMs: 5000 });
    expect(edges).toHaveLength(1);
    expect(edges[0]?.outcomes).toEqual([
      { status: 503, flags: 1, requests: 10, retries: 20 },
      { status: 200, flags: 0, requests: 90, retries: 0 },
    ]);
    expect(edges[0]?.labels).toEqual({
      reporter: 'source',
      source: { namespace: 'bookstore', service: 'web', version: 'v1', workload: 'web-1' },
      destination: { namespace: 'bookstore', service: 'reviews', version: 'v2', workload: 'reviews-1', port: 9080 },
      peerPrincipal: 'spiffe://mesh.local/ns/bookstore/sa/reviews',
      protocol: 'http',
      route: 'bookstore/reviews/0',
      mtls: true,
    });
  });

  test('an equal peer in another object is the same series', () => {
    const recorder = createRecorder({ workload, startTimeMs: 0, clock: testClock(0) });
    recorder.request(record({ peer: peer('reviews-1') }));
    recorder.request(record({ peer: peer('reviews-1') }));
    expect(recorder.collect().edges.map((edge) => edge.outcomes[0]?.requests)).toEqual([2]);
  });

  test('puts durations in their bucket, and leaves the first byte out when there was none', () => {
    const recorder = createRecorder({ workload, startTimeMs: 0, clock: testClock(0) });
    recorder.request(record({ durationMs: 12.5, ttfbMs: 3 }));
    recorder.request(record({ durationMs: 999_999, ttfbMs: Number.NaN }));
    const edge = recorder.collect().edges[0];
    expect(edge?.duration.counts[bucketOf(12.5)]).toBe(1);
    expect(edge?.duration.counts[BUCKET_COUNT - 1]).toBe(1);
    expect(edge?.duration.sumMs).toBe(1_000_011.5);
    expect(total(edge?.ttfb.counts ?? new Float64Array())).toBe(1);
  });

  test('bounds the series: what is beyond is counted in one overflow edge, and told', () => {
    const recorder = createRecorder({ workload, startTimeMs: 0, clock: testClock(0), limits: { edgesMax: 10 } });
    for (let round = 0; round < 2; round++) {
      for (let i = 0; i < 50; i++) recorder.request(record({ peer: peer(`w-${i}`), destinationWorkload: `w-${i}` }));
    }
    const { edges, proxy } = recorder.collect();
    expect(edges).toHaveLength(11);
    expect(edges.flatMap((edge) => edge.outcomes).reduce((sum, outcome) => sum + outcome.requests, 0)).toBe(100);
    expect(proxy.overflowedRequests).toBe(80);
    expect(edges.at(-1)?.labels.destination.service).toBe('(overflow)');
  });

  test('bounds the outcomes of an edge by folding to the class of the status', () => {
    const recorder = createRecorder({ workload, startTimeMs: 0, clock: testClock(0) });
    for (let status = 100; status < 1000; status++) recorder.request(record({ status }));
    const outcomes = recorder.collect().edges[0]?.outcomes ?? [];
    expect(outcomes.length).toBeLessThanOrEqual(64 + 10);
    expect(outcomes.reduce((sum, outcome) => sum + outcome.requests, 0)).toBe(900);
    expect(outcomes.find((outcome) => outcome.status === 500)?.requests).toBe(100);
  });

  test('keeps sampled spans up to a bound and counts the dropped ones', () => {
    const recorder = createRecorder({ workload, startTimeMs: 0, clock: testClock(0), limits: { spansMax: 3 } });
    const trace = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), parentSpanId: '', sampled: true };
    recorder.request(record({ trace: { ...trace, sampled: false } }));
    for (let i = 0; i < 5; i++) recorder.request(record({ trace, requestId: `r${i}` }));
    expect(recorder.takeSpans(2).map((span) => span.requestId)).toEqual(['r0', 'r1']);
    expect(recorder.takeSpans().map((span) => span.requestId)).toEqual(['r2']);
    expect(recorder.takeSpans()).toEqual([]);
    expect(recorder.collect().proxy.droppedSpans).toBe(2);
  });

  test('counts connections and refusals', () => {
    const recorder = createRecorder({ workload, startTimeMs: 0, clock: testClock(0) });
    recorder.connectionOpened('inbound');
    recorder.connectionOpened('inbound');
    recorder.connectionClosed('inbound');
    recorder.counter('head-rejected');
    const { proxy } = recorder.collect();
    expect(proxy.connectionsOpened).toEqual({ inbound: 2, outbound: 0 });
    expect(proxy.connectionsClosed).toEqual({ inbound: 1, outbound: 0 });
    expect(proxy.counters['head-rejected']).toBe(1);
  });

  test('a snapshot does not change when the recorder goes on', () => {
    const recorder = createRecorder({ workload, startTimeMs: 0, clock: testClock(0) });
    recorder.request(record({ durationMs: 1 }));
    const before = recorder.collect();
    const copy = structuredClone(before);
    recorder.request(record({ durationMs: 1 }));
    expect(before).toEqual(copy);
  });
});

const peers: readonly PeerLabels[] = [peer('reviews-1'), peer('reviews-2'), peer('reviews-3')];
const anyRecord: fc.Arbitrary<RequestRecord> = fc
  .record({
    peer: fc.constantFrom(...peers),
    reporter: fc.constantFrom('source' as const, 'destination' as const),
    status: fc.constantFrom(200, 404, 500, 503),
    flags: fc.constantFrom(0, 1, 4),
    attempts: fc.integer({ min: 1, max: 3 }),
    durationMs: fc.double({ min: 0, max: 200_000, noNaN: true }),
    requestBytes: fc.nat(10_000),
    port: fc.constantFrom(80, 9080),
    mtls: fc.boolean(),
    route: fc.constantFrom('', 'a', 'b'),
  })
  .map((some) => record({ ...some, destinationWorkload: some.peer.workload }));

test('property: the recorder equals a plain count by labels, status and flags', () => {
  fc.assert(
    fc.property(fc.array(anyRecord, { maxLength: 200 }), (records) => {
      const expected = new Map<string, { requests: number; retries: number }>();
      for (const each of records) {
        const edge = snapshotOf([each]).edges[0];
        if (edge === undefined) throw new Error('no edge');
        const key = `${keyOf(edge.labels)} ${each.status} ${each.flags}`;
        const known = expected.get(key) ?? { requests: 0, retries: 0 };
        expected.set(key, { requests: known.requests + 1, retries: known.retries + each.attempts - 1 });
      }
      const actual = new Map<string, { requests: number; retries: number }>();
      for (const edge of snapshotOf(records).edges) {
        for (const { status, flags, requests, retries } of edge.outcomes) {
          actual.set(`${edge.key} ${status} ${flags}`, { requests, retries });
        }
      }
      expect(actual).toEqual(expected);
    }),
  );
});

test('property: merging the snapshots of workers equals one recorder that saw everything, in any order', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(3), anyRecord), { maxLength: 150 }), (shared) => {
      const parts = [0, 1, 2, 3].map((worker) =>
        snapshotOf(shared.filter(([w]) => w === worker).map(([, each]) => each)),
      );
      const whole = snapshotOf(shared.map(([, each]) => each));
      const canonical = (snapshot: typeof whole) =>
        snapshot.edges
          .map((edge) => ({
            key: edge.key,
            outcomes: [...edge.outcomes].sort((a, b) => a.status - b.status || a.flags - b.flags),
            bytes: edge.requestBytes,
            duration: [...edge.duration.counts],
          }))
          .sort((a, b) => (a.key < b.key ? -1 : 1));
      expect(canonical(mergeSnapshots(parts, 0))).toEqual(canonical(whole));
      expect(canonical(mergeSnapshots(parts.toReversed(), 0))).toEqual(canonical(whole));
    }),
  );
});

test('merged totals never go back when a worker ends or is replaced under its name', () => {
  const merger = new SnapshotMerger(0);
  const requests = () =>
    merger
      .merged(1)
      .edges.flatMap((edge) => edge.outcomes)
      .reduce((sum, outcome) => sum + outcome.requests, 0);
  merger.update('0', { ...snapshotOf([record({}), record({})]), startTimeMs: 1, timeMs: 10 });
  merger.update('1', { ...snapshotOf([record({})]), startTimeMs: 1, timeMs: 10 });
  expect(requests()).toBe(3);
  merger.update('0', { ...snapshotOf([record({})]), startTimeMs: 2, timeMs: 11 });
  expect(requests()).toBe(4);
  merger.update('0', { ...snapshotOf([]), startTimeMs: 2, timeMs: 9 });
  expect(requests()).toBe(4);
  merger.remove('1');
  expect(requests()).toBe(4);
});
