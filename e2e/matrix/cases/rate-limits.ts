// Rate limits: at the callee by identity, address, path and header, at the caller by route; what passes and what gets 429.
import { resource, route, to } from '../src/authoring.ts';
import type { Caller, CaseRequest, Exchange, Expectation, MatrixCase, Section } from '../src/case.ts';

const PROBED = 'only the harness of Envoy takes a connection before the first one of a case';
const NO_X = 'Envoy says x-ratelimit-* of an older draft instead';

const FRONT: Caller = { via: 'outbound', workload: 'shop/front' };
const VISITOR: Caller = { via: 'outbound', workload: 'other/visitor' };
const as = (namespace: string, serviceAccount: string): Caller => ({
  via: 'inbound',
  identity: { namespace, serviceAccount },
});

/** A bucket keeps what was taken from it as long as its limit has its name: each case has names of its own. */
let named = 0;
const fresh = (name: string): string => `${name}-${++named}`;

/** Limits of the vault, `spec` of each in flow style without its name. */
function limits(...specs: string[]): string {
  return limited('{kind: Service, name: vault}', ...specs);
}

/** Of GET, unless a limit says something else: the probe by which the Envoy side waits is a POST, and must cost nothing. */
function limited(target: string, ...specs: string[]): string {
  const items = specs.map((spec) => `{name: ${fresh('limit')}, interval: 1h, ${onGet(spec)}${spec}}`).join(', ');
  return resource('RateLimit', fresh('limits'), `{targetRef: ${target}, limits: [${items}]}`);
}

const onGet = (spec: string): string => (spec.includes('match:') ? '' : 'match: {methods: [GET]}, ');

function everything(requests: number): string {
  const limit = `{name: ${fresh('limit')}, interval: 1h, requests: ${requests}}`;
  return resource('RateLimit', fresh('limits'), `{targetRef: {kind: Service, name: vault}, limits: [${limit}]}`);
}

type Row = readonly [request: Partial<CaseRequest>, expect: number | Expectation];

/** Requests of one caller to the vault, one after the other. */
function vault(name: string, resources: string, rows: readonly Row[], caller: Caller = FRONT): MatrixCase {
  return {
    name: `rate limits: ${name}`,
    resources,
    caller,
    exchanges: rows.map(([request, expect]) => asked({ host: 'vault.shop', ...request }, expect)),
  };
}

function asked(request: CaseRequest, expect: number | Expectation): Exchange {
  if (typeof expect !== 'number') return { request, expect };
  return { request, expect: { status: expect, ...(expect === 429 && { backend: null }) } };
}

const GET = {};
const rows = (...answers: readonly number[]): Row[] => answers.map((status) => [GET, status]);
const at = (path: string, ...answers: readonly number[]): Row[] => answers.map((status) => [{ path }, status]);
const header = (name: string, value: string, ...answers: readonly number[]): Row[] =>
  answers.map((status) => [{ headers: [[name, value]] }, status]);
const method = (verb: string, ...answers: readonly number[]): Row[] =>
  answers.map((status) => [{ method: verb }, status]);

const BYTES_OF_VAULT = `---
apiVersion: malha.dev/v1
kind: Service
metadata: {name: bytes, namespace: shop}
spec: {selector: {app: vault}, ports: [{port: 5432, targetPort: 8081, appProtocol: tcp}]}
---
apiVersion: malha.dev/v1
kind: Service
metadata: {name: vault, namespace: shop}
spec: {selector: {app: vault}, ports: [{name: http, port: 80, targetPort: 8080, appProtocol: http}]}
`;

const LIMITED_RULE = '{name: limited, matches: [{path: {value: /limited}}]';

export const rateLimits: Section = {
  name: 'rate limits',
  cases: [
    vault('what is within the limit passes, the rest gets 429', limits('requests: 3'), rows(200, 200, 200, 429, 429)),
    {
      ...vault('without a match every request counts', everything(2), [
        [{ method: 'GET' }, 200],
        [{ method: 'POST' }, 200],
        [{ method: 'DELETE' }, 429],
      ]),
      leftOut: { envoy: 'the probe by which the harness waits for a revision counts too' },
    },
    vault(
      'a burst larger than the rate passes at once',
      limits('requests: 1, burst: 4'),
      rows(200, 200, 200, 200, 429),
    ),
    vault(
      'a burst smaller than the rate bounds what comes at once',
      limits('requests: 100, burst: 2'),
      rows(200, 200, 429),
    ),
    vault('of two limits the smaller one refuses', limits('requests: 5', 'requests: 2'), rows(200, 200, 429)),
    vault('a limit by path leaves other paths alone', limits('requests: 1, match: {paths: [/api]}'), [
      ...at('/api', 200, 429),
      ...at('/api/a', 200),
      ...at('/', 200),
    ]),
    vault('a path with a star at its end is a prefix', limits('requests: 1, match: {paths: ["/api*"]}'), [
      ...at('/api/a', 200),
      ...at('/api/b', 429),
      ...at('/other', 200),
    ]),
    vault('a path with a star at its begin is a suffix', limits('requests: 1, match: {paths: ["*.png"]}'), [
      ...at('/a.png', 200),
      ...at('/b.png', 429),
      ...at('/b.jpg', 200),
    ]),
    vault('the query is no part of the path', limits('requests: 1, match: {paths: [/api]}'), [
      ...at('/api?a=1', 200),
      ...at('/api?a=2', 429),
    ]),
    vault('any of several paths suffices', limits('requests: 2, match: {paths: [/a, /b]}'), [
      ...at('/a', 200),
      ...at('/b', 200),
      ...at('/a', 429),
      ...at('/b', 429),
      ...at('/c', 200),
    ]),
    vault('a limit by method leaves other methods alone', limits('requests: 1, match: {methods: [PUT]}'), [
      ...method('PUT', 200, 429),
      ...method('GET', 200, 200),
    ]),
    vault('any of several methods suffices', limits('requests: 1, match: {methods: [PATCH, PUT]}'), [
      ...method('PATCH', 200),
      ...method('PUT', 429),
      ...method('DELETE', 200),
    ]),
    vault(
      'a limit by the value of a header',
      limits('requests: 1, match: {headers: [{name: X-Plan, values: [free]}]}'),
      [...header('x-plan', 'free', 200, 429), ...header('x-plan', 'paid', 200, 200), ...rows(200)],
    ),
    vault(
      'a header with a star is matched by its beginning',
      limits('requests: 1, match: {headers: [{name: x-plan, values: ["free*"]}]}'),
      [...header('x-plan', 'free-a', 200), ...header('x-plan', 'free-b', 429), ...header('x-plan', 'a-free', 200)],
    ),
    vault(
      'a star alone asks only that the header is there',
      limits('requests: 1, match: {headers: [{name: x-plan, values: ["*"]}]}'),
      [...header('x-plan', 'a', 200), ...header('x-plan', 'b', 429), ...rows(200)],
    ),
    vault(
      'all headers of a match must be there',
      limits('requests: 1, match: {headers: [{name: x-a, values: ["1"]}, {name: x-b, values: ["1"]}]}'),
      [
        ...header('x-a', '1', 200, 200),
        [
          {
            headers: [
              ['x-a', '1'],
              ['x-b', '1'],
            ],
          },
          200,
        ],
        [
          {
            headers: [
              ['x-a', '1'],
              ['x-b', '1'],
            ],
          },
          429,
        ],
      ],
    ),
    vault('all parts of a match must hold', limits('requests: 1, match: {methods: [POST], paths: [/api]}'), [
      [{ method: 'POST', path: '/api' }, 200],
      [{ method: 'GET', path: '/api' }, 200],
      [{ method: 'POST', path: '/web' }, 200],
      [{ method: 'POST', path: '/api' }, 429],
    ]),
    vault(
      'a limit for one caller counts that caller',
      limits('requests: 1, match: {methods: [GET], callers: [{namespace: shop, serviceAccount: front}]}'),
      rows(200, 429),
    ),
    vault(
      'a limit for one caller leaves others alone',
      limits('requests: 1, match: {methods: [GET], callers: [{namespace: shop, serviceAccount: front}]}'),
      rows(200, 200),
      VISITOR,
    ),
    vault(
      'a limit for a namespace counts each of its accounts',
      limits('requests: 1, match: {methods: [GET], callers: [{namespace: shop}]}'),
      rows(200, 429),
      as('shop', 'anybody'),
    ),
    vault(
      'a namespace is not the beginning of another',
      limits('requests: 1, match: {callers: [{namespace: sho}]}'),
      rows(200, 200),
      as('shop', 'anybody'),
    ),
    vault('by header each value has a limit of its own', limits('requests: 1, by: [{type: Header, name: X-User}]'), [
      ...header('x-user', 'a', 200, 429),
      ...header('x-user', 'b', 200, 429),
    ]),
    vault(
      'leaving the header out does not get around a limit by header',
      limits('requests: 1, by: [{type: Header, name: x-user}]'),
      [...rows(200, 429), ...header('x-user', 'a', 200)],
    ),
    vault(
      'an empty header is no way around either',
      limits('requests: 1, by: [{type: Header, name: x-user}]'),
      header('x-user', '', 200, 429),
    ),
    vault('by path each path has a limit of its own', limits('requests: 1, by: [{type: Path}]'), [
      ...at('/a?x=1', 200),
      ...at('/a?x=2', 429),
      ...at('/b', 200),
    ]),
    vault('by identity one caller shares one bucket', limits('requests: 2, by: [{type: Identity}]'), [
      ...at('/a', 200),
      ...at('/b', 200),
      ...at('/c', 429),
    ]),
    vault(
      'by address what comes from one address shares one bucket',
      limits('requests: 1, by: [{type: Address}]'),
      rows(200, 429),
    ),
    vault('two keys count together', limits('requests: 1, by: [{type: Path}, {type: Header, name: x-user}]'), [
      [{ path: '/a', headers: [['x-user', '1']] }, 200],
      [{ path: '/a', headers: [['x-user', '2']] }, 200],
      [{ path: '/b', headers: [['x-user', '1']] }, 200],
      [{ path: '/a', headers: [['x-user', '1']] }, 429],
    ]),
    vault(
      'what one limit refuses costs nothing of another',
      limits('requests: 3', 'requests: 1, match: {paths: [/rare]}'),
      [...at('/rare', 200), ...at('/rare', 429), ...at('/rare', 429), ...rows(200)],
    ),
    vault(
      'what authorization denies costs nothing',
      limits('requests: 1') +
        resource(
          'AuthorizationPolicy',
          'secrets',
          '{targetRef: {kind: Service, name: vault}, action: DENY, rules: [{to: {paths: [/secret]}}]}',
        ),
      [...at('/secret', 403, 403), ...at('/open', 200, 429)],
    ),
    vault(
      'a limit of the namespace holds for its services',
      limited('{kind: Namespace, name: shop}', 'requests: 1'),
      rows(200, 429),
    ),
    vault(
      'a limit of the workload holds for it',
      limited('{kind: Workload, name: vault}', 'requests: 1'),
      rows(200, 429),
    ),
    vault(
      'a limit of another service does not count',
      limited('{kind: Service, name: ratings}', 'requests: 1'),
      rows(200, 200),
    ),
    {
      name: 'rate limits: a limit of the mesh holds everywhere',
      resources: resource(
        'RateLimit',
        fresh('mesh'),
        `{targetRef: {kind: Mesh}, limits: [{name: ${fresh('limit')}, match: {methods: [GET]}, requests: 1, interval: 1h}]}`,
        'malha-system',
      ),
      exchanges: [asked({ host: 'vault.shop' }, 200), asked({ host: 'vault.shop' }, 429)],
    },
    {
      name: 'rate limits: ports of one service have buckets of their own',
      resources: limits('requests: 1'),
      exchanges: [
        asked({ host: 'vault.shop' }, 200),
        asked({ host: 'vault.shop:81' }, 200),
        asked({ host: 'vault.shop' }, 429),
        asked({ host: 'vault.shop:81' }, 429),
      ],
    },
    vault('over HTTP/2 too', limits('requests: 1'), [
      [{ protocol: 'h2' }, 200],
      [{ protocol: 'h2' }, 429],
    ]),
    vault('a refusal says when to come back', limits('requests: 1'), [
      ...rows(200),
      [GET, { status: 429, backend: null, headers: { 'retry-after': '3600' } }],
    ]),
    {
      ...vault('a refusal names the limit in the headers of the draft', limits('requests: 2, burst: 1'), [
        [GET, { status: 200, headers: { ratelimit: null } }],
        [GET, { status: 429, backend: null, headers: { 'retry-after': '1800' } }],
      ]),
    },
    {
      name: 'rate limits: quotaHeaders Always tells what is left with every answer',
      resources: resource(
        'RateLimit',
        'told',
        '{targetRef: {kind: Service, name: vault}, quotaHeaders: Always, limits: [{name: told, requests: 2, interval: 1h}]}',
      ),
      exchanges: [
        {
          request: { host: 'vault.shop' },
          expect: { status: 200, headers: { 'ratelimit-policy': '"told";q=2;w=3600', ratelimit: '"told";r=1;t=1800' } },
        },
      ],
      leftOut: { envoy: NO_X },
    },
    {
      name: 'rate limits: connections of bytes beyond their limit are closed',
      resources:
        BYTES_OF_VAULT +
        resource(
          'RateLimit',
          fresh('connections'),
          '{targetRef: {kind: Service, name: bytes}, connections: {limit: 2, interval: 1h}}',
        ),
      caller: { via: 'upstream', upstream: 'bytes' },
      exchanges: [
        asked({ host: 'bytes' }, { status: 200, backend: 'vault:8081' }),
        asked({ host: 'bytes' }, { status: 200, backend: 'vault:8081' }),
        asked({ host: 'bytes' }, { status: 'closed', backend: null }),
      ],
      leftOut: { envoy: 'the connection by which the harness waits for a listener counts too' },
    },
    {
      name: 'rate limits: no connection is left after that of the probe',
      resources:
        BYTES_OF_VAULT +
        resource(
          'RateLimit',
          fresh('connections'),
          '{targetRef: {kind: Service, name: bytes}, connections: {limit: 1, interval: 1h}}',
        ),
      caller: { via: 'upstream', upstream: 'bytes' },
      exchanges: [asked({ host: 'bytes' }, { status: 'closed', backend: null })],
      leftOut: { engine: PROBED, sidecar: PROBED },
    },
    {
      name: 'rate limits: a limit of a route holds at the proxy of the caller',
      resources: route('limited', `[{${to('v1')}}]`) + limited('{kind: HTTPRoute, name: limited}', 'requests: 2'),
      exchanges: [200, 200, 429].map((status) => asked({ host: 'reviews' }, status)),
    },
    {
      name: 'rate limits: a limit of one rule leaves the others alone',
      resources:
        route('limited', `[${LIMITED_RULE}, ${to('v1')}}, {name: free, ${to('v1')}}]`) +
        limited('{kind: HTTPRoute, name: limited, sectionName: limited}', 'requests: 1'),
      exchanges: [
        asked({ host: 'reviews', path: '/limited' }, 200),
        asked({ host: 'reviews', path: '/limited' }, 429),
        asked({ host: 'reviews', path: '/free' }, 200),
        asked({ host: 'reviews', path: '/free' }, 200),
      ],
    },
    {
      name: 'rate limits: matches of one rule share its limit',
      resources:
        route('limited', `[{name: both, matches: [{path: {value: /a}}, {path: {value: /b}}], ${to('v1')}}]`) +
        limited('{kind: HTTPRoute, name: limited, sectionName: both}', 'requests: 1'),
      exchanges: [asked({ host: 'reviews', path: '/a' }, 200), asked({ host: 'reviews', path: '/b' }, 429)],
    },
    {
      name: 'rate limits: a limit of a route by header',
      resources:
        route('limited', `[{${to('v1')}}]`) +
        limited('{kind: HTTPRoute, name: limited}', 'requests: 1, by: [{type: Header, name: x-user}]'),
      exchanges: ['a', 'b'].flatMap((user) =>
        [200, 429].map((status) => asked({ host: 'reviews', headers: [['x-user', user]] }, status)),
      ),
    },
    {
      name: 'rate limits: methods that may be tried again and those that may not share a limit of their rule',
      resources:
        route('limited', `[{${to('v1')}}]`) +
        limited('{kind: HTTPRoute, name: limited}', 'requests: 2, match: {methods: [GET, POST]}'),
      exchanges: [
        asked({ host: 'reviews', method: 'GET' }, 200),
        asked({ host: 'reviews', method: 'POST' }, 200),
        asked({ host: 'reviews', method: 'GET' }, 429),
        asked({ host: 'reviews', method: 'POST' }, 429),
      ],
    },
    {
      name: 'rate limits: a call of gRPC gets RESOURCE_EXHAUSTED',
      resources:
        resource(
          'RateLimit',
          fresh('calls'),
          `{targetRef: {kind: GRPCRoute, name: calls}, limits: [{name: ${fresh('limit')}, requests: 1, interval: 1h}]}`,
        ) +
        `---
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: calls, namespace: shop}
spec:
  parentRefs: [{group: "", kind: Service, name: ledger}]
  rules: [{backendRefs: [{name: ledger, port: 80}]}]
`,
      exchanges: [0, 8].map((grpcStatus) => ({
        request: { host: 'ledger', path: '/ledger.Ledger/Add', protocol: 'grpc' as const },
        expect: { grpcStatus },
      })),
    },
  ],
};
