import { type FaultInjectionResource, keyOf, toYaml } from '@malha/model';
import { expect, test } from 'vitest';
import { previewDraft } from './drafts.ts';
import { faultsThatBegin, withFaultStarts } from './fault-start.ts';
import type { Change, ResourceState } from './types.ts';

const NOW_MS = Date.parse('2026-11-26T09:30:00.000Z');
const NOW = '2026-11-26T09:30:00.000Z';
const EARLIER = '2026-11-26T09:00:00.000Z';

function fault(spec: Partial<FaultInjectionResource['spec']> = {}): FaultInjectionResource {
  return {
    apiVersion: 'malha.dev/v1',
    kind: 'FaultInjection',
    metadata: { namespace: 'shop', name: 'slow' },
    spec: {
      targetRef: { kind: 'Service', name: 'reviews' },
      delay: { percent: 10, duration: '1s' },
      expiresAfter: '10m',
      ...spec,
    },
  };
}

function stateWith(...faults: FaultInjectionResource[]): ResourceState {
  const stamp = { revision: 1, createdRevision: 1, updatedAtMs: 0, updatedBy: 'a' };
  return {
    revision: 1,
    byKey: new Map(faults.map((resource) => [keyOf(resource), { key: keyOf(resource), resource, ...stamp }])),
  };
}

function startOf(change: FaultInjectionResource, state = stateWith()): string | undefined {
  const [changed] = withFaultStarts([{ op: 'put', resource: change }], state, NOW_MS);
  return changed?.op === 'put' && changed.resource.kind === 'FaultInjection'
    ? changed.resource.spec.startedAt
    : undefined;
}

test('a new fault begins when it is applied', () => {
  expect(startOf(fault())).toBe(NOW);
});

test('one that is applied again as it is does not begin anew', () => {
  expect(startOf(fault(), stateWith(fault({ startedAt: EARLIER })))).toBe(EARLIER);
});

test('one that does something else now begins anew', () => {
  expect(startOf(fault({ expiresAfter: '20m' }), stateWith(fault({ startedAt: EARLIER })))).toBe(NOW);
});

test('a beginning in the past is kept, one in the future is not', () => {
  expect(startOf(fault({ startedAt: EARLIER }))).toBe(EARLIER);
  expect(startOf(fault({ startedAt: '2027-01-01T00:00:00Z' }))).toBe(NOW);
});

test('one that was ended and is applied again as it was stays ended, and one that is changed begins anew', () => {
  const ended = { at: EARLIER, by: 'malha', reason: 'Its time was over.' };
  const state = stateWith(fault({ startedAt: EARLIER, ended }));
  expect(withFaultStarts([{ op: 'put', resource: fault() }], state, NOW_MS)).toMatchObject([
    { resource: { spec: { startedAt: EARLIER, ended } } },
  ]);
  expect(faultsThatBegin([{ op: 'put', resource: fault() }], state, NOW_MS)).toEqual([]);
  const changed = fault({ expiresAfter: '20m', ended });
  const [begun] = faultsThatBegin([{ op: 'put', resource: changed }], state, NOW_MS);
  expect(begun?.spec).toMatchObject({ startedAt: NOW });
  expect(begun?.spec.ended).toBeUndefined();
});

test('one that is on does not begin, whatever is said of it again', () => {
  const state = stateWith(fault({ startedAt: EARLIER }));
  expect(faultsThatBegin([{ op: 'put', resource: fault({ startedAt: EARLIER }) }], state, NOW_MS)).toEqual([]);
  expect(faultsThatBegin([{ op: 'put', resource: fault() }], stateWith(), NOW_MS)).toHaveLength(1);
});

test('other changes pass as they are', () => {
  const changes: Change[] = [{ op: 'delete', key: 'FaultInjection/shop/slow' }];
  expect(withFaultStarts(changes, stateWith(), NOW_MS)).toBe(changes);
});

test('a preview shows a fault as an apply would store it', () => {
  const preview = (state: ResourceState) =>
    previewDraft({ yaml: toYaml(fault()) }, { state, analyze: () => [], nowMs: NOW_MS }).diff;
  expect(preview(stateWith(fault({ startedAt: EARLIER })))).toMatchObject([{ op: 'same' }]);
  expect(preview(stateWith())).toMatchObject([{ op: 'create', after: expect.stringContaining(NOW) }]);
});
