// Which endpoint of a service a request goes to: every balancer, hash keys, weights, levels of locality, slow start.
import { ask, resource, route, to } from '../src/authoring.ts';
import type { CaseRequest, Exchange, MatrixCase, Section } from '../src/case.ts';

const ALL = ['reviews-v1', 'reviews-v2', 'reviews-v3'];
const EVENLY = { 'reviews-v1': 1, 'reviews-v2': 1, 'reviews-v3': 1 };
const TIMES = 120;
/** Values of a key: enough that a backend without any would be chance of one in a billion. */
const KEYS = 90;

const policy = (loadBalancer: string, target = '{kind: Service, name: reviews}', more = '') =>
  resource('TrafficPolicy', 'balancing', `{targetRef: ${target}, loadBalancer: ${loadBalancer}${more}}`);

const spread = (request: Partial<CaseRequest>, times = TIMES): Exchange => ({
  ...ask('/', 'any', request),
  times,
  expect: { backends: ALL },
});
const stays = (request: Partial<CaseRequest>, times = 30): Exchange => ({
  ...ask('/', 'any', request),
  times,
  expect: { oneBackend: true },
});
const header = (name: string, value: string): Partial<CaseRequest> => ({ headers: [[name, value]] });

const evenly = (type: string): MatrixCase => ({
  name: `balancer: ${type} gives every endpoint its part`,
  resources: policy(`{type: ${type}}`),
  exchanges: [{ ...ask('/', 'any'), times: 240, concurrency: 1, expect: { share: EVENLY } }],
});

const byWeight = (type: string): MatrixCase => ({
  name: `balancer: ${type} goes by the weights of workloads`,
  resources: policy(`{type: ${type}}`),
  workloads: { 'shop/reviews-v1': { weight: 6 } },
  leftOut: type === 'Random' ? { envoy: 'random balancing of Envoy knows no weights' } : {},
  exchanges: [
    {
      ...ask('/', 'any'),
      times: 240,
      concurrency: 1,
      expect: { share: { 'reviews-v1': 6, 'reviews-v2': 1, 'reviews-v3': 1 } },
    },
  ],
});

const hashing = (
  type: string,
  key: string,
  what: string,
  request: (value: string) => Partial<CaseRequest>,
): MatrixCase[] => [
  {
    name: `hash: ${type} on ${what} keeps a key on one endpoint`,
    resources: policy(`{type: ${type}, hashOn: [${key}]}`),
    exchanges: ['ana', 'rui', 'eva'].map((value) => stays(request(value))),
  },
  {
    name: `hash: ${type} on ${what} spreads the keys`,
    resources: policy(`{type: ${type}, hashOn: [${key}]}`),
    exchanges: [spread(request('user-{n}'), KEYS)],
  },
];

const KEY_KINDS: readonly (readonly [string, string, (value: string) => Partial<CaseRequest>])[] = [
  ['{header: X-User}', 'a header', (value) => header('x-user', value)],
  ['{cookie: user}', 'a cookie', (value) => header('cookie', `theme=dark; user=${value}`)],
  ['{query: user}', 'a query parameter', (value) => ({ path: `/?page=2&user=${value}` })],
];

const near = { locality: { region: 'eu', zone: 'eu-1' } };
const aside = { locality: { region: 'eu', zone: 'eu-2' } };
const far = { locality: { region: 'us', zone: 'us-1' } };
const FAILOVER = policy('{type: Random, locality: {mode: Failover}}');

export const balancing: Section = {
  name: 'balancing',
  cases: [
    ...['RoundRobin', 'LeastRequest', 'Random', 'LeastConnection'].map(evenly),
    {
      name: 'balancer: PeakEwma calls every endpoint',
      resources: policy('{type: PeakEwma}'),
      // By how much depends on their latencies.
      exchanges: [spread({}, 240)],
    },
    ...['RoundRobin', 'LeastRequest', 'Random'].map(byWeight),
    {
      name: 'balancer: round robin is exact over its rounds',
      resources: policy('{type: RoundRobin}'),
      // A worker of Envoy has a round of its own: all of these come over one after the other.
      exchanges: [{ ...ask('/', 'any'), times: 9, concurrency: 1, expect: { backends: ALL } }],
    },
    ...['RingHash', 'Maglev'].flatMap((type) =>
      KEY_KINDS.flatMap(([key, what, request]) => hashing(type, key, what, request)),
    ),
    {
      name: 'hash: the source address keeps a caller on one endpoint',
      resources: policy('{type: SourceIp}'),
      exchanges: [stays({}), stays(header('x-user', '{n}'), 60)],
    },
    {
      name: 'hash: a key of Maglev may be the source address',
      resources: policy('{type: Maglev, hashOn: [{source: ip}]}'),
      exchanges: [stays({}, 60)],
    },
    {
      name: 'hash: a ring may go by the source address',
      resources: policy('{type: RingHash, hashOn: [{source: ip}]}'),
      exchanges: [stays({}, 60)],
    },
    ...['RingHash', 'Maglev'].map(
      (type): MatrixCase => ({
        name: `hash: ${type} draws for requests without a key`,
        resources: policy(`{type: ${type}, hashOn: [{header: x-user}]}`),
        exchanges: [spread({}), spread(header('x-other', 'ana'))],
      }),
    ),
    {
      name: 'hash: the first key that a request has decides',
      resources: policy('{type: Maglev, hashOn: [{header: x-user}, {cookie: user}]}'),
      exchanges: [
        stays(
          {
            headers: [
              ['x-user', 'ana'],
              ['cookie', 'user={n}'],
            ],
          },
          60,
        ),
        stays(header('cookie', 'user=ana')),
        spread(header('cookie', 'user={n}'), KEYS),
        spread(
          {
            headers: [
              ['x-user', '{n}'],
              ['cookie', 'user=ana'],
            ],
          },
          KEYS,
        ),
      ],
    },
    {
      name: 'hash: the size of the table is given',
      resources: policy('{type: Maglev, tableSize: 1009, hashOn: [{header: x-user}]}'),
      exchanges: [stays(header('x-user', 'ana')), spread(header('x-user', '{n}'), KEYS)],
    },
    {
      name: 'hash: an unhealthy endpoint owns no key',
      resources: policy('{type: RingHash, hashOn: [{header: x-user}]}'),
      unhealthy: ['shop/reviews-v2'],
      exchanges: [
        {
          ...ask('/', 'any', header('x-user', '{n}')),
          times: KEYS,
          expect: { backends: ['reviews-v1', 'reviews-v3'] },
        },
      ],
    },
    {
      name: 'balancer: of a version before that of its service',
      resources:
        policy('{type: Random}') +
        resource(
          'TrafficPolicy',
          'version',
          '{targetRef: {group: malha.dev, kind: ServiceVersion, name: reviews-v1}, loadBalancer: {type: Maglev, hashOn: [{header: x-user}]}}',
        ) +
        route('plain', `[{matches: [{path: {value: /v1}}], ${to('v1')}}, {backendRefs: [{name: reviews, port: 80}]}]`),
      exchanges: [ask('/v1', 'reviews-v1', header('x-user', 'ana')), spread(header('x-user', 'ana'))],
    },
    {
      name: 'balancer: of the namespace',
      resources: policy('{type: Maglev, hashOn: [{header: x-user}]}', '{kind: Namespace, name: shop}'),
      exchanges: [stays(header('x-user', 'ana')), spread(header('x-user', '{n}'), KEYS)],
    },
    {
      name: 'balancer: slow start leaves the first endpoints their whole parts',
      resources: policy('{type: RoundRobin, slowStart: 30s}'),
      exchanges: [{ ...ask('/', 'any'), times: 240, concurrency: 1, expect: { share: EVENLY } }],
    },
    {
      name: 'balancer: slow start gives one that joins a tenth of its part at first',
      resources: policy('{type: RoundRobin, slowStart: 1h}'),
      unhealthy: ['shop/reviews-v3'],
      exchanges: [
        { ...ask('/', 'any'), times: 60, concurrency: 1, expect: { share: { 'reviews-v1': 1, 'reviews-v2': 1 } } },
        {
          ...ask('/', 'any'),
          unhealthy: [],
          times: 240,
          concurrency: 1,
          expect: { share: { 'reviews-v1': 10, 'reviews-v2': 10, 'reviews-v3': 1 } },
        },
      ],
      leftOut: {
        engine: 'each list of endpoints is the first one there',
        envoy:
          'Envoy begins slowly with the first endpoints too: how many requests one that joins gets is a matter of time',
      },
    },
    {
      name: 'locality: the zone of the caller takes all',
      resources: FAILOVER,
      workloads: { 'shop/front': near, 'shop/reviews-v1': near, 'shop/reviews-v2': aside, 'shop/reviews-v3': far },
      exchanges: [{ ...ask('/', 'reviews-v1'), times: 40 }],
    },
    {
      name: 'locality: its region comes next',
      resources: FAILOVER,
      workloads: { 'shop/front': near, 'shop/reviews-v1': near, 'shop/reviews-v2': aside, 'shop/reviews-v3': far },
      unhealthy: ['shop/reviews-v1'],
      exchanges: [{ ...ask('/', 'reviews-v2'), times: 40 }],
    },
    {
      name: 'locality: the rest comes last',
      resources: FAILOVER,
      workloads: { 'shop/front': near, 'shop/reviews-v1': near, 'shop/reviews-v2': aside, 'shop/reviews-v3': far },
      unhealthy: ['shop/reviews-v1', 'shop/reviews-v2'],
      exchanges: [{ ...ask('/', 'reviews-v3'), times: 20 }],
    },
    {
      name: 'locality: a caller that has none calls all',
      resources: FAILOVER,
      workloads: { 'shop/reviews-v1': near, 'shop/reviews-v2': aside, 'shop/reviews-v3': far },
      exchanges: [spread({})],
    },
    {
      name: 'locality: off, all are called',
      resources: policy('{type: Random}'),
      workloads: { 'shop/front': near, 'shop/reviews-v1': near, 'shop/reviews-v2': aside, 'shop/reviews-v3': far },
      exchanges: [spread({})],
    },
    {
      name: 'locality: two of a zone share its part',
      resources: FAILOVER,
      workloads: { 'shop/front': near, 'shop/reviews-v1': near, 'shop/reviews-v2': near, 'shop/reviews-v3': far },
      exchanges: [{ ...ask('/', 'any'), times: TIMES, expect: { share: { 'reviews-v1': 1, 'reviews-v2': 1 } } }],
    },
    {
      name: 'locality: parts of zones by weight, however many endpoints they have',
      resources: policy(
        '{type: RoundRobin, locality: {mode: Weighted, weights: [{region: eu, zone: eu-1, weight: 80}, {region: us, weight: 20}]}}',
      ),
      workloads: { 'shop/front': near, 'shop/reviews-v1': near, 'shop/reviews-v2': far, 'shop/reviews-v3': far },
      exchanges: [
        { ...ask('/', 'any'), times: 240, expect: { share: { 'reviews-v1': 8, 'reviews-v2': 1, 'reviews-v3': 1 } } },
      ],
    },
    {
      name: 'locality: a zone without a weight gets nothing while others have one',
      resources: policy('{type: Random, locality: {mode: Weighted, weights: [{region: eu, weight: 1}]}}'),
      workloads: { 'shop/reviews-v1': near, 'shop/reviews-v2': aside, 'shop/reviews-v3': far },
      exchanges: [{ ...ask('/', 'any'), times: TIMES, expect: { share: { 'reviews-v1': 1, 'reviews-v2': 1 } } }],
    },
  ],
};
