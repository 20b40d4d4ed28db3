// Listeners TLS and TCP of gateways: what is passed on or ended by server name, connections by weight, grants, isolation.
import type { Caller, MatrixCase, Section } from '../src/case.ts';
import { connectionRoute, gatewayOf, grant, listener, OTHER_PORT, TCP_PORT, TLS_PORT } from '../src/edge.ts';
import { conformanceConnections } from './conformance-connections.ts';

const service = (name: string, app: string, protocol: string, port = 5432, namespace = 'shop') => `---
apiVersion: malha.dev/v1
kind: Service
metadata: {name: ${name}, namespace: ${namespace}}
spec:
  selector: {app: ${app}}
  ports: [{port: ${port}, targetPort: 8080, appProtocol: ${protocol}}]
  versions: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]
`;

/** Any request: the gateway does not look at it. */
const request = { host: 'whoever', path: '/whatever', method: 'PUT', body: 'bytes' };
const answered = (backend: string) => [{ request, expect: { backend, saw: { body: 'bytes', host: 'whoever' } } }];
const CLOSED = [{ request, expect: { status: 'closed' as const, backend: null } }];

const BY_TCP: Caller = { via: 'gateway', port: TCP_PORT };
const byTls = (serverName?: string): Caller =>
  serverName === undefined ? { via: 'gateway', port: TLS_PORT } : { via: 'gateway', port: TLS_PORT, serverName };

const tcp = (name: string, more = '', port = TCP_PORT) => listener(name, `port: ${port}, protocol: TCP`, more);
const passthrough = (name: string, more = '') =>
  listener(name, `port: ${TLS_PORT}, protocol: TLS, tls: {mode: Passthrough}`, more);
const terminate = (name: string, certificate: string, more = '') =>
  listener(name, `port: ${TLS_PORT}, protocol: TLS, tls: {certificateRefs: [{${certificate}}]}`, more);

const BYTES = service('bytes', 'reviews', 'tcp');
const SEALED = service('sealed', 'sealed', 'tls', 443);
const VERSION = (name: string, weight: number) =>
  `{group: malha.dev, kind: ServiceVersion, name: bytes-${name}, port: 5432, weight: ${weight}}`;
const TO_BYTES = '{name: bytes, port: 5432}';
const TO_SEALED = '{name: sealed, port: 443}';

const tcpCase = (name: string, resources: string, exchanges: MatrixCase['exchanges']): MatrixCase => ({
  name: `gateway TCP: ${name}`,
  resources,
  caller: BY_TCP,
  exchanges,
});

const ONE_TCP = gatewayOf([tcp('bytes')]);
const OPEN_TCP = gatewayOf([tcp('bytes', 'allowedRoutes: {namespaces: {from: All}}')]);
const FROM_OTHER = connectionRoute('TCPRoute', 'r', '{name: bytes, namespace: shop, port: 5432}', {
  namespace: 'other',
});

const connections: readonly MatrixCase[] = [
  tcpCase(
    'a route leads to its backend',
    ONE_TCP + service('bytes', 'ratings', 'tcp') + connectionRoute('TCPRoute', 'r', TO_BYTES),
    answered('ratings'),
  ),
  tcpCase('a listener without a route closes connections', ONE_TCP, CLOSED),
  tcpCase(
    'connections are shared by weights',
    ONE_TCP + BYTES + connectionRoute('TCPRoute', 'r', `${VERSION('v1', 3)}, ${VERSION('v2', 1)}`),
    [{ request, times: 200, expect: { share: { 'reviews-v1': 3, 'reviews-v2': 1 } } }],
  ),
  tcpCase(
    'weights that are all 0 close the connection',
    ONE_TCP + BYTES + connectionRoute('TCPRoute', 'r', `${VERSION('v1', 0)}, ${VERSION('v2', 0)}`),
    CLOSED,
  ),
  tcpCase(
    'a backend that does not exist closes its share',
    ONE_TCP + BYTES + connectionRoute('TCPRoute', 'r', `${VERSION('v1', 1)}, {name: nowhere, port: 1, weight: 1}`),
    [{ request, times: 200, expect: { share: { 'reviews-v1': 1, 'status closed': 1 } } }],
  ),
  tcpCase(
    'of two routes the oldest has the listener',
    ONE_TCP +
      BYTES +
      connectionRoute('TCPRoute', 'first', VERSION('v1', 1)) +
      connectionRoute('TCPRoute', 'second', VERSION('v2', 1)),
    [{ request, times: 20, expect: { backend: 'reviews-v1' } }],
  ),
  tcpCase(
    'a route can name its listener',
    gatewayOf([tcp('other', '', OTHER_PORT), tcp('bytes')]) +
      BYTES +
      connectionRoute('TCPRoute', 'there', VERSION('v1', 1), { parent: 'sectionName: other' }) +
      connectionRoute('TCPRoute', 'here', VERSION('v2', 1), { parent: 'sectionName: bytes' }),
    [{ request, times: 20, expect: { backend: 'reviews-v2' } }],
  ),
  tcpCase(
    'a route of another namespace is not allowed unless the listener says so',
    ONE_TCP + BYTES + FROM_OTHER + grant('other', 'TCPRoute', 'kind: Service'),
    CLOSED,
  ),
  tcpCase(
    'a route of another namespace where the listener allows it',
    OPEN_TCP + service('bytes', 'ratings', 'tcp') + FROM_OTHER + grant('other', 'TCPRoute', 'kind: Service'),
    answered('ratings'),
  ),
  tcpCase('a backend of another namespace without a grant', OPEN_TCP + BYTES + FROM_OTHER, CLOSED),
  tcpCase(
    'a grant to another kind of route does not hold',
    OPEN_TCP + BYTES + FROM_OTHER + grant('other', 'TLSRoute', 'kind: Service'),
    CLOSED,
  ),
  tcpCase(
    'a port of HTTP is no backend',
    ONE_TCP + connectionRoute('TCPRoute', 'r', '{name: reviews, port: 80}'),
    CLOSED,
  ),
  tcpCase(
    'mutual TLS leads to a member of the mesh',
    ONE_TCP + service('bytes', 'vault', 'tcp') + connectionRoute('TCPRoute', 'r', TO_BYTES),
    answered('vault'),
  ),
  tcpCase(
    'of listeners with one port the first one keeps its protocol',
    gatewayOf([tcp('bytes'), listener('web', `port: ${TCP_PORT}, protocol: HTTP`)]) +
      service('bytes', 'ratings', 'tcp') +
      connectionRoute('TCPRoute', 'r', TO_BYTES),
    answered('ratings'),
  ),
];

const named = (name: string, serverName: string | undefined, isRouted: boolean): MatrixCase => ({
  name: `gateway TLS passed on: ${name}`,
  resources: NAMES,
  caller: byTls(serverName),
  exchanges: isRouted ? answered('sealed') : CLOSED,
});

/** The listener of the wildcard has the names of its suffix, but for those that are another listener's. */
const NAMES =
  gatewayOf([passthrough('wild', 'hostname: "*.example.com"'), passthrough('own', 'hostname: own.example.com')]) +
  SEALED +
  connectionRoute('TLSRoute', 'named', TO_SEALED, {
    parent: 'sectionName: wild',
    hostnames: 'mail.example.com, "*.wide.example.com", own.example.com, mail.example.org',
  });

const passedOn: readonly MatrixCase[] = [
  named('by the name of the ClientHello', 'mail.example.com', true),
  named('in any case', 'MAIL.Example.com', true),
  named('a wildcard stands for a label', 'a.wide.example.com', true),
  named('a wildcard stands for several labels', 'a.b.wide.example.com', true),
  named('a wildcard does not stand for nothing', 'wide.example.com', false),
  named('a name of the listener that no route has', 'other.example.com', false),
  named('a name of the route that the listener does not have', 'mail.example.org', false),
  named('a name that is that of another listener, which has no route', 'own.example.com', false),
  named('bytes that are no TLS', undefined, false),
  {
    name: 'gateway TLS passed on: without hostnames any name is taken',
    resources: gatewayOf([passthrough('all')]) + SEALED + connectionRoute('TLSRoute', 'r', TO_SEALED),
    caller: byTls('whatever.example.org'),
    exchanges: answered('sealed'),
  },
  {
    name: 'gateway TLS passed on: a TCPRoute is not for this listener',
    resources: gatewayOf([passthrough('all')]) + SEALED + connectionRoute('TCPRoute', 'r', TO_SEALED),
    caller: byTls('mail.example.com'),
    exchanges: CLOSED,
  },
  {
    name: 'gateway TLS passed on: of two routes with one name the oldest has it',
    resources:
      gatewayOf([passthrough('all')]) +
      SEALED +
      connectionRoute('TLSRoute', 'first', TO_SEALED, { hostnames: 'mail.example.com' }) +
      connectionRoute('TLSRoute', 'second', '{name: nowhere, port: 1}', { hostnames: 'mail.example.com' }),
    caller: byTls('mail.example.com'),
    exchanges: answered('sealed'),
  },
  {
    name: 'gateway TLS passed on: a backend of another namespace without a grant',
    resources:
      gatewayOf([passthrough('all', 'allowedRoutes: {namespaces: {from: All}}')]) +
      SEALED +
      connectionRoute('TLSRoute', 'r', '{name: sealed, namespace: shop, port: 443}', { namespace: 'other' }),
    caller: byTls('mail.example.com'),
    exchanges: CLOSED,
  },
];

const ended = (
  name: string,
  resources: string,
  serverName: string | undefined,
  exchanges: MatrixCase['exchanges'],
): MatrixCase => ({
  name: `gateway TLS ended: ${name}`,
  resources,
  caller: byTls(serverName),
  exchanges,
});

const ONE_ENDED = gatewayOf([terminate('www', 'name: www', 'hostname: www.example.com')]);
const RATINGS = service('bytes', 'ratings', 'tcp');
const BORROWED = gatewayOf([terminate('www', 'name: lent, namespace: other')]);

const terminated: readonly MatrixCase[] = [
  ended(
    'a TCPRoute gets what was inside',
    ONE_ENDED + RATINGS + connectionRoute('TCPRoute', 'r', TO_BYTES),
    'www.example.com',
    answered('ratings'),
  ),
  ended(
    'a TLSRoute chooses by the server name',
    gatewayOf([terminate('all', 'name: www')]) +
      BYTES +
      connectionRoute('TLSRoute', 'one', VERSION('v1', 1), { hostnames: 'one.example.com' }) +
      connectionRoute('TLSRoute', 'two', VERSION('v2', 1), { hostnames: 'two.example.com' }),
    'two.example.com',
    [{ request, times: 20, expect: { backend: 'reviews-v2' } }],
  ),
  ended(
    'a server name that no listener has',
    ONE_ENDED + RATINGS + connectionRoute('TCPRoute', 'r', TO_BYTES),
    'www.example.org',
    CLOSED,
  ),
  ended('bytes that are no TLS', ONE_ENDED + RATINGS + connectionRoute('TCPRoute', 'r', TO_BYTES), undefined, CLOSED),
  ended('a listener without a route closes connections', ONE_ENDED, 'www.example.com', CLOSED),
  ended(
    'one port can end TLS for one name and pass it on for another',
    gatewayOf([terminate('www', 'name: www', 'hostname: www.example.com'), passthrough('rest')]) +
      RATINGS +
      SEALED +
      connectionRoute('TCPRoute', 'inside', TO_BYTES, { parent: 'sectionName: www' }) +
      connectionRoute('TLSRoute', 'through', TO_SEALED, { parent: 'sectionName: rest' }),
    'www.example.com',
    answered('ratings'),
  ),
  ended(
    'a certificate of another namespace without a grant is not shown',
    BORROWED + RATINGS + connectionRoute('TCPRoute', 'r', TO_BYTES),
    'www.example.com',
    CLOSED,
  ),
  ended(
    'a certificate of another namespace with a grant',
    BORROWED +
      RATINGS +
      connectionRoute('TCPRoute', 'r', TO_BYTES) +
      grant('shop', 'Gateway', 'kind: Secret, name: lent', 'other'),
    'www.example.com',
    answered('ratings'),
  ),
];

const EXACT = connectionRoute('TLSRoute', 'exact', VERSION('v1', 1), { hostnames: 'abc.example.com' });

/** Route `exact` to v1, route `wild` with the hostname to v2; each name with the backend that answers, or none. */
function intersection(
  name: string,
  listenerHostname: string,
  routes: string,
  answers: readonly (readonly [serverName: string, backend: string | null])[],
): MatrixCase[] {
  const hostname = listenerHostname === '' ? '' : `hostname: "${listenerHostname}"`;
  const resources = gatewayOf([terminate('a', 'name: www', hostname)]) + BYTES + routes;
  return answers.map(([serverName, backend]) => ({
    name: `gateway TLS: hostname intersection, as TLSRouteHostnameIntersection: ${name}, ${serverName}`,
    resources,
    caller: byTls(serverName),
    exchanges: backend === null ? CLOSED : [{ request, times: 8, expect: { backend } }],
  }));
}

const wild = (hostname: string) =>
  connectionRoute('TLSRoute', 'wild', VERSION('v2', 1), { hostnames: `"${hostname}"` });

const intersections: readonly MatrixCase[] = [
  ...intersection('exact listener', 'abc.example.com', wild('*.example.com'), [
    ['abc.example.com', 'reviews-v2'],
    ['non.matching.com', null],
  ]),
  ...intersection('a listener that is more specific', '*.example.com', EXACT + wild('*.com'), [
    ['abc.example.com', 'reviews-v1'],
    ['other.example.com', 'reviews-v2'],
    ['non.matching.com', null],
  ]),
  ...intersection('a listener that is less specific', '*.com', EXACT + wild('*.example.com'), [
    ['abc.example.com', 'reviews-v1'],
    ['other.example.com', 'reviews-v2'],
    ['non.matching.com', null],
  ]),
  ...intersection('a listener without a hostname', '', EXACT + wild('*.com'), [
    ['abc.example.com', 'reviews-v1'],
    ['other.example.com', 'reviews-v2'],
    ['non.matching.org', null],
  ]),
];

export const gatewayConnections: Section = {
  name: 'connections of gateways',
  cases: [...connections, ...passedOn, ...terminated, ...intersections, ...conformanceConnections],
};
