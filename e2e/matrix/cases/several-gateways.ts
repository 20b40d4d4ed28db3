// Two Gateways at once, each served by a proxy of its own, often on ports of the same number: whose route is whose.
import { resource, to } from '../src/authoring.ts';
import type { Caller, Exchange, MatrixCase, Section } from '../src/case.ts';
import {
  gatewayOf,
  grant,
  HTTP_PORT,
  HTTPS_PORT,
  listener,
  OTHER_PORT,
  TCP_PORT,
  TLS_PORT,
  visit,
} from '../src/edge.ts';

/** Of Gateway `shop/edge`, and of `other/porch`. */
const EDGE: Caller = { via: 'gateway', port: HTTP_PORT };
const PORCH: Caller = { via: 'gateway', port: HTTP_PORT, edge: 'other/visitor' };

const [V1, V2, V3] = ['reviews-v1', 'reviews-v2', 'reviews-v3'];
const ALL = (version: string) => `[{${to(version)}}]`;
const ARCHIVE = '[{backendRefs: [{name: archive, namespace: other, port: 80}]}]';
const FROM_ALL = 'allowedRoutes: {namespaces: {from: All}}';
const FROM_TEAM = 'allowedRoutes: {namespaces: {from: Selector, selector: {matchLabels: {team: a}}}}';

const http = (name: string, more = '', port = HTTP_PORT) => listener(name, `port: ${port}, protocol: HTTP`, more);
const https = (name: string, certificate: string) =>
  listener(name, `port: ${HTTPS_PORT}, protocol: HTTPS`, `${FROM_ALL}, tls: {certificateRefs: [{${certificate}}]}`);

const edge = (...listeners: readonly string[]) => gatewayOf(listeners.length === 0 ? [http('web')] : listeners);
const porch = (...listeners: readonly string[]) =>
  gatewayOf(listeners.length === 0 ? [http('web', FROM_ALL)] : listeners).replace(
    'metadata: {name: edge, namespace: shop',
    'metadata: {name: porch, namespace: other',
  );

const AT_EDGE = 'name: edge, namespace: shop';
const AT_PORCH = 'name: porch, namespace: other';

interface Place {
  readonly kind?: 'HTTPRoute' | 'GRPCRoute' | 'TCPRoute' | 'TLSRoute';
  readonly namespace?: string;
  readonly hostnames?: string;
}

/** `parents` and `rules` in flow style. */
function routeOf(
  name: string,
  parents: readonly string[],
  rules: string,
  { kind = 'HTTPRoute', namespace = 'shop', hostnames }: Place = {},
): string {
  return `---
apiVersion: gateway.networking.k8s.io/v1
kind: ${kind}
metadata: {name: ${name}, namespace: ${namespace}}
spec:
  parentRefs: [${parents.map((parent) => `{${parent}}`).join(', ')}]
${hostnames === undefined ? '' : `  hostnames: [${hostnames}]\n`}  rules: ${rules}
`;
}

const BOTH = (rules: string, more: Place = {}) => routeOf('r', [AT_EDGE, AT_PORCH], rules, more);

/** Requests by host and path, first at one Gateway and then at the other. */
type Answers = readonly (readonly [url: string, answer: string | number])[];
const asked = (caller: Caller, answers: Answers): Exchange[] =>
  answers.map(([url, answer]) => ({ ...visit(url, answer), caller }));

const both = (name: string, resources: string, atEdge: Answers, atPorch: Answers): MatrixCase => ({
  name: `gateways: ${name}`,
  resources,
  exchanges: [...asked(EDGE, atEdge), ...asked(PORCH, atPorch)],
});

const WWW = 'www.example.com';
const opened = (caller: Caller): Exchange => ({ ...visit(WWW, V1), caller });
const closed = (caller: Caller): Exchange => ({
  caller,
  request: { host: WWW },
  expect: { status: 'closed', backend: null },
});

const attachments: readonly MatrixCase[] = [
  both(
    'ports of one number are told apart by their Gateway',
    edge() + porch() + routeOf('a', [AT_EDGE], ALL('v1')) + routeOf('b', [AT_PORCH], ALL('v2')),
    [[WWW, V1]],
    [[WWW, V2]],
  ),
  both(
    'a route of one Gateway is no route of the other',
    edge() + porch() + routeOf('r', [AT_PORCH], ALL('v2')),
    [[WWW, 404]],
    [[WWW, V2]],
  ),
  both('one route to two, as HTTPRouteMultipleGateways', edge() + porch() + BOTH(ALL('v3')), [[WWW, V3]], [[WWW, V3]]),
  both(
    'one route to a listener of each by sectionName',
    edge(http('a', 'hostname: a.example.com'), http('b', 'hostname: b.example.com')) +
      porch(http('a', `hostname: a.example.com, ${FROM_ALL}`), http('b', `hostname: b.example.com, ${FROM_ALL}`)) +
      routeOf('r', [`${AT_EDGE}, sectionName: a`, `${AT_PORCH}, sectionName: b`], ALL('v1')),
    [
      ['a.example.com', V1],
      ['b.example.com', 404],
    ],
    [
      ['a.example.com', 404],
      ['b.example.com', V1],
    ],
  ),
  {
    name: 'gateways: one route to a port of each by its number',
    resources:
      edge(http('one'), http('two', '', OTHER_PORT)) +
      porch(http('one', FROM_ALL), http('two', FROM_ALL, OTHER_PORT)) +
      routeOf('r', [`${AT_EDGE}, port: ${OTHER_PORT}`, `${AT_PORCH}, port: ${HTTP_PORT}`], ALL('v1')),
    exchanges: [
      ...asked(EDGE, [[WWW, 404]]),
      ...asked({ ...EDGE, port: OTHER_PORT }, [[WWW, V1]]),
      ...asked(PORCH, [[WWW, V1]]),
      ...asked({ ...PORCH, port: OTHER_PORT }, [[WWW, 404]]),
    ],
  },
  both(
    'the hostnames of one route are cut with those of each listener',
    edge(http('web', 'hostname: "*.example.com"')) +
      porch(http('web', `hostname: "*.example.org", ${FROM_ALL}`)) +
      BOTH(ALL('v1'), { hostnames: 'www.example.com, www.example.org' }),
    [
      ['www.example.com', V1],
      ['www.example.org', 404],
    ],
    [
      ['www.example.com', 404],
      ['www.example.org', V1],
    ],
  ),
  both(
    'routes of one Gateway with the more specific hostname take nothing at the other',
    edge() +
      porch() +
      routeOf('wide', [AT_EDGE, AT_PORCH], ALL('v1')) +
      routeOf('narrow', [AT_EDGE], ALL('v2'), { hostnames: WWW }),
    [[WWW, V2]],
    [[WWW, V1]],
  ),
  both(
    'a route to two sections of one Gateway and to the whole of another',
    edge(
      http('a', 'hostname: a.example.com'),
      http('b', 'hostname: b.example.com'),
      http('c', 'hostname: c.example.com'),
    ) +
      porch() +
      routeOf('r', [`${AT_EDGE}, sectionName: a`, `${AT_EDGE}, sectionName: c`, AT_PORCH], ALL('v1')),
    [
      ['a.example.com', V1],
      ['b.example.com', 404],
      ['c.example.com', V1],
    ],
    [['b.example.com', V1]],
  ),
  {
    name: 'gateways: one of another class serves nothing, the one beside it does',
    resources: edge() + porch().replace('gatewayClassName: malha', 'gatewayClassName: nginx') + BOTH(ALL('v1')),
    exchanges: [opened(EDGE), closed(PORCH)],
  },
];

/** Namespace `shop` with a label that listeners may ask for. */
const TEAM = resource('Namespace', 'shop', '{}').replace('{name: shop}', '{name: shop, labels: {team: a}}');

const admissions: readonly MatrixCase[] = [
  both(
    'each listener says itself which namespaces it takes',
    edge() + porch(http('web')) + BOTH(ALL('v1')),
    [[WWW, V1]],
    [[WWW, 404]],
  ),
  both(
    'a selector of namespaces, with the label',
    TEAM + edge() + porch(http('web', FROM_TEAM)) + BOTH(ALL('v1')),
    [[WWW, V1]],
    [[WWW, V1]],
  ),
  both(
    'a selector of namespaces, without the label',
    edge() + porch(http('web', FROM_TEAM)) + BOTH(ALL('v1')),
    [[WWW, V1]],
    [[WWW, 404]],
  ),
  both(
    'from: None takes no route, not even of its own namespace',
    edge(http('web', 'allowedRoutes: {namespaces: {from: None}}')) + porch() + BOTH(ALL('v1')),
    [[WWW, 404]],
    [[WWW, V1]],
  ),
  both(
    'each listener says itself which kinds of routes it takes',
    edge(http('web', 'allowedRoutes: {kinds: [{kind: GRPCRoute}]}')) + porch() + BOTH(ALL('v1')),
    [[WWW, 404]],
    [[WWW, V1]],
  ),
  both(
    'a parent without a namespace is of that of the route',
    edge() +
      porch() +
      routeOf('own', ['name: porch'], '[{backendRefs: [{name: archive, port: 80}]}]', { namespace: 'other' }) +
      routeOf('none', ['name: porch'], ALL('v1')),
    [[WWW, 404]],
    [[WWW, 'archive']],
  ),
];

const VAULT = '[{backendRefs: [{name: vault, port: 80}]}]';
const MOVED =
  '[{filters: [{type: RequestRedirect, requestRedirect: {path: {type: ReplaceFullPath, replaceFullPath: /new}}}]}]';
const CLAIM = { host: WWW, headers: [['X-Forwarded-For', '203.0.113.7']] } as const;
const client = (address: string) => ({ backend: V1, saw: { headers: { 'x-forwarded-for': address } } });

const requests: readonly MatrixCase[] = [
  both(
    'each calls into the mesh under an identity of its own',
    edge() +
      porch() +
      BOTH(VAULT) +
      resource(
        'AuthorizationPolicy',
        'porch-only',
        '{targetRef: {kind: Service, name: vault}, action: ALLOW, rules: [{from: {principals: ["spiffe://mesh.local/ns/other/sa/visitor"]}}]}',
      ),
    [[WWW, 403]],
    [[WWW, 'vault']],
  ),
  {
    name: 'gateways: a redirect of one route names the port of the listener that it came to',
    resources: edge() + porch(http('web', FROM_ALL, OTHER_PORT)) + BOTH(MOVED),
    exchanges: [
      { ...visit(WWW, 302, { headers: { location: `http://${WWW}:${HTTP_PORT}/new` } }), caller: EDGE },
      {
        ...visit(WWW, 302, { headers: { location: `http://${WWW}:${OTHER_PORT}/new` } }),
        caller: { ...PORCH, port: OTHER_PORT },
      },
    ],
  },
  {
    name: 'gateways: each has its own number of trusted proxies before it',
    resources:
      edge() +
      porch().replace('namespace: other}', 'namespace: other, annotations: {gateway.malha.dev/trusted-hops: "1"}}') +
      BOTH(ALL('v1')),
    exchanges: [
      { caller: EDGE, request: CLAIM, expect: client('127.0.0.1') },
      { caller: PORCH, request: CLAIM, expect: client('203.0.113.7') },
    ],
  },
  {
    name: 'gateways: a GRPCRoute of two',
    resources:
      edge() +
      porch() +
      BOTH('[{matches: [{method: {service: shop.Ledger}}], backendRefs: [{name: ledger, port: 80}]}]', {
        kind: 'GRPCRoute',
      }),
    exchanges: [EDGE, PORCH].flatMap((caller): Exchange[] => [
      {
        caller,
        request: { host: WWW, protocol: 'grpc', path: '/shop.Ledger/Get' },
        expect: { backend: 'ledger', grpcStatus: 0 },
      },
      {
        caller,
        request: { host: WWW, protocol: 'grpc', path: '/shop.Other/Get' },
        expect: { backend: null, grpcStatus: 12 },
      },
    ]),
  },
];

const TO_ARCHIVE = grant('shop', 'HTTPRoute', 'kind: Service, name: archive', 'other');
const FROM_OTHER = '[{backendRefs: [{name: reviews, namespace: shop, port: 80}]}]';

const grants: readonly MatrixCase[] = [
  both('a backend without a grant is an error at each', edge() + porch() + BOTH(ARCHIVE), [[WWW, 500]], [[WWW, 500]]),
  both(
    'the grant of a backend holds at each, whose namespace it is in or not',
    edge() + porch() + BOTH(ARCHIVE) + TO_ARCHIVE,
    [[WWW, 'archive']],
    [[WWW, 'archive']],
  ),
  both(
    'the namespace of the route asks for the grant, not that of the Gateway',
    edge(http('web', FROM_ALL)) +
      porch() +
      routeOf('r', [AT_EDGE, AT_PORCH], FROM_OTHER, { namespace: 'other' }) +
      grant('shop', 'HTTPRoute', 'kind: Service'),
    [[WWW, 500]],
    [[WWW, 500]],
  ),
  both(
    'a grant for another kind of route does not hold',
    edge() + porch() + BOTH(ARCHIVE) + grant('shop', 'GRPCRoute', 'kind: Service', 'other'),
    [[WWW, 500]],
    [[WWW, 500]],
  ),
  both(
    'what one grant says of callers and another of backends is not added up',
    edge() +
      porch() +
      BOTH(ARCHIVE) +
      grant('shop', 'HTTPRoute', 'kind: Service, name: visitor', 'other') +
      grant('down', 'HTTPRoute', 'kind: Service, name: archive', 'other'),
    [[WWW, 500]],
    [[WWW, 500]],
  ),
  both(
    'one of several grants suffices',
    edge() + porch() + BOTH(ARCHIVE) + grant('down', 'HTTPRoute', 'kind: Service, name: archive', 'other') + TO_ARCHIVE,
    [[WWW, 'archive']],
    [[WWW, 'archive']],
  ),
];

const secure = (name: string, resources: string, exchanges: readonly Exchange[]): MatrixCase => ({
  name: `gateways: HTTPS, ${name}`,
  resources: resources + BOTH(ALL('v1')),
  exchanges,
});
const SECURE_EDGE: Caller = { ...EDGE, port: HTTPS_PORT, serverName: WWW };
const SECURE_PORCH: Caller = { ...PORCH, port: HTTPS_PORT, serverName: WWW };

const certificates: readonly MatrixCase[] = [
  secure(
    'each shows the certificate of its own namespace without a grant',
    edge(https('web', 'name: www')) + porch(https('web', 'name: lent')),
    [opened(SECURE_EDGE), opened(SECURE_PORCH)],
  ),
  secure(
    'one certificate for two: the Gateway of another namespace is not allowed to show it',
    edge(https('web', 'name: lent, namespace: other')) + porch(https('web', 'name: lent')),
    [closed(SECURE_EDGE), opened(SECURE_PORCH)],
  ),
  secure(
    'one certificate for two, with a grant',
    edge(https('web', 'name: lent, namespace: other')) +
      porch(https('web', 'name: lent')) +
      grant('shop', 'Gateway', 'kind: Secret, name: lent', 'other'),
    [opened(SECURE_EDGE), opened(SECURE_PORCH)],
  ),
  secure(
    'a grant to the Gateways of one namespace is none to those of another',
    edge(https('web', 'name: www')) +
      porch(https('web', 'name: www, namespace: shop')) +
      grant('down', 'Gateway', 'kind: Secret'),
    [opened(SECURE_EDGE), closed(SECURE_PORCH)],
  ),
];

const bytesOf = (name: string, namespace: string, app: string, protocol: string) => `---
apiVersion: malha.dev/v1
kind: Service
metadata: {name: ${name}, namespace: ${namespace}}
spec: {selector: {app: ${app}}, ports: [{port: 5432, targetPort: 8080, appProtocol: ${protocol}}]}
`;
const tcp = (more = '') => listener('bytes', `port: ${TCP_PORT}, protocol: TCP`, more);
const passed = (more = '') => listener('names', `port: ${TLS_PORT}, protocol: TLS, tls: {mode: Passthrough}`, more);
const backend = (name: string, more = '') => `[{backendRefs: [{name: ${name}, port: 5432${more}}]}]`;
const reached = (caller: Caller, app: string): Exchange => ({
  caller,
  request: { host: 'whoever', body: 'bytes' },
  expect: { backend: app, saw: { body: 'bytes' } },
});

const connections: readonly MatrixCase[] = [
  {
    name: 'gateways: TCP ports of one number, each with the route of its Gateway',
    resources:
      edge(tcp()) +
      porch(tcp()) +
      bytesOf('bytes', 'shop', 'ratings', 'tcp') +
      bytesOf('store', 'other', 'archive', 'tcp') +
      routeOf('a', [AT_EDGE], backend('bytes'), { kind: 'TCPRoute' }) +
      routeOf('b', [AT_PORCH], backend('store'), { kind: 'TCPRoute', namespace: 'other' }),
    exchanges: [reached({ ...EDGE, port: TCP_PORT }, 'ratings'), reached({ ...PORCH, port: TCP_PORT }, 'archive')],
  },
  {
    name: 'gateways: of a TCPRoute of two, each Gateway takes it when it is the oldest there',
    resources:
      edge(tcp()) +
      porch(tcp(FROM_ALL)) +
      bytesOf('bytes', 'shop', 'ratings', 'tcp') +
      bytesOf('store', 'other', 'archive', 'tcp') +
      routeOf('first', [AT_PORCH], backend('store'), { kind: 'TCPRoute', namespace: 'other' }) +
      routeOf('second', [AT_EDGE, AT_PORCH], backend('bytes'), { kind: 'TCPRoute' }),
    exchanges: [reached({ ...EDGE, port: TCP_PORT }, 'ratings'), reached({ ...PORCH, port: TCP_PORT }, 'archive')],
  },
  {
    name: 'gateways: one name of TLS that each passes on, one of them without a grant for the backend',
    resources:
      edge(passed()) +
      porch(passed()) +
      bytesOf('sealed', 'shop', 'sealed', 'tls') +
      routeOf('a', [AT_EDGE], backend('sealed'), { kind: 'TLSRoute', hostnames: 'mail.example.com' }) +
      routeOf('b', [AT_PORCH], backend('sealed', ', namespace: shop'), {
        kind: 'TLSRoute',
        namespace: 'other',
        hostnames: 'mail.example.com',
      }),
    exchanges: [
      reached({ ...EDGE, port: TLS_PORT, serverName: 'mail.example.com' }, 'sealed'),
      closed({ ...PORCH, port: TLS_PORT, serverName: 'mail.example.com' }),
    ],
  },
];

export const severalGateways: Section = {
  name: 'several gateways',
  cases: [...attachments, ...admissions, ...requests, ...grants, ...certificates, ...connections],
};
