// Connections of bytes: declared upstreams, TCPRoute by weight, TLSRoute by server name, authorization without HTTP.
import type { Caller, MatrixCase, Section } from '../src/case.ts';

const BYTES: Caller = { via: 'upstream', upstream: 'bytes' };
const LENT: Caller = { via: 'upstream', upstream: 'lent' };
const sealed = (serverName?: string): Caller =>
  serverName === undefined
    ? { via: 'upstream', upstream: 'sealed' }
    : { via: 'upstream', upstream: 'sealed', serverName };

const VERSIONS = 'versions: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]';

const service = (name: string, spec: string, namespace = 'shop') => `
---
apiVersion: malha.dev/v1
kind: Service
metadata: {name: ${name}, namespace: ${namespace}}
spec: {${spec}}
`;

const bytes = (app: string, more = '') =>
  service('bytes', `selector: {app: ${app}}, ports: [{port: 5432, targetPort: 8080, appProtocol: tcp}]${more}`);

const tcpRoute = (name: string, backends: string, parent = 'name: bytes') => `
---
apiVersion: gateway.networking.k8s.io/v1
kind: TCPRoute
metadata: {name: ${name}, namespace: shop}
spec: {parentRefs: [{group: "", kind: Service, ${parent}}], rules: [{backendRefs: [${backends}]}]}
`;

const version = (name: string, weight: number) =>
  `{group: malha.dev, kind: ServiceVersion, name: bytes-${name}, weight: ${weight}}`;

/** Any request: the proxy does not look at it. */
const request = { host: 'whoever', path: '/whatever', method: 'PUT', body: 'bytes' };
const answered = (backend: string) => [{ request, expect: { backend, saw: { body: 'bytes', host: 'whoever' } } }];
const CLOSED = [{ request, expect: { status: 'closed' as const, backend: null } }];

/** The vault with a port of HTTP and one of bytes. */
const VAULT = `${service('vault', 'selector: {app: vault}, ports: [{port: 80, targetPort: 8080, appProtocol: http}]')}${service(
  'bytes',
  'selector: {app: vault}, ports: [{port: 5432, targetPort: 8081, appProtocol: tcp}]',
)}`;

function authorized(name: string, action: 'ALLOW' | 'DENY', rule: string, isAllowed: boolean): MatrixCase {
  const policy = `
---
apiVersion: malha.dev/v1
kind: AuthorizationPolicy
metadata: {name: connections, namespace: shop}
spec: {targetRef: {kind: Service, name: bytes}, action: ${action}, rules: [${rule}]}
`;
  return {
    name: `bytes: ${name}`,
    resources: VAULT + policy,
    caller: BYTES,
    exchanges: isAllowed ? answered('vault:8081') : CLOSED,
  };
}

const SEALED = `${service('sealed', 'selector: {app: sealed}, ports: [{port: 443, targetPort: 8080, appProtocol: tls}]')}
---
apiVersion: gateway.networking.k8s.io/v1
kind: TLSRoute
metadata: {name: named, namespace: shop}
spec:
  parentRefs: [{group: "", kind: Service, name: sealed}]
  hostnames: [mail.example.com, "*.wide.example.com"]
  rules: [{backendRefs: [{name: sealed, port: 443}]}]
`;

const byName = (name: string, caller: Caller, isRouted: boolean): MatrixCase => ({
  name: `server name: ${name}`,
  resources: SEALED,
  caller,
  exchanges: isRouted ? answered('sealed') : CLOSED,
});

const cases: MatrixCase[] = [
  {
    name: 'bytes: an upstream without a route goes to its service',
    resources: bytes('reviews, version: v2'),
    caller: BYTES,
    exchanges: answered('reviews-v2'),
  },
  {
    name: 'bytes: an upstream whose service does not exist is not listened for',
    caller: BYTES,
    exchanges: CLOSED,
  },
  {
    name: 'bytes: a port of HTTP is no upstream',
    resources: service('bytes', 'selector: {app: ratings}, ports: [{port: 5432, targetPort: 8080, appProtocol: http}]'),
    caller: BYTES,
    exchanges: CLOSED,
  },
  {
    name: 'bytes: connections are shared by the weights of a TCPRoute',
    resources: bytes('reviews', `, ${VERSIONS}`) + tcpRoute('split', `${version('v1', 3)}, ${version('v2', 1)}`),
    caller: BYTES,
    exchanges: [{ request, times: 200, expect: { share: { 'reviews-v1': 3, 'reviews-v2': 1 } } }],
  },
  {
    name: 'bytes: a weight of 0 gets nothing',
    resources: bytes('reviews', `, ${VERSIONS}`) + tcpRoute('split', `${version('v1', 0)}, ${version('v2', 1)}`),
    caller: BYTES,
    exchanges: [{ request, times: 30, expect: { backend: 'reviews-v2' } }],
  },
  {
    name: 'bytes: weights that are all 0 close the connection',
    resources: bytes('reviews', `, ${VERSIONS}`) + tcpRoute('split', `${version('v1', 0)}, ${version('v2', 0)}`),
    caller: BYTES,
    exchanges: CLOSED,
  },
  {
    name: 'bytes: the share of a backend that does not exist is closed',
    resources:
      bytes('reviews', `, ${VERSIONS}`) + tcpRoute('split', `${version('v1', 1)}, {name: nowhere, port: 1, weight: 1}`),
    caller: BYTES,
    exchanges: [{ request, times: 200, expect: { share: { 'reviews-v1': 1, 'status closed': 1 } } }],
  },
  {
    name: 'bytes: another service can be the backend',
    resources:
      bytes('reviews') +
      service('more', 'selector: {app: ratings}, ports: [{port: 7000, targetPort: 8080, appProtocol: tcp}]') +
      tcpRoute('elsewhere', '{name: more, port: 7000}'),
    caller: BYTES,
    exchanges: answered('ratings'),
  },
  {
    name: 'bytes: of two routes of one port the oldest has it',
    resources:
      bytes('reviews', `, ${VERSIONS}`) + tcpRoute('first', version('v1', 1)) + tcpRoute('second', version('v2', 1)),
    caller: BYTES,
    exchanges: [{ request, times: 20, expect: { backend: 'reviews-v1' } }],
  },
  {
    name: 'bytes: a route can name the port of its parent',
    resources:
      bytes('reviews', `, ${VERSIONS}`) +
      tcpRoute('other-port', version('v1', 1), 'name: bytes, port: 1') +
      tcpRoute('this-port', version('v2', 1), 'name: bytes, port: 5432'),
    caller: BYTES,
    exchanges: [{ request, times: 20, expect: { backend: 'reviews-v2' } }],
  },
  {
    name: 'bytes: an HTTPRoute has no say',
    resources: `${bytes('ratings')}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: http, namespace: shop}
spec: {parentRefs: [{group: "", kind: Service, name: bytes}], rules: [{backendRefs: [{name: reviews, port: 80}]}]}
`,
    caller: BYTES,
    exchanges: answered('ratings'),
  },
  {
    name: 'bytes: unhealthy workloads get no connection',
    resources: bytes('reviews', `, ${VERSIONS}`),
    unhealthy: ['shop/reviews-v1', 'shop/reviews-v3'],
    caller: BYTES,
    exchanges: [{ request, times: 20, expect: { backend: 'reviews-v2' } }],
  },
  {
    name: 'bytes: a service without healthy workloads closes the connection',
    resources: bytes('ratings'),
    unhealthy: ['shop/ratings'],
    caller: BYTES,
    exchanges: CLOSED,
  },
  {
    name: 'bytes: another endpoint is tried when one does not accept',
    resources: service('bytes', 'selector: {half: "yes"}, ports: [{port: 5432, targetPort: 8080, appProtocol: tcp}]'),
    caller: BYTES,
    exchanges: [{ request, times: 20, expect: { backend: 'ratings' } }],
    leftOut: { envoy: 'Envoy may try the endpoint that failed again: its TCP proxy does not avoid it' },
  },
  {
    name: 'bytes: a service of another namespace can be an upstream',
    resources: service(
      'lent',
      'selector: {app: archive}, ports: [{port: 5432, targetPort: 8080, appProtocol: tcp}]',
      'other',
    ),
    caller: LENT,
    exchanges: answered('archive'),
  },
  {
    name: "bytes: a consumer's route replaces the service's own",
    resources:
      service('lent', 'selector: {app: archive}, ports: [{port: 5432, targetPort: 8080, appProtocol: tcp}]', 'other') +
      bytes('ratings') +
      tcpRoute('mine', '{name: bytes, port: 5432}', 'name: lent, namespace: other'),
    caller: LENT,
    exchanges: answered('ratings'),
  },
  {
    name: 'bytes: a namespace that is closed to the caller has no upstreams for it',
    resources: `
apiVersion: malha.dev/v1
kind: Namespace
metadata: {name: other}
spec: {isolation: strict}
${service('lent', 'selector: {app: archive}, ports: [{port: 5432, targetPort: 8080, appProtocol: tcp}]', 'other')}`,
    caller: LENT,
    exchanges: CLOSED,
  },
  {
    name: 'bytes: mutual TLS leads to the port of bytes',
    resources: VAULT,
    caller: BYTES,
    exchanges: answered('vault:8081'),
  },
  authorized('ALLOW of the principal', 'ALLOW', '{from: {principals: ["spiffe://mesh.local/ns/shop/sa/front"]}}', true),
  authorized(
    'ALLOW of another principal',
    'ALLOW',
    '{from: {principals: ["spiffe://mesh.local/ns/shop/sa/x"]}}',
    false,
  ),
  authorized('ALLOW of the namespace', 'ALLOW', '{from: {namespaces: [shop]}}', true),
  authorized('ALLOW of another namespace', 'ALLOW', '{from: {namespaces: [other]}}', false),
  authorized('ALLOW of the address', 'ALLOW', '{from: {ipBlocks: ["127.0.0.0/8"]}}', true),
  authorized('ALLOW of another address', 'ALLOW', '{from: {ipBlocks: ["10.0.0.0/8"]}}', false),
  authorized('ALLOW of the port', 'ALLOW', '{to: {ports: [8081]}}', true),
  authorized('ALLOW of another port', 'ALLOW', '{to: {ports: [8080]}}', false),
  authorized('DENY of the namespace', 'DENY', '{from: {namespaces: [shop]}}', false),
  authorized('DENY of the port', 'DENY', '{to: {ports: [8081]}}', false),
  authorized('ALLOW of a method never matches', 'ALLOW', '{to: {methods: [PUT]}}', false),
  authorized('ALLOW of any path never matches', 'ALLOW', '{to: {paths: ["*"]}}', false),
  authorized('ALLOW of a host never matches', 'ALLOW', '{to: {hosts: [whoever]}}', false),
  authorized('DENY of a method never matches', 'DENY', '{to: {methods: [PUT]}}', true),
  authorized('DENY of a header never matches', 'DENY', '{when: [{header: x-any, values: ["*"]}]}', true),
  byName('exact', sealed('mail.example.com'), true),
  byName('in any case', sealed('MAIL.Example.com'), true),
  byName('a wildcard stands for a label', sealed('a.wide.example.com'), true),
  byName('a wildcard stands for several labels', sealed('a.b.wide.example.com'), true),
  byName('a wildcard does not stand for nothing', sealed('wide.example.com'), false),
  byName('unknown', sealed('other.example.com'), false),
  byName('bytes that are no TLS', sealed(), false),
];

export const upstreams: Section = { name: 'upstreams of bytes', cases };
