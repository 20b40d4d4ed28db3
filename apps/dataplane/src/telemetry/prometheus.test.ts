import { parsePrometheusText, sampleValue } from '@malha/testing/prometheus-text';
import { RequestFlags } from '@malha/traffic';
import { expect, test } from 'vitest';
import { prometheusText } from './prometheus.ts';
import { countRejection } from './record.ts';
import { createRecorder } from './recorder.ts';
import { peer, record, snapshotOf, testClock, workload } from './testing.ts';

test('a scraper takes it: requests by outcome, retries, histograms in seconds', () => {
  const text = prometheusText(
    snapshotOf([
      record({ durationMs: 2, ttfbMs: 1 }),
      record({ durationMs: 40, ttfbMs: 30, attempts: 3, status: 503, flags: RequestFlags.URX }),
      record({ peer: peer('reviews-2'), destinationWorkload: 'reviews-2', durationMs: 500_000, ttfbMs: Number.NaN }),
    ]),
    workload,
  );
  const families = parsePrometheusText(text);
  const first = { destination_workload: 'reviews-1' };
  expect(sampleValue(families, 'malha_requests_total', { ...first, status: '200', flags: '' })).toBe(1);
  expect(sampleValue(families, 'malha_requests_total', { ...first, status: '503', flags: 'URX' })).toBe(1);
  expect(sampleValue(families, 'malha_retries_total', { ...first, status: '503' })).toBe(2);
  expect(sampleValue(families, 'malha_request_duration_seconds_count', first)).toBe(2);
  expect(sampleValue(families, 'malha_request_duration_seconds_sum', first)).toBeCloseTo(0.042, 6);
  const second = { destination_workload: 'reviews-2' };
  expect(sampleValue(families, 'malha_request_duration_seconds_bucket', { ...second, le: '120' })).toBe(0);
  expect(sampleValue(families, 'malha_request_duration_seconds_bucket', { ...second, le: '+Inf' })).toBe(1);
  expect(sampleValue(families, 'malha_request_ttfb_seconds_count', second)).toBe(0);
});

test('names with quotes, backslashes and line ends are escaped', () => {
  const odd = 'a"b\\c\nd';
  const families = parsePrometheusText(prometheusText(snapshotOf([record({ route: odd })]), workload));
  expect(sampleValue(families, 'malha_request_bytes_total', { route: odd })).toBe(10);
});

test('without any request it is well-formed too', () => {
  const families = parsePrometheusText(prometheusText(snapshotOf([]), workload));
  expect(sampleValue(families, 'malha_workload_info', { namespace: 'bookstore', workload: 'web-1' })).toBe(1);
});

test('refusals are counted by reason, and in the sum', () => {
  const recorder = createRecorder({ workload, startTimeMs: 0, clock: testClock(0) });
  for (const reason of ['framing', 'framing', 'head-too-large'] as const) countRejection(recorder, reason);
  const families = parsePrometheusText(prometheusText(recorder.collect(), workload));
  expect(sampleValue(families, 'malha_rejected_requests_total', { reason: 'framing' })).toBe(2);
  expect(sampleValue(families, 'malha_rejected_requests_total', { reason: 'head-too-large' })).toBe(1);
  expect(sampleValue(families, 'malha_rejected_requests_total', { reason: 'http2-flood' })).toBe(0);
  expect(sampleValue(families, 'malha_proxy_events_total', { event: 'head-rejected' })).toBe(3);
});

test('a limit learned from latency is shown as it is now, by service and port', () => {
  const bounds = { minConcurrency: 1, maxConcurrency: 1_000 };
  const learned = { service: 'shop/cart', port: 8080, limit: 12, ...bounds, inFlight: 11, waiting: 4, baselineMs: 250 };
  const families = parsePrometheusText(prometheusText(snapshotOf([]), workload, [learned]));
  const of = (name: string) => sampleValue(families, `malha_overload_${name}`, { service: 'shop/cart', port: '8080' });
  expect([of('limit'), of('in_flight'), of('waiting'), of('baseline_seconds')]).toEqual([12, 11, 4, 0.25]);
});
