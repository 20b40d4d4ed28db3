import { keyOf, parseResources } from '@malha/model';
import { expect, test } from 'vitest';
import type { ResourceState } from '../resources/types.ts';
import { limitsOf } from './limits.ts';

function stateOf(spec: string): ResourceState {
  const { resources, errors } = parseResources(
    `apiVersion: malha.dev/v1\nkind: RateLimit\nmetadata: {name: limits, namespace: shop}\nspec: ${spec}\n`,
  );
  expect(errors).toEqual([]);
  const stamp = { revision: 1, createdRevision: 1, updatedAtMs: 0, updatedBy: 'ann' };
  return {
    revision: 1,
    byKey: new Map(resources.map((each) => [keyOf(each), { key: keyOf(each), resource: each, ...stamp }])),
  };
}

const at = (requestsPerSecond: number) => () => ({ requestsPerSecond });

test('a limit is as near to its bound as the requests of its service are', () => {
  const limits =
    '[{name: slow, requests: 60, interval: 1m}, {name: all, requests: 100, scope: Global}, {name: users, requests: 1, by: [{type: Header, name: X-User}]}]';
  const views = limitsOf(stateOf(`{targetRef: {kind: Service, name: reviews}, limits: ${limits}}`), at(50), () => 2);
  expect(views.map(({ name, usage, perSecond, by }) => ({ name, usage, perSecond, by }))).toEqual([
    { name: 'slow', usage: 25, perSecond: 1, by: [] },
    { name: 'all', usage: 0.5, perSecond: 100, by: [] },
    { name: 'users', usage: null, perSecond: 1, by: ['X-User'] },
  ]);
});

test('nothing is said of what nobody measured, of connections, or of other targets', () => {
  const connections = stateOf('{targetRef: {kind: Service, name: reviews}, connections: {limit: 5, burst: 9}}');
  expect(limitsOf(connections, at(1), () => 1)).toMatchObject([{ counts: 'connections', burst: 9, usage: null }]);
  const ofNamespace = stateOf('{targetRef: {kind: Namespace, name: shop}, limits: [{name: a, requests: 1}]}');
  expect(limitsOf(ofNamespace, at(1), () => 1)).toMatchObject([{ usage: null }]);
  const unmeasured = stateOf('{targetRef: {kind: Service, name: reviews}, limits: [{name: a, requests: 1}]}');
  expect(
    limitsOf(
      unmeasured,
      () => undefined,
      () => 1,
    ),
  ).toMatchObject([{ usage: null }]);
});
