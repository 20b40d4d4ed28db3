// Localities under every balancer: nearest first, the next level when none is left; and versions as subsets of their own.
import { ask, ref, resource, route, to } from '../src/authoring.ts';
import type { Exchange, MatrixCase, Section } from '../src/case.ts';

const near = { locality: { region: 'eu', zone: 'eu-1' } };
const aside = { locality: { region: 'eu', zone: 'eu-2' } };
const far = { locality: { region: 'us', zone: 'us-1' } };
const TYPES = ['RoundRobin', 'LeastRequest', 'RingHash', 'Maglev'] as const;
const TIMES = 24;

const policy = (loadBalancer: string, target = '{kind: Service, name: reviews}', name = 'levels') =>
  resource('TrafficPolicy', name, `{targetRef: ${target}, loadBalancer: ${loadBalancer}}`);

const keysOf = (type: string) => (type === 'RingHash' || type === 'Maglev' ? ', hashOn: [{header: x-user}]' : '');

const answeredBy = (...backends: readonly string[]): Exchange => ({
  ...ask('/', 'any', { headers: [['x-user', '{n}']] }),
  times: TIMES,
  expect: { backends },
});

const STAGED = { 'shop/front': near, 'shop/reviews-v1': near, 'shop/reviews-v2': aside, 'shop/reviews-v3': far };

const OUT: readonly (readonly [name: string, unhealthy: readonly string[], backend: string])[] = [
  ['the nearest take all', [], 'reviews-v1'],
  ['the region comes when the zone is out', ['shop/reviews-v1'], 'reviews-v2'],
  ['the rest comes when the region is out', ['shop/reviews-v1', 'shop/reviews-v2'], 'reviews-v3'],
  ['what is out farther away changes nothing', ['shop/reviews-v2', 'shop/reviews-v3'], 'reviews-v1'],
];

const failover = (type: string): MatrixCase[] =>
  OUT.map(([name, unhealthy, backend]) => ({
    name: `locality: ${type}: ${name}`,
    resources: policy(`{type: ${type}${keysOf(type)}, locality: {mode: Failover}}`),
    workloads: STAGED,
    unhealthy,
    exchanges: [answeredBy(backend)],
  }));

const weighted = (type: string): MatrixCase => ({
  leftOut: type === 'Random' ? { envoy: 'random balancing of Envoy knows no weights' } : {},
  name: `locality: ${type} gives a region its part`,
  resources: policy(
    `{type: ${type}, locality: {mode: Weighted, weights: [{region: eu, weight: 3}, {region: us, weight: 1}]}}`,
  ),
  workloads: { 'shop/reviews-v1': near, 'shop/reviews-v2': far, 'shop/reviews-v3': far },
  exchanges: [
    { ...ask('/', 'any'), times: 160, expect: { share: { 'reviews-v1': 6, 'reviews-v2': 1, 'reviews-v3': 1 } } },
  ],
});

/** A policy of each version acts within it, whatever the split over them. */
const SUBSETS =
  ['v1', 'v2', 'v3']
    .map((version, index) =>
      policy(
        `{type: ${['RoundRobin', 'Random', 'LeastRequest'][index]}}`,
        `{group: malha.dev, kind: ServiceVersion, name: reviews-${version}}`,
        version,
      ),
    )
    .join('') +
  route(
    'subsets',
    `[{matches: [{path: {value: /v1}}], ${to('v1')}}, {matches: [{path: {value: /v2}}], ${to('v2')}}, {matches: [{path: {value: /split}}], backendRefs: [${ref('v1', 'weight: 1')}, ${ref('v3', 'weight: 3')}]}, {backendRefs: [{name: reviews, port: 80}]}]`,
  );

const subset = (name: string, exchanges: readonly Exchange[]): MatrixCase => ({
  name: `subset: ${name}`,
  resources: SUBSETS,
  exchanges,
});

export const levels: Section = {
  name: 'balancers by level and version',
  cases: [
    ...TYPES.flatMap(failover),
    ...['RoundRobin', 'LeastRequest', 'Random'].map(weighted),
    {
      name: 'locality: a caller that has a region only calls its region first',
      resources: policy('{type: RoundRobin, locality: {mode: Failover}}'),
      workloads: { ...STAGED, 'shop/front': { locality: { region: 'eu' } } },
      exchanges: [answeredBy('reviews-v1', 'reviews-v2')],
    },
    {
      name: 'locality: zones of one name in two regions are two zones',
      resources: policy('{type: RoundRobin, locality: {mode: Failover}}'),
      workloads: { ...STAGED, 'shop/reviews-v3': { locality: { region: 'us', zone: 'eu-1' } } },
      exchanges: [answeredBy('reviews-v1')],
    },
    {
      name: 'locality: an endpoint without one comes last',
      resources: policy('{type: RoundRobin, locality: {mode: Failover}}'),
      workloads: { 'shop/front': near, 'shop/reviews-v1': aside },
      exchanges: [answeredBy('reviews-v1')],
    },
    subset('a version is called alone', [{ ...ask('/v1', 'reviews-v1'), times: 12 }]),
    subset('another version likewise', [{ ...ask('/v2', 'reviews-v2'), times: 12 }]),
    subset('a split is by its weights, whatever balances the versions', [
      { ...ask('/split', 'any'), times: 160, expect: { share: { 'reviews-v1': 1, 'reviews-v3': 3 } } },
    ]),
    subset('the service is all of its versions', [answeredBy('reviews-v1', 'reviews-v2', 'reviews-v3')]),
  ],
};
