// Filters of single backends: they act on the share of that backend only, after those of the rule.
import { ask, ref, resource, route } from '../src/authoring.ts';
import type { Exchange, MatrixCase, Section } from '../src/case.ts';
import { edgeRoute, gateway, OTHER_PORT, OUTSIDE, visit } from '../src/edge.ts';
import { mirror } from './mirrors.ts';

const backend = (version: string, filters: string, more = '') => ref(version, `filters: [${filters}]${more}`);

interface Rule {
  readonly match?: string;
  readonly filters?: string;
}

function rule(backends: readonly string[], { match = '{path: {value: /}}', filters = '' }: Rule = {}): string {
  return `[{name: some, matches: [${match}], filters: [${filters}], backendRefs: [${backends.join(', ')}]}]`;
}

const rewriteHost = (hostname: string) => `{type: URLRewrite, urlRewrite: {hostname: ${hostname}}}`;
const rewritePath = (path: string) =>
  `{type: URLRewrite, urlRewrite: {path: {type: ReplaceFullPath, replaceFullPath: ${path}}}}`;
const rewritePrefix = (path: string) =>
  `{type: URLRewrite, urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: ${path}}}}`;
const redirect = (fields: string) => `{type: RequestRedirect, requestRedirect: {${fields}}}`;
const cors = (origin: string) => `{type: CORS, cors: {allowOrigins: ["${origin}"], allowMethods: [GET, PUT]}}`;
const setHeader = (value: string) =>
  `{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: x-of, value: ${value}}]}}`;
const CLOSED = '{type: ExtensionRef, extensionRef: {group: malha.dev, kind: DirectResponse, name: closed}}';
const CLOSED_RESPONSE = resource('DirectResponse', 'closed', '{status: 503, body: closed}');

const PREFIX = '{path: {value: /shop}}';

const percent = (parts: string) =>
  resource(
    'RoutePolicy',
    'some',
    `{targetRef: {group: gateway.networking.k8s.io, kind: HTTPRoute, name: b, sectionName: some}, ${parts}}`,
  );

const filtered = (name: string, resources: string, exchanges: readonly Exchange[], more: Partial<MatrixCase> = {}) => ({
  name: `filters of a backend: ${name}`,
  resources,
  exchanges,
  ...more,
});

/** Requests until each of the two answers; the backend tells them apart. */
const both = (path: string, share: Readonly<Record<string, number>>): Exchange => ({
  ...ask(path, 'any'),
  times: 120,
  expect: { share },
});

const PAIR = [backend('v1', rewritePath('/one')), backend('v2', rewritePath('/two'))];

export const backendFilters: Section = {
  name: 'filters of a backend',
  cases: [
    filtered('the host', route('b', rule([backend('v1', rewriteHost('one.example'))])), [
      ask('/a?q', 'reviews-v1', { expect: { saw: { host: 'one.example', path: '/a?q' } } }),
    ]),
    filtered('the whole path', route('b', rule([backend('v1', rewritePath('/new'))])), [
      ask('/a/b?q=1', 'reviews-v1', { expect: { saw: { host: 'reviews', path: '/new?q=1' } } }),
    ]),
    filtered('a prefix of the path', route('b', rule([backend('v1', rewritePrefix('/new'))], { match: PREFIX })), [
      ask('/shop/a?q=1', 'reviews-v1', { expect: { saw: { path: '/new/a?q=1' } } }),
      ask('/shop', 'reviews-v1', { expect: { saw: { path: '/new' } } }),
    ]),
    filtered(
      'what the backend says of the path counts, what the rule says of the host stays',
      route(
        'b',
        rule([backend('v1', rewritePath('/own'))], {
          filters: `{type: URLRewrite, urlRewrite: {hostname: of.rule, path: {type: ReplaceFullPath, replaceFullPath: /rule}}}`,
        }),
      ),
      [ask('/a', 'reviews-v1', { expect: { saw: { host: 'of.rule', path: '/own' } } })],
    ),
    filtered(
      'a header of the rule, then that of the backend, and the rewrite',
      route(
        'b',
        rule([backend('v1', `${setHeader('backend')}, ${rewritePath('/new')}`)], { filters: setHeader('rule') }),
      ),
      [ask('/', 'reviews-v1', { expect: { saw: { path: '/new', headers: { 'x-of': 'backend' } } } })],
    ),
    filtered(
      'by their weights',
      route('b', rule([backend('v1', rewritePath('/one'), ', weight: 3'), ref('v2', 'weight: 1')])),
      [both('/', { 'reviews-v1': 3, 'reviews-v2': 1 })],
    ),
    filtered('each its own', route('b', rule([...PAIR, backend('v3', rewritePath('/three'), ', weight: 2')])), [
      both('/', { 'reviews-v1': 1, 'reviews-v2': 1, 'reviews-v3': 2 }),
    ]),
    filtered(
      'a backend of weight 0 gets nothing',
      route('b', rule([PAIR[0] ?? '', backend('v2', rewritePath('/two'), ', weight: 0')])),
      [{ ...ask('/', 'reviews-v1', { expect: { saw: { path: '/one' } } }), times: 16 }],
    ),
    filtered(
      'one that does not exist gets its share of errors',
      route('b', rule([PAIR[0] ?? '', '{name: nobody, port: 80}'])),
      [both('/', { 'reviews-v1': 1, 'status 500': 1 })],
    ),
    filtered(
      'within a share of the requests',
      route('b', `${rule(PAIR).slice(0, -1)}, {backendRefs: [${ref('v3')}]}]`) + percent('match: {percent: 40}'),
      [both('/', { 'reviews-v1': 2, 'reviews-v2': 2, 'reviews-v3': 6 })],
    ),
    filtered(
      'all calls of one caller to one backend, by its identity',
      route('b', rule(PAIR)) + percent('cohort: {source: identity}'),
      [{ ...ask('/', 'reviews-v1', { expect: { saw: { path: '/one' } } }), times: 12 }],
    ),
    filtered('a copy of its requests', route('b', rule([backend('v1', mirror('ratings'))])), [
      ask('/', 'reviews-v1', { expect: { copies: { ratings: 1 } } }),
    ]),
    filtered(
      'copies of rule and backend',
      route('b', rule([backend('v1', mirror('ratings'))], { filters: mirror('v3') })),
      [ask('/', 'reviews-v1', { expect: { copies: { ratings: 1, 'reviews-v3': 1 } } })],
    ),
    filtered(
      'half of the requests of the second of two backends are copied',
      route('b', rule([ref('v1'), backend('v2', mirror('ratings', ', percent: 50'))])),
      [
        {
          ...ask('/', 'any'),
          times: 200,
          expect: { share: { 'reviews-v1': 1, 'reviews-v2': 1 }, copies: { ratings: 0.25 } },
        },
      ],
    ),
    filtered('CORS', route('b', rule([backend('v1', cors('https://shop.example'))])), [
      ask('/', 200, {
        method: 'OPTIONS',
        headers: [
          ['Origin', 'https://shop.example'],
          ['Access-Control-Request-Method', 'PUT'],
        ],
        expect: { headers: { 'access-control-allow-origin': 'https://shop.example' } },
      }),
      ask('/', 'reviews-v1', {
        headers: [['Origin', 'https://evil.example']],
        expect: { headers: { 'access-control-allow-origin': null } },
      }),
    ]),
    filtered(
      'CORS in place of that of the rule',
      route('b', rule([backend('v1', cors('https://own.example'))], { filters: cors('https://rule.example') })),
      [
        ask('/', 'reviews-v1', {
          headers: [['Origin', 'https://own.example']],
          expect: { headers: { 'access-control-allow-origin': 'https://own.example' } },
        }),
        ask('/', 'reviews-v1', {
          headers: [['Origin', 'https://rule.example']],
          expect: { headers: { 'access-control-allow-origin': null } },
        }),
      ],
    ),
    filtered(
      'a redirect of its share',
      route('b', rule([ref('v1', 'weight: 3'), backend('v2', redirect('hostname: other.example, statusCode: 301'))])),
      [both('/', { 'reviews-v1': 3, 'status 301': 1 })],
    ),
    filtered(
      'a redirect with a prefix of the path',
      route(
        'b',
        rule(
          [
            backend(
              'v1',
              redirect('hostname: other.example, path: {type: ReplacePrefixMatch, replacePrefixMatch: /x}'),
            ),
          ],
          { match: PREFIX },
        ),
      ),
      [ask('/shop/a?q', 302, { expect: { headers: { location: 'http://other.example/x/a?q' } } })],
    ),
    filtered(
      'a redirect of a gateway names the port of its listener',
      gateway('hostname: a.example').replace('8080', String(OTHER_PORT)) +
        edgeRoute('b', rule([backend('v1', redirect('hostname: b.example'))])),
      [visit('a.example/x', 302, { headers: { location: `http://b.example:${OTHER_PORT}/x` } })],
      { caller: { ...OUTSIDE, via: 'gateway', port: OTHER_PORT } },
    ),
    filtered(
      'a direct response for its share',
      route('b', rule([ref('v1'), backend('v2', CLOSED)])) + CLOSED_RESPONSE,
      [both('/', { 'reviews-v1': 1, 'status 503': 1 })],
    ),
    filtered(
      'a direct response that does not exist is 500 for its share',
      route('b', rule([ref('v1'), backend('v2', CLOSED)])),
      [both('/', { 'reviews-v1': 1, 'status 500': 1 })],
    ),
  ],
};
