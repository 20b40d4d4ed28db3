// Routes by the semantics of the Gateway API's conformance tests, HTTPRoutes attached to a Service and to a Gateway.
import { ask, ref, route, to } from '../src/authoring.ts';
import type { Exchange, MatrixCase, Section } from '../src/case.ts';
import { edgeRoute, gateway, HTTP_PORT, OUTSIDE } from '../src/edge.ts';

type Ask = typeof ask;

/** `asked` makes its requests with the given function; `authority` is what a redirect that keeps the host leads to. */
function both(test: string, rules: string, asked: (ask: Ask, authority: string) => readonly Exchange[]): MatrixCase[] {
  const toEdge: Ask = (path, answer, more = {}) => ask(path, answer, { host: 'edge.example', ...more });
  return [
    { name: `${test}: of a service`, resources: route('c', rules), exchanges: asked(ask, 'reviews') },
    {
      name: `${test}: of a gateway`,
      resources: gateway('hostname: edge.example') + edgeRoute('c', rules),
      caller: OUTSIDE,
      exchanges: asked(toEdge, `edge.example:${HTTP_PORT}`),
    },
  ];
}

const prefix = (value: string) => `path: {type: PathPrefix, value: ${value}}`;
const exact = (value: string) => `path: {type: Exact, value: ${value}}`;
const headers = (...pairs: readonly (readonly [string, string])[]) => `headers: [${valuesOf(pairs)}]`;
const query = (...pairs: readonly (readonly [string, string])[]) => `queryParams: [${valuesOf(pairs)}]`;
const valuesOf = (pairs: readonly (readonly [string, string])[]) =>
  pairs.map(([name, value]) => `{name: ${name}, value: ${value}}`).join(', ');

/** `matches` are items in flow style without their braces. */
const rule = (version: string, ...matches: readonly string[]) =>
  `{matches: [${matches.map((each) => `{${each}}`).join(', ')}], ${to(version)}}`;
const rulesOf = (...rules: readonly string[]) => `[${rules.join(', ')}]`;

const ONE = ['version', 'one'] as const;
const TWO = ['version', 'two'] as const;
const THREE = ['version', 'three'] as const;
const FOUR = ['version', 'four'] as const;
const color = (value: string) => ['color', value] as const;
const animal = (value: string) => ['animal', value] as const;

const matching: readonly MatrixCase[] = [
  ...both(
    'HTTPRouteMatching',
    rulesOf(rule('v1', prefix('/'), headers(ONE)), rule('v2', prefix('/v2'), headers(TWO))),
    (ask) => [
      ask('/', 'reviews-v1'),
      ask('/example', 'reviews-v1'),
      ask('/', 'reviews-v1', { headers: [ONE] }),
      ask('/v2', 'reviews-v2'),
      ask('/v2/', 'reviews-v2'),
      ask('/v2/example', 'reviews-v2'),
      ask('/', 'reviews-v2', { headers: [TWO] }),
      // The last of the segments is not all of it.
      ask('/v2example', 'reviews-v1'),
      ask('/foo/v2/example', 'reviews-v1'),
    ],
  ),
  ...both('HTTPRouteExactPathMatching', rulesOf(rule('v1', exact('/one')), rule('v2', exact('/two'))), (ask) => [
    ask('/one', 'reviews-v1'),
    ask('/two', 'reviews-v2'),
    ask('/', 404),
    ask('/one/example', 404),
    ask('/two/', 404),
    ask('/Two', 404),
  ]),
  ...both(
    'HTTPRoutePathMatchOrder',
    rulesOf(
      rule('v1', exact('/match')),
      rule('v2', exact('/match/exact')),
      rule('v3', exact('/match/exact/one')),
      rule('v3', prefix('/match/')),
      rule('v1', prefix('/match/prefix/')),
      rule('v2', prefix('/match/prefix/one')),
    ),
    (ask) => [
      ask('/match/exact/one', 'reviews-v3'),
      ask('/match/exact', 'reviews-v2'),
      ask('/match', 'reviews-v1'),
      ask('/match/prefix/one/any', 'reviews-v2'),
      ask('/match/prefix/any', 'reviews-v1'),
      ask('/match/any', 'reviews-v3'),
    ],
  ),
  ...both(
    'HTTPRouteHeaderMatching',
    rulesOf(
      rule('v1', headers(ONE)),
      rule('v2', headers(TWO)),
      rule('v3', headers(TWO, color('orange'))),
      rule('v1', headers(color('blue')), headers(color('green'))),
      rule('v2', headers(color('red')), headers(color('yellow'))),
    ),
    (ask) => [
      ask('/', 'reviews-v1', { headers: [ONE] }),
      ask('/', 'reviews-v2', { headers: [TWO] }),
      ask('/', 'reviews-v3', { headers: [TWO, color('orange')] }),
      ask('/', 'reviews-v1', { headers: [color('blue')] }),
      ask('/', 'reviews-v1', { headers: [color('green')] }),
      ask('/', 'reviews-v2', { headers: [color('red')] }),
      ask('/', 'reviews-v2', { headers: [['Color', 'yellow']] }),
      ask('/', 404, { headers: [color('purple')] }),
      ask('/', 404, { headers: [color('orange')] }),
      ask('/', 404),
    ],
  ),
  ...both(
    'HTTPRouteMethodMatching',
    rulesOf(
      rule('v1', 'method: POST'),
      rule('v2', 'method: GET'),
      rule('v1', `${prefix('/path1')}, method: GET`),
      rule('v2', `${headers(ONE)}, method: PUT`),
      rule('v3', `${prefix('/path2')}, ${headers(TWO)}, method: POST`),
      rule('v1', `${prefix('/path3')}, method: PATCH`, `${prefix('/path4')}, ${headers(THREE)}, method: DELETE`),
      rule('v1', prefix('/path5')),
      rule('v2', 'method: PATCH'),
      rule('v3', headers(FOUR)),
    ),
    (ask) => [
      ask('/', 'reviews-v1', { method: 'POST' }),
      ask('/', 'reviews-v2'),
      ask('/', 404, { method: 'HEAD' }),
      ask('/path1', 'reviews-v1'),
      ask('/', 'reviews-v2', { method: 'PUT', headers: [ONE] }),
      ask('/path2', 'reviews-v3', { method: 'POST', headers: [TWO] }),
      ask('/path3', 'reviews-v1', { method: 'PATCH' }),
      ask('/path4', 'reviews-v1', { method: 'DELETE', headers: [THREE] }),
      // The path counts before the method, and the method before headers.
      ask('/path5', 'reviews-v1', { method: 'PATCH' }),
      ask('/', 'reviews-v2', { method: 'PATCH', headers: [FOUR] }),
    ],
  ),
  ...both(
    'HTTPRouteQueryParamMatching',
    rulesOf(
      rule('v1', query(animal('whale'))),
      rule('v2', query(animal('dolphin'))),
      rule('v3', query(animal('dolphin'), color('blue')), query(['ANIMAL', 'Whale'])),
      rule('v3', `${prefix('/path1')}, ${query(animal('whale'))}`),
      rule('v2', `${headers(ONE)}, ${query(animal('whale'))}`),
      rule('v3', `${prefix('/path2')}, ${headers(TWO)}, ${query(animal('whale'))}`),
      rule('v1', prefix('/path5')),
      rule('v2', query(animal('hydra'))),
      rule('v3', headers(FOUR)),
    ),
    (ask) => [
      ask('/?animal=whale', 'reviews-v1'),
      ask('/?animal=dolphin', 'reviews-v2'),
      ask('/?animal=dolphin&color=blue', 'reviews-v3'),
      ask('/?color=blue&animal=dolphin', 'reviews-v3'),
      ask('/?ANIMAL=Whale', 'reviews-v3'),
      ask('/?animal=whale&otherparam=irrelevant', 'reviews-v1'),
      ask('/?animal=dolphin&color=yellow', 'reviews-v2'),
      ask('/path1?animal=whale', 'reviews-v3'),
      ask('/?animal=whale', 'reviews-v2', { headers: [ONE] }),
      ask('/path2?animal=whale', 'reviews-v3', { headers: [TWO] }),
      // The path counts before parameters, and headers do.
      ask('/path5?animal=hydra', 'reviews-v1'),
      ask('/?animal=hydra', 'reviews-v3', { headers: [FOUR] }),
      ask('/?animal=dog', 404),
      ask('/', 404),
    ],
  ),
  {
    name: 'HTTPRouteMatchingAcrossRoutes: the longer path of either route, for the hosts that it names',
    resources:
      gateway('') +
      edgeRoute('part1', rulesOf(rule('v1', prefix('/'), headers(ONE))), { hostnames: 'example.com, example.net' }) +
      edgeRoute('part2', rulesOf(rule('v2', prefix('/v2'), headers(TWO))), { hostnames: 'example.com' }),
    caller: OUTSIDE,
    exchanges: [
      ask('/', 'reviews-v1', { host: 'example.com' }),
      ask('/example', 'reviews-v1', { host: 'example.com' }),
      ask('/', 'reviews-v1', { host: 'example.net', headers: [ONE] }),
      ask('/v2', 'reviews-v2', { host: 'example.com' }),
      ask('/v2/', 'reviews-v2', { host: 'example.com' }),
      ask('/', 'reviews-v2', { host: 'example.com', headers: [TWO] }),
      ask('/v2', 'reviews-v1', { host: 'example.net' }),
      ask('/', 'reviews-v1', { host: 'example.net', headers: [TWO] }),
      ask('/', 404, { host: 'example.org' }),
    ],
  },
  ...both(
    'HTTPRouteNamedRule',
    rulesOf(`{name: named, matches: [{${prefix('/named')}}], ${to('v1')}}`, rule('v2', prefix('/unnamed'))),
    (ask) => [ask('/named', 'reviews-v1'), ask('/unnamed', 'reviews-v2')],
  ),
];

const redirect = (path: string, fields: string) =>
  `{matches: [{${prefix(path)}}], filters: [{type: RequestRedirect, requestRedirect: {${fields}}}]}`;
const ORG = 'hostname: example.org';
const NEW_PREFIX = 'path: {type: ReplacePrefixMatch, replacePrefixMatch: /new-prefix}';
const NEW_PATH = 'path: {type: ReplaceFullPath, replaceFullPath: /new-path}';
const location = (value: string) => ({ expect: { headers: { location: value } } });

const redirecting: readonly MatrixCase[] = [
  ...both(
    'HTTPRouteRedirectHostAndStatus',
    rulesOf(redirect('/host', ORG), redirect('/both', `${ORG}, statusCode: 301`)),
    (ask, authority) => {
      const port = portOf(authority);
      return [
        ask('/host', 302, location(`http://example.org${port}/host`)),
        ask('/both', 301, location(`http://example.org${port}/both`)),
      ];
    },
  ),
  ...both(
    'HTTPRouteRedirectPath',
    rulesOf(
      redirect('/prefix', NEW_PREFIX),
      redirect('/full', NEW_PATH),
      redirect('/host', `${ORG}, ${NEW_PREFIX}`),
      redirect('/status', `${NEW_PREFIX}, statusCode: 301`),
      redirect('/all', `${ORG}, ${NEW_PATH}, statusCode: 301`),
    ),
    (ask, authority) => {
      const port = portOf(authority);
      return [
        ask('/prefix/lemon', 302, location(`http://${authority}/new-prefix/lemon`)),
        ask('/full/path/original', 302, location(`http://${authority}/new-path`)),
        ask('/host/lemon', 302, location(`http://example.org${port}/new-prefix/lemon`)),
        ask('/status/lemon', 301, location(`http://${authority}/new-prefix/lemon`)),
        ask('/all/path', 301, location(`http://example.org${port}/new-path`)),
      ];
    },
  ),
  ...both(
    'HTTPRouteRedirectPort',
    rulesOf(
      redirect('/port', 'port: 8083'),
      redirect('/host', `${ORG}, port: 8083`),
      redirect('/status', 'port: 8083, statusCode: 301'),
    ),
    (ask, authority) => {
      const host = authority.split(':')[0];
      return [
        ask('/port', 302, location(`http://${host}:8083/port`)),
        ask('/host', 302, location('http://example.org:8083/host')),
        ask('/status', 301, location(`http://${host}:8083/status`)),
      ];
    },
  ),
  ...both(
    'HTTPRouteRedirectScheme',
    rulesOf(redirect('/host', `${ORG}, scheme: https`), redirect('/status', `${ORG}, scheme: https, statusCode: 301`)),
    (ask) => [
      ask('/host', 302, location('https://example.org/host')),
      ask('/status', 301, location('https://example.org/status')),
    ],
  ),
  ...both(
    'HTTPRouteRedirectPortAndScheme',
    rulesOf(
      redirect('/none', ORG),
      redirect('/http', `${ORG}, port: 80`),
      redirect('/other', `${ORG}, port: 8088`),
      redirect('/https', `${ORG}, scheme: https`),
      redirect('/https-usual', `${ORG}, scheme: https, port: 443`),
      redirect('/https-other', `${ORG}, scheme: https, port: 8443`),
      redirect('/http-usual', `${ORG}, scheme: http, port: 80`),
    ),
    (ask, authority) => [
      ask('/none', 302, location(`http://example.org${portOf(authority)}/none`)),
      ask('/http', 302, location('http://example.org/http')),
      ask('/other', 302, location('http://example.org:8088/other')),
      ask('/https', 302, location('https://example.org/https')),
      ask('/https-usual', 302, location('https://example.org/https-usual')),
      ask('/https-other', 302, location('https://example.org:8443/https-other')),
      ask('/http-usual', 302, location('http://example.org/http-usual')),
    ],
  ),
  ...both(
    'HTTPRoute303Redirect, HTTPRoute307Redirect, HTTPRoute308Redirect',
    rulesOf(...[303, 307, 308].map((status) => redirect(`/${status}`, `${ORG}, scheme: https, statusCode: ${status}`))),
    (ask) => [303, 307, 308].map((status) => ask(`/${status}`, status, location(`https://example.org/${status}`))),
  ),
];

/** Of a redirect that names neither scheme nor port: that of the listener. */
function portOf(authority: string): string {
  const [, port] = authority.split(':');
  return port === undefined ? '' : `:${port}`;
}

const changed = (path: string, ...filters: readonly string[]) =>
  `{matches: [{${prefix(path)}}], filters: [${filters.join(', ')}], ${to('v1')}}`;
const rewrite = (fields: string) => `{type: URLRewrite, urlRewrite: {${fields}}}`;
const requestHeaders = (fields: string) => `{type: RequestHeaderModifier, requestHeaderModifier: {${fields}}}`;
const responseHeaders = (fields: string) => `{type: ResponseHeaderModifier, responseHeaderModifier: {${fields}}}`;
const CHANGES = 'set: [{name: X-Set, value: set}], add: [{name: X-Add, value: add}], remove: [X-Remove]';

const changing: readonly MatrixCase[] = [
  ...both(
    'HTTPRouteRewriteHost',
    rulesOf(
      changed('/one', rewrite('hostname: one.example.org')),
      changed('/all', rewrite('hostname: test.example.org'), requestHeaders(CHANGES)),
    ),
    (ask) => [
      ask('/one', 'reviews-v1', { expect: { saw: { host: 'one.example.org', path: '/one' } } }),
      ask('/all', 'reviews-v1', {
        headers: [['x-remove', 'gone']],
        expect: { saw: { host: 'test.example.org', headers: { 'x-set': 'set', 'x-remove': null } } },
      }),
    ],
  ),
  ...both(
    'HTTPRouteRewritePath',
    rulesOf(
      changed('/prefix/one', rewrite('path: {type: ReplacePrefixMatch, replacePrefixMatch: /one}')),
      changed('/strip', rewrite('path: {type: ReplacePrefixMatch, replacePrefixMatch: /}')),
      changed('/full/one', rewrite('path: {type: ReplaceFullPath, replaceFullPath: /one}')),
      changed('/full/all', rewrite('path: {type: ReplaceFullPath, replaceFullPath: /all}'), requestHeaders(CHANGES)),
    ),
    (ask) => [
      ask('/prefix/one/two', 'reviews-v1', { expect: { saw: { path: '/one/two' } } }),
      ask('/strip/three', 'reviews-v1', { expect: { saw: { path: '/three' } } }),
      ask('/strip', 'reviews-v1', { expect: { saw: { path: '/' } } }),
      ask('/full/one/two', 'reviews-v1', { expect: { saw: { path: '/one' } } }),
      ask('/full/all/x', 'reviews-v1', { expect: { saw: { path: '/all', headers: { 'x-add': 'add' } } } }),
    ],
  ),
  ...both('HTTPRouteRequestHeaderModifier', rulesOf(changed('/', requestHeaders(CHANGES))), (ask) => [
    ask('/', 'reviews-v1', {
      expect: { saw: { headers: { 'x-set': 'set', 'x-add': 'add', 'x-remove': null } } },
    }),
    ask('/', 'reviews-v1', {
      headers: [
        ['x-set', 'old'],
        ['x-ADD', 'old'],
        ['x-Remove', 'old'],
        ['x-other', 'kept'],
      ],
      expect: { saw: { headers: { 'x-set': 'set', 'x-add': 'old, add', 'x-remove': null, 'x-other': 'kept' } } },
    }),
  ]),
  ...both(
    'HTTPRouteResponseHeaderModifier',
    rulesOf(
      changed(
        '/',
        responseHeaders('set: [{name: X-Base, value: set}], add: [{name: x-new, value: a}], remove: [X-Drop]'),
      ),
    ),
    (ask) => [
      ask('/', 'reviews-v1', { expect: { headers: { 'x-base': 'set', 'x-new': 'a', 'x-drop': null } } }),
      ask('/', 'reviews-v1', {
        answers: [{ headers: { 'X-New': 'own' } }],
        expect: { headers: { 'x-new': 'own, a' } },
      }),
    ],
  ),
  ...both(
    'HTTPRouteBackendRequestHeaderModifier',
    rulesOf(
      `{filters: [${requestHeaders('set: [{name: X-Of, value: rule}]')}], backendRefs: [${ref('v1', `filters: [${requestHeaders(CHANGES)}]`)}]}`,
    ),
    (ask) => [
      ask('/', 'reviews-v1', {
        headers: [['x-remove', 'old']],
        expect: { saw: { headers: { 'x-of': 'rule', 'x-set': 'set', 'x-add': 'add', 'x-remove': null } } },
      }),
    ],
  ),
];

const forwarding: readonly MatrixCase[] = [
  ...both(
    'HTTPRouteWeight',
    rulesOf(`{backendRefs: [${ref('v1', 'weight: 70')}, ${ref('v2', 'weight: 30')}, ${ref('v3', 'weight: 0')}]}`),
    (ask) => [{ ...ask('/', 'any'), times: 200, expect: { share: { 'reviews-v1': 70, 'reviews-v2': 30 } } }],
  ),
  ...both(
    'HTTPRouteNoBackendRefs',
    rulesOf(`{matches: [{${prefix('/none')}}]}`, `{matches: [{${prefix('/empty')}}], backendRefs: []}`),
    (ask) => [ask('/none', 500), ask('/empty', 500), ask('/', 404)],
  ),
  ...both(
    'HTTPRouteRetry',
    rulesOf(
      `{matches: [{${prefix('/three')}}], retry: {codes: [500], attempts: 3, backoff: 1ms}, ${to('v1')}}`,
      `{matches: [{${prefix('/two')}}], retry: {codes: [500, 502, 503, 504], attempts: 2, backoff: 1ms}, ${to('v1')}}`,
    ),
    (ask) => [
      ask('/three', 'reviews-v1', { answers: [500, 500, 500, 200], expect: { attempts: 4 } }),
      ask('/three', 'reviews-v1', { answers: [500], expect: { status: 500, attempts: 4 } }),
      ...[500, 502, 503, 504].map((status) =>
        ask('/two', 'reviews-v1', { answers: [status, status, 200], expect: { attempts: 3 } }),
      ),
      ask('/two', 'reviews-v1', { answers: [501, 200], expect: { status: 501, attempts: 1 } }),
    ],
  ),
  ...both(
    'HTTPRouteInvalidBackendRefUnknownKind, HTTPRouteInvalidNonExistentBackendRef',
    rulesOf(
      `{matches: [{${prefix('/kind')}}], backendRefs: [{group: unknown.example, kind: Bucket, name: reviews, port: 80}]}`,
      `{matches: [{${prefix('/name')}}], backendRefs: [{name: nobody, port: 80}]}`,
      rule('v1', prefix('/')),
    ),
    (ask) => [ask('/kind', 500), ask('/name', 500), ask('/', 'reviews-v1')],
  ),
  ...both(
    'HTTPRouteInvalidCrossNamespaceBackendRef, HTTPRoutePartiallyInvalidViaInvalidReferenceGrant',
    rulesOf(
      `{matches: [{${prefix('/whole')}}], backendRefs: [{name: archive, namespace: other, port: 80}]}`,
      `{matches: [{${prefix('/part')}}], backendRefs: [{name: archive, namespace: other, port: 80}, ${ref('v1')}]}`,
    ),
    (ask) => [
      ask('/whole', 500),
      { ...ask('/part', 'any'), times: 120, expect: { share: { 'reviews-v1': 1, 'status 500': 1 } } },
    ],
  ),
];

const grpcRoute = (name: string, parent: string, rule: string) => `---
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: ${name}, namespace: shop}
spec: {parentRefs: [${parent}], rules: [{${rule}, backendRefs: [{name: ledger, port: 80}]}]}
`;

const called = (host: string, winner: string | null): Exchange => ({
  request: { host, protocol: 'grpc', path: '/bank.Ledger/Get' },
  expect:
    winner === null ? { backend: null, grpcStatus: 12 } : { grpcStatus: 0, saw: { headers: { 'x-set': winner } } },
});

const told = (name: string) => `filters: [${requestHeaders(`set: [{name: x-set, value: ${name}}]`)}]`;

const calling: readonly MatrixCase[] = [
  {
    name: 'GRPCRouteNamedRule: of a service',
    resources: grpcRoute('g', '{group: "", kind: Service, name: ledger}', `name: named, ${told('named')}`),
    exchanges: [called('ledger', 'named')],
  },
  {
    name: 'GRPCRouteListenerHostnameMatching: a route of each listener, for its hosts only',
    resources:
      gateway('hostname: bar.example', 'hostname: "*.bar.example"', 'hostname: "*.foo.example"') +
      grpcRoute('one', '{name: edge, sectionName: a}', told('one')) +
      grpcRoute('two', '{name: edge, sectionName: b}', told('two')) +
      grpcRoute('three', '{name: edge, sectionName: c}', told('three')),
    caller: OUTSIDE,
    exchanges: [
      called('bar.example', 'one'),
      called('foo.bar.example', 'two'),
      called('multiple.labels.bar.example', 'two'),
      called('a.foo.example', 'three'),
      called('foo.example', null),
      called('no.match', null),
    ],
  },
];

export const conformance: Section = {
  name: 'conformance tests of routes',
  cases: [...matching, ...redirecting, ...changing, ...forwarding, ...calling],
};
