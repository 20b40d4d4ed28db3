import { keyOf, parseResources } from '@malha/model';
import { expect, test } from 'vitest';
import type { ResourceState } from '../resources/types.ts';
import { faultsOf } from './faults.ts';

function stateOf(yaml: string): ResourceState {
  const { resources, errors } = parseResources(yaml);
  expect(errors).toEqual([]);
  const stamp = { revision: 1, createdRevision: 1, updatedAtMs: 1000, updatedBy: 'ann' };
  return {
    revision: 1,
    byKey: new Map(resources.map((each) => [keyOf(each), { key: keyOf(each), resource: each, ...stamp }])),
  };
}

const fault = (name: string, spec: string) => `---
apiVersion: malha.dev/v1
kind: FaultInjection
metadata: {name: ${name}, namespace: shop}
spec: {targetRef: {kind: Service, name: reviews}, ${spec}}
`;

test('faults are listed with their effects, those that run first, by their end', () => {
  const state = stateOf(
    fault('over', 'abort: {percent: 5, httpStatus: 503}, expiresAfter: 1s, startedAt: "1970-01-01T00:00:00Z"') +
      fault('long', 'delay: {percent: 50, duration: 2s}, expiresAfter: 1h, startedAt: "1970-01-01T00:00:01Z"') +
      fault(
        'short',
        'reset: {percent: 1}, abort: {percent: 2, grpcStatus: 14}, expiresAfter: 1m, startedAt: "1970-01-01T00:00:01Z"',
      ),
  );
  const faults = faultsOf(state, 5000);
  expect(faults.map(({ name, isRunning, endsAtMs }) => ({ name, isRunning, endsAtMs }))).toEqual([
    { name: 'short', isRunning: true, endsAtMs: 61_000 },
    { name: 'long', isRunning: true, endsAtMs: 3_601_000 },
    { name: 'over', isRunning: false, endsAtMs: 1000 },
  ]);
  expect(faults[0]?.effects).toEqual(['2 % answered with gRPC status 14', '1 % broken off']);
  expect(faults[1]).toMatchObject({
    effects: ['50 % delayed by 2s'],
    startedBy: 'ann',
    target: { name: 'reviews', rule: null },
  });
});
