// Keys of hashing balancers: what a key is made of, what is no part of it, and who owns the keys of endpoints that are out.
import { ask, resource, route, to } from '../src/authoring.ts';
import type { CaseRequest, Exchange, MatrixCase, Section } from '../src/case.ts';

const ALL = ['reviews-v1', 'reviews-v2', 'reviews-v3'];
const TYPES = ['RingHash', 'Maglev'] as const;
/** Values of a key: enough that a backend without any would be chance of one in a billion. */
const KEYS = 90;

const policy = (type: string, hashOn: string, target = '{kind: Service, name: reviews}') =>
  resource('TrafficPolicy', 'keys', `{targetRef: ${target}, loadBalancer: {type: ${type}, hashOn: [${hashOn}]}}`);

const stays = (request: Partial<CaseRequest>): Exchange => ({
  ...ask('/', 'any', request),
  times: 24,
  expect: { oneBackend: true },
});
const spread = (request: Partial<CaseRequest>, backends: readonly string[] = ALL): Exchange => ({
  ...ask('/', 'any', request),
  times: KEYS,
  expect: { backends },
});
const user = (value: string, ...more: (readonly [string, string])[]): Partial<CaseRequest> => ({
  headers: [['x-user', value], ...more],
});

type Row = readonly [name: string, hashOn: string, exchanges: readonly Exchange[], more?: Partial<MatrixCase>];

const HEADER = '{header: x-user}';
const COOKIE = '{cookie: user}';
const QUERY = '{query: user}';

const ROWS: readonly Row[] = [
  ['the path is no part of a key', HEADER, [stays({ ...user('ana'), path: '/{n}' })]],
  ['other headers are no part of a key', HEADER, [stays(user('ana', ['x-other', '{n}']))]],
  ['the name of a header is asked for in any case', '{header: X-USER}', [stays(user('ana')), spread(user('{n}'))]],
  [
    'keys of POST requests',
    HEADER,
    [stays({ ...user('ana'), method: 'POST' }), spread({ ...user('{n}'), method: 'POST' })],
  ],
  [
    'keys of requests over HTTP/2',
    HEADER,
    [stays({ ...user('ana'), protocol: 'h2' }), spread({ ...user('{n}'), protocol: 'h2' })],
  ],
  ['values that differ by case only are two keys', HEADER, [spread(user('Ana-{n}')), stays(user('Ana'))]],
  ['a long value', HEADER, [stays(user('k'.repeat(2_000))), spread(user(`${'k'.repeat(500)}{n}`))]],
  ['one cookie of several', COOKIE, [stays({ headers: [['cookie', 'a={n}; user=ana; b={n}']] })]],
  ['another cookie is no key', COOKIE, [spread({ headers: [['cookie', 'users=ana']] })]],
  ['one parameter of several', QUERY, [stays({ path: '/?a={n}&user=ana&b={n}' })]],
  ['another parameter is no key', QUERY, [spread({ path: '/?users=ana' })]],
  ['the path before a parameter is no part of it', QUERY, [stays({ path: '/{n}?user=ana' })]],
  [
    'the second key where a request has no first',
    `${HEADER}, ${QUERY}`,
    [stays({ path: '/?user=ana' }), spread({ path: '/?user={n}' }), stays({ ...user('ana'), path: '/?user={n}' })],
  ],
  [
    'the third key where a request has neither',
    `${HEADER}, ${COOKIE}, ${QUERY}`,
    [stays({ path: '/?user=ana' }), stays({ path: '/?user={n}', headers: [['cookie', 'user=ana']] })],
  ],
  ['the address where a request has no key', `${HEADER}, {source: ip}`, [stays({}), spread(user('{n}'))]],
  [
    'an endpoint that is out owns no key',
    HEADER,
    [spread(user('{n}'), ['reviews-v1', 'reviews-v3']), stays(user('ana'))],
    { unhealthy: ['shop/reviews-v2'] },
  ],
  [
    'one endpoint that is left owns all keys',
    HEADER,
    [spread(user('{n}'), ['reviews-v3'])],
    { unhealthy: ['shop/reviews-v1', 'shop/reviews-v2'] },
  ],
];

const rowOf =
  (type: string) =>
  ([name, hashOn, exchanges, more]: Row): MatrixCase => ({
    name: `hash: ${type}: ${name}`,
    resources: policy(type, hashOn),
    exchanges,
    ...more,
  });

export const hashKeys: Section = {
  name: 'keys of hashing balancers',
  cases: [
    ...TYPES.flatMap((type) => ROWS.map(rowOf(type))),
    ...TYPES.map(
      (type): MatrixCase => ({
        name: `hash: ${type} of a version leaves its service as it is`,
        resources:
          policy(type, HEADER, '{group: malha.dev, kind: ServiceVersion, name: reviews-v1}') +
          route(
            'plain',
            `[{matches: [{path: {value: /v1}}], ${to('v1')}}, {backendRefs: [{name: reviews, port: 80}]}]`,
          ),
        exchanges: [{ ...ask('/v1', 'reviews-v1', user('{n}')), times: 6 }, spread(user('ana'))],
      }),
    ),
  ],
};
