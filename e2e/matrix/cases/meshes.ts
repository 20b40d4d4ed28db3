// Routes of services: producer and consumer routes, parents by port, namespaces, isolation, rules for some callers.
import { ask, ref, resource, route, to } from '../src/authoring.ts';
import type { Caller, MatrixCase, Section } from '../src/case.ts';

const VISITOR: Caller = { via: 'outbound', workload: 'other/visitor' };
const HOST = 'reviews.shop';

const PRODUCER = route('producer', `[{${to('v1')}}]`);
const CONSUMER = route(
  'consumer',
  '[{filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: x-by, value: consumer}]}}], backendRefs: [{name: archive, port: 80}]}]',
  { namespace: 'other', parentNamespace: 'shop' },
);
const CONSUMER_SOME = route(
  'consumer',
  '[{matches: [{path: {value: /mine}}], backendRefs: [{name: archive, port: 80}]}]',
  { namespace: 'other', parentNamespace: 'shop' },
);
const CONSUMER_BACK = route('consumer', '[{backendRefs: [{name: reviews, namespace: shop, port: 80}]}]', {
  namespace: 'other',
  parentNamespace: 'shop',
});

const byParent = (name: string, parent: string) => `---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: ${name}, namespace: shop}
spec:
  parentRefs: [${parent}]
  rules: [{${to('v3')}}]
`;
const TWO_PORTS = resource(
  'Service',
  'reviews',
  `{selector: {app: reviews}, versions: [{name: v1, labels: {version: v1}}, {name: v3, labels: {version: v3}}],
    ports: [{name: http, port: 80, targetPort: 8080}, {name: second, port: 8000, targetPort: 8080}]}`,
);
const PINNED = TWO_PORTS + route('v1', `[{${to('v1')}}]`);

const strict = (more = '') => resource('Namespace', 'shop', `{owner: shop, isolation: strict${more}}`);
const group = (owner: string) =>
  resource('Namespace', 'shop', '{owner: shop, isolation: group}') +
  resource('Namespace', 'other', `{owner: ${owner}}`);

const forCallers = (callers: string) =>
  route('rules', `[{name: some, matches: [{path: {value: /}, method: GET}], ${to('v2')}}, {${to('v1')}}]`) +
  resource(
    'RoutePolicy',
    'some',
    `{targetRef: {group: gateway.networking.k8s.io, kind: HTTPRoute, name: rules, sectionName: some}, match: {callers: [${callers}]}}`,
  );

const calls = (
  name: string,
  resources: string,
  caller: Caller | undefined,
  answer: string | number,
  host = HOST,
  path = '/',
): MatrixCase => ({
  name,
  resources,
  ...(caller !== undefined && { caller }),
  exchanges: [ask(path, answer, { host })],
});

const FRONT = undefined;

export const meshes: Section = {
  name: 'routes of the mesh',
  cases: [
    calls('producer: a route of the namespace of the service is for its own callers', PRODUCER, FRONT, 'reviews-v1'),
    calls('producer: and for callers of other namespaces', PRODUCER, VISITOR, 'reviews-v1'),
    {
      name: 'consumer: a route of the namespace of the caller is for its callers',
      resources: CONSUMER,
      caller: VISITOR,
      exchanges: [ask('/', 'archive', { host: HOST, expect: { saw: { headers: { 'x-by': 'consumer' } } } })],
    },
    calls('consumer: and not for others', CONSUMER + PRODUCER, FRONT, 'reviews-v1'),
    calls('consumer: replaces the route of the producer', PRODUCER + CONSUMER, VISITOR, 'archive'),
    calls('consumer: replaces it whole, without its rules below', PRODUCER + CONSUMER_SOME, VISITOR, 404, HOST, '/'),
    calls('consumer: its own rule', PRODUCER + CONSUMER_SOME, VISITOR, 'archive', HOST, '/mine'),
    calls('consumer: a backend of the other namespace needs a grant', CONSUMER_BACK, VISITOR, 500),
    {
      name: 'consumer: the route of a third namespace changes nothing',
      resources:
        PRODUCER +
        route('third', `[{backendRefs: [{name: archive, port: 80}]}]`, { namespace: 'third', parentNamespace: 'shop' }),
      exchanges: [ask('/', 'reviews-v1', { host: HOST })],
    },
    {
      name: 'parent: a route without a port is for all ports',
      resources: TWO_PORTS + byParent('all', '{group: "", kind: Service, name: reviews}'),
      exchanges: [ask('/', 'reviews-v3'), ask('/', 'reviews-v3', { host: 'reviews:8000' })],
    },
    {
      name: 'parent: a port by its number',
      resources: TWO_PORTS + byParent('one', '{group: "", kind: Service, name: reviews, port: 8000}'),
      exchanges: [ask('/', 'reviews-v3', { host: 'reviews:8000' })],
    },
    {
      name: 'parent: a port by its name',
      resources: TWO_PORTS + byParent('one', '{group: "", kind: Service, name: reviews, sectionName: second}'),
      exchanges: [ask('/', 'reviews-v3', { host: 'reviews:8000' })],
    },
    {
      name: 'parent: a route of one port beside a route of all',
      resources: PINNED + byParent('one', '{group: "", kind: Service, name: reviews, port: 8000}'),
      exchanges: [ask('/', 'reviews-v1'), ask('/', 'reviews-v1', { host: 'reviews:8000' })],
    },
    calls(
      'parent: one that does not exist harms nobody',
      byParent('lost', '{group: "", kind: Service, name: nobody}') + PRODUCER,
      FRONT,
      'reviews-v1',
    ),
    calls(
      'parent: a port that does not exist harms nobody',
      byParent('lost', '{group: "", kind: Service, name: reviews, port: 99}') + PRODUCER,
      FRONT,
      'reviews-v1',
    ),
    {
      name: 'parent: several services share a route',
      resources: byParent(
        'both',
        '{group: "", kind: Service, name: reviews}, {group: "", kind: Service, name: ratings}',
      ),
      exchanges: [ask('/', 'reviews-v3'), ask('/', 'reviews-v3', { host: 'ratings' })],
    },
    {
      name: 'a route to another service: its own route is not followed',
      resources:
        route('hop', '[{backendRefs: [{name: ratings, port: 80}]}]') +
        route('ratings', `[{backendRefs: [${ref('v2')}]}]`, { parent: 'ratings' }),
      exchanges: [ask('/', 'ratings'), ask('/', 'reviews-v2', { host: 'ratings' })],
    },
    calls('a service without a route goes to its endpoints', '', FRONT, 'ratings', 'ratings'),
    calls('a service of another namespace without a route', '', VISITOR, 'ratings', 'ratings.shop'),
    calls(
      'rules without a name and with one are the same',
      route('named', `[{name: first, ${to('v1')}}]`),
      FRONT,
      'reviews-v1',
    ),
    calls('callers: the rule is for this namespace', forCallers('{namespace: shop}'), FRONT, 'reviews-v2'),
    calls('callers: the rule is for another namespace', forCallers('{namespace: shop}'), VISITOR, 'reviews-v1'),
    calls(
      'callers: by service account',
      forCallers('{namespace: other, serviceAccount: visitor}'),
      VISITOR,
      'reviews-v2',
    ),
    calls('callers: by label', forCallers('{labels: {app: front}}'), FRONT, 'reviews-v2'),
    calls('callers: by label, another one', forCallers('{labels: {app: front}}'), VISITOR, 'reviews-v1'),
    calls('callers: any of several', forCallers('{namespace: third}, {serviceAccount: front}'), FRONT, 'reviews-v2'),
    calls(
      'isolation open: callers of other namespaces',
      resource('Namespace', 'shop', '{owner: shop, isolation: open}'),
      VISITOR,
      'vault',
      'vault.shop',
    ),
    calls('isolation strict: callers of the own namespace', strict(), FRONT, 'vault', 'vault'),
    calls('isolation strict: callers of other namespaces find nothing', strict(), VISITOR, 404, 'vault.shop'),
    calls(
      'isolation strict: whom it names',
      strict(', allowFrom: [{namespace: other, serviceAccount: visitor}]'),
      VISITOR,
      'vault',
      'vault.shop',
    ),
    calls('isolation group: namespaces of the same owner', group('shop'), VISITOR, 'vault', 'vault.shop'),
    calls('isolation group: namespaces of another owner find nothing', group('others'), VISITOR, 404, 'vault.shop'),
    {
      name: 'isolation strict: the callee refuses who came around its proxy',
      resources: strict(),
      caller: { via: 'inbound', identity: { namespace: 'other', serviceAccount: 'visitor' } },
      exchanges: [{ request: { host: 'vault.shop' }, expect: { status: 403, backend: null } }],
    },
  ],
};
