import type { Resource } from '@malha/model';
import { expect, test } from 'vitest';
import { service, split } from '../../../test/xds-mesh.ts';
import { concernedServices } from './concerned-services.ts';

const reviews = service('shop', 'reviews', ['v1', 'v2']);
const ratings = service('shop', 'ratings');
const route = split('shop', 'reviews', 90, 10);

const policy = (targetRef: object): Resource =>
  ({
    apiVersion: 'malha.dev/v1',
    kind: 'TrafficPolicy',
    metadata: { namespace: 'shop', name: 'limits' },
    spec: { targetRef },
  }) as Resource;

const changed = (before: readonly Resource[], after: readonly Resource[]) => [
  ...concernedServices(world(before), world(after)),
];

test('a route concerns the services that it is attached to', () => {
  expect(changed([reviews, ratings, route], [reviews, ratings, split('shop', 'reviews', 50, 50)])).toEqual([
    'shop/reviews',
  ]);
  expect(changed([reviews], [reviews, route])).toEqual(['shop/reviews']);
  expect(changed([reviews, route], [reviews])).toEqual(['shop/reviews']);
});

test('a service concerns itself', () => {
  expect(changed([reviews], [reviews, ratings])).toEqual(['shop/ratings']);
});

test.each([
  ['Service', 'ratings', ['shop/ratings']],
  ['ServiceVersion', 'reviews-v2', ['shop/reviews']],
  ['HTTPRoute', 'reviews', ['shop/reviews']],
  ['HTTPRoute', 'missing', []],
  ['Namespace', 'shop', []],
])('a policy for a %s %s concerns %j', (kind, name, expected) => {
  const resources = [reviews, ratings, route];
  expect(changed(resources, [...resources, policy({ kind, name })])).toEqual(expected);
});

test('a parent of another namespace is that of the other namespace', () => {
  const consumer = { ...route, metadata: { namespace: 'web', name: 'reviews' } } as typeof route;
  const parentRefs = [{ group: '', kind: 'Service', name: 'reviews', namespace: 'shop' }];
  const referring = { ...consumer, spec: { ...consumer.spec, parentRefs } } as Resource;
  expect(changed([reviews], [reviews, referring])).toEqual(['shop/reviews']);
});

function world(resources: readonly Resource[]) {
  return { resources, workloads: [], trustDomain: 'mesh.local' };
}
