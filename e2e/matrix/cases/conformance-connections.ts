// The Gateway API's conformance tests for TCPRoute, TLSRoute and grants of certificates that no other section re-expresses.

import { to } from '../src/authoring.ts';
import type { Caller, Exchange, MatrixCase } from '../src/case.ts';
import {
  connectionRoute,
  edgeRoute,
  gatewayOf,
  grant,
  HTTP_PORT,
  HTTPS_PORT,
  listener,
  OTHER_PORT,
  outsideBy,
  TCP_PORT,
  TLS_PORT,
  visit,
} from '../src/edge.ts';

const THIRD_PORT = 9_001;

const service = (name: string, app: string, protocol: string, namespace = 'shop') => `---
apiVersion: malha.dev/v1
kind: Service
metadata: {name: ${name}, namespace: ${namespace}}
spec:
  selector: {app: ${app}}
  ports: [{port: 5432, targetPort: 8080, appProtocol: ${protocol}}]
  versions: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]
`;
const BYTES = service('bytes', 'reviews', 'tcp');
const STORE = service('store', 'archive', 'tcp', 'other');
const SEALED = service('sealed', 'sealed', 'tls');
const version = (name: string, weight = 1) =>
  `{group: malha.dev, kind: ServiceVersion, name: bytes-${name}, port: 5432, weight: ${weight}}`;

const tcp = (name: string, port = TCP_PORT) => listener(name, `port: ${port}, protocol: TCP`);
const passthrough = (name: string, hostname: string) =>
  listener(name, `port: ${TLS_PORT}, protocol: TLS, tls: {mode: Passthrough}`, `hostname: ${hostname}`);
const terminate = (name: string, hostname: string) =>
  listener(name, `port: ${TLS_PORT}, protocol: TLS, tls: {certificateRefs: [{name: www}]}`, `hostname: ${hostname}`);

const at = (port: number): Caller => ({ via: 'gateway', port });
const named = (serverName: string): Caller => ({ via: 'gateway', port: TLS_PORT, serverName });
const reached = (caller: Caller, backend: string): Exchange => ({
  caller,
  request: { host: 'whoever', body: 'bytes' },
  expect: { backend, saw: { body: 'bytes' } },
});
const closed = (caller: Caller): Exchange => ({
  caller,
  request: { host: 'whoever' },
  expect: { status: 'closed', backend: null },
});

const tcpRoutes: readonly MatrixCase[] = [
  {
    name: 'TCPRouteParentRefAttachAll',
    resources:
      gatewayOf([tcp('one'), tcp('two', OTHER_PORT)]) + BYTES + connectionRoute('TCPRoute', 'all', version('v1')),
    exchanges: [reached(at(TCP_PORT), 'reviews-v1'), reached(at(OTHER_PORT), 'reviews-v1')],
  },
  {
    name: 'TCPRouteParentRefPortAndSectionName',
    resources:
      gatewayOf([tcp('one'), tcp('two', OTHER_PORT), tcp('three', THIRD_PORT)]) +
      BYTES +
      service('ratings-bytes', 'ratings', 'tcp') +
      connectionRoute('TCPRoute', 'by-port', version('v1'), { parent: `port: ${TCP_PORT}` }) +
      connectionRoute('TCPRoute', 'by-name', version('v2'), { parent: 'sectionName: two' }) +
      connectionRoute('TCPRoute', 'by-both', '{name: ratings-bytes, port: 5432}', {
        parent: `sectionName: three, port: ${THIRD_PORT}`,
      }),
    exchanges: [
      reached(at(TCP_PORT), 'reviews-v1'),
      reached(at(OTHER_PORT), 'reviews-v2'),
      reached(at(THIRD_PORT), 'ratings'),
    ],
  },
  {
    name: 'TCPRouteInvalidNonTCPListener',
    resources:
      gatewayOf([tcp('bytes'), listener('web', `port: ${HTTP_PORT}, protocol: HTTP`)]) +
      BYTES +
      connectionRoute('TCPRoute', 'r', version('v1'), { parent: 'sectionName: web' }),
    exchanges: [closed(at(TCP_PORT)), { ...visit('www.example.com', 404), caller: at(HTTP_PORT) }],
  },
  {
    name: 'TCPRouteInvalidBackendRefNonexistent',
    resources: gatewayOf([tcp('bytes')]) + connectionRoute('TCPRoute', 'r', '{name: nowhere, port: 1}'),
    exchanges: [closed(at(TCP_PORT))],
  },
  {
    name: 'TCPRouteInvalidCrossNamespaceBackendRef',
    resources:
      gatewayOf([tcp('bytes')]) +
      STORE +
      connectionRoute('TCPRoute', 'r', '{name: store, namespace: other, port: 5432}'),
    exchanges: [closed(at(TCP_PORT))],
  },
  {
    name: 'TCPRouteReferenceGrant',
    resources:
      gatewayOf([tcp('bytes')]) +
      STORE +
      connectionRoute('TCPRoute', 'r', '{name: store, namespace: other, port: 5432}') +
      grant('shop', 'TCPRoute', 'kind: Service, name: store', 'other'),
    exchanges: [reached(at(TCP_PORT), 'archive')],
  },
  {
    name: 'TCPRouteWeightedRouting: a backend of weight 0',
    resources:
      gatewayOf([tcp('bytes')]) + BYTES + connectionRoute('TCPRoute', 'r', `${version('v1', 5)}, ${version('v2', 0)}`),
    exchanges: [{ ...reached(at(TCP_PORT), 'reviews-v1'), times: 30 }],
  },
];

const tlsRoutes: readonly MatrixCase[] = [
  {
    name: 'TLSRouteMixedTerminationSameNamespace',
    resources:
      gatewayOf([terminate('inside', 'www.example.com'), passthrough('through', 'mail.example.com')]) +
      BYTES +
      SEALED +
      connectionRoute('TLSRoute', 'inside', version('v1'), { parent: 'sectionName: inside' }) +
      connectionRoute('TLSRoute', 'through', '{name: sealed, port: 5432}', { parent: 'sectionName: through' }),
    exchanges: [reached(named('www.example.com'), 'reviews-v1'), reached(named('mail.example.com'), 'sealed')],
  },
  {
    name: 'TLSRouteInvalidBackendRefNonexistent',
    resources:
      gatewayOf([passthrough('names', 'mail.example.com')]) +
      connectionRoute('TLSRoute', 'r', '{name: nowhere, port: 1}', { hostnames: 'mail.example.com' }),
    exchanges: [closed(named('mail.example.com'))],
  },
  {
    name: 'TLSRouteInvalidBackendRefUnknownKind',
    resources:
      gatewayOf([passthrough('names', 'mail.example.com')]) +
      SEALED +
      connectionRoute('TLSRoute', 'r', '{group: unknown.example.com, kind: Sealed, name: sealed, port: 5432}', {
        hostnames: 'mail.example.com',
      }),
    exchanges: [closed(named('mail.example.com'))],
  },
  {
    name: 'TLSRouteInvalidNoMatchingListener',
    resources:
      gatewayOf([tcp('bytes')]) +
      SEALED +
      connectionRoute('TLSRoute', 'r', '{name: sealed, port: 5432}', { hostnames: 'mail.example.com' }),
    exchanges: [closed(at(TCP_PORT))],
  },
  {
    name: 'TLSRouteInvalidNoMatchingListenerHostname',
    resources:
      gatewayOf([passthrough('names', 'mail.example.com')]) +
      SEALED +
      connectionRoute('TLSRoute', 'r', '{name: sealed, port: 5432}', { hostnames: 'other.example.com' }),
    exchanges: [closed(named('mail.example.com')), closed(named('other.example.com'))],
  },
];

const LENT = listener(
  'web',
  `port: ${HTTPS_PORT}, protocol: HTTPS`,
  'tls: {certificateRefs: [{name: lent, namespace: other}]}',
);

const certificates: readonly MatrixCase[] = [
  {
    name: 'GatewaySecretReferenceGrantAllInNamespace',
    resources:
      gatewayOf([LENT]) + edgeRoute('r', `[{${to('v1')}}]`) + grant('shop', 'Gateway', 'kind: Secret', 'other'),
    caller: outsideBy('www.example.com'),
    exchanges: [visit('www.example.com', 'reviews-v1')],
  },
];

export const conformanceConnections: readonly MatrixCase[] = [...tcpRoutes, ...tlsRoutes, ...certificates];
