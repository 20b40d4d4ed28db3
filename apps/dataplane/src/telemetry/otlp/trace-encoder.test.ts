import { fromBinary } from '@bufbuild/protobuf';
import { RequestFlags } from '@malha/traffic/flags';
import { ExportTraceServiceRequestSchema } from '@malha/xds/generated/opentelemetry/proto/collector/trace/v1/trace_service_pb';
import { expect, test } from 'vitest';
import type { RequestRecord } from '../record.ts';
import { createRecorder } from '../recorder.ts';
import { record, testClock, workload } from '../testing.ts';
import { encodeSpans } from './trace-encoder.ts';

const STATUS_ERROR = 2;
const trace = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), parentSpanId: 'c'.repeat(16), sampled: true };

/** What a collector reads of the span of a record. */
function spanOf(some: Partial<RequestRecord>) {
  const recorder = createRecorder({ workload, startTimeMs: 0, clock: testClock(0) });
  recorder.request(record({ trace, ...some }));
  const resource = { ...workload, workload: workload.name, instanceId: 'a', startTimeMs: 0 };
  const request = fromBinary(ExportTraceServiceRequestSchema, encodeSpans(resource, recorder.takeSpans()));
  const [span] = request.resourceSpans[0]?.instrumentationLibrarySpans[0]?.spans ?? [];
  const attributes = Object.fromEntries(span?.attributes.map(({ key, value }) => [key, value?.value.value]) ?? []);
  return { attributes, isError: Number(span?.status?.code ?? 0) === STATUS_ERROR };
}

test('a span says how many attempts and hedges there were, and how long a fault delayed it', () => {
  const { attributes } = spanOf({
    attempts: 3,
    hedges: 1,
    faultDelayMs: 250,
    isPacedByFault: true,
    flags: RequestFlags.FI,
  });
  expect(attributes).toMatchObject({
    'malha.attempts': 3n,
    'malha.hedges': 1n,
    'malha.fault.delay_ms': 250n,
    'malha.fault.paced': true,
    'malha.flags': 'FI',
  });
  expect(Object.keys(spanOf({}).attributes).filter((key) => /hedges|fault|attempt\.|resend/.test(key))).toEqual([]);
});

test('an attempt says which one it is, what was waited before, and is no request of its own', () => {
  const attempt = {
    number: 2,
    kind: 'retry' as const,
    backoffMs: 25.5,
    beyondBudget: 'lost' as const,
    isGivenUp: false,
  };
  const { attributes, isError } = spanOf({ attempt, status: 503 });
  expect(attributes).toMatchObject({
    'malha.attempt.number': 2n,
    'malha.attempt.kind': 'retry',
    'malha.attempt.backoff_ms': 25.5,
    'malha.attempt.beyond_budget': 'lost',
    'http.request.resend_count': 1n,
  });
  expect(isError).toBe(true);
  const recorder = createRecorder({ workload, startTimeMs: 0, clock: testClock(0) });
  recorder.request(record({ trace, attempt }));
  expect(recorder.collect().edges.flatMap(({ outcomes }) => outcomes)).toEqual([]);
});

test('an attempt that was given up for another one has not failed', () => {
  const attempt = { number: 1, kind: 'first' as const, backoffMs: 0, beyondBudget: '' as const, isGivenUp: true };
  const { attributes, isError } = spanOf({ attempt, status: 0 });
  expect(attributes).toMatchObject({ 'malha.attempt.kind': 'first', 'malha.attempt.given_up': true });
  expect(attributes).not.toHaveProperty('malha.attempt.beyond_budget');
  expect(isError).toBe(false);
});
