import type { TcpGatewayListener } from '@malha/traffic';
import { isHttpListener } from '@malha/traffic/gateway';
import { describe, expect, it } from 'vitest';
import { analyze } from '../analyze.ts';
import { compile } from '../compile.ts';
import { service, workload, worldOf } from '../testing.ts';

const MESH = [
  service('db', 'shop', 'ports: [{port: 5432, appProtocol: tcp}, {port: 80, appProtocol: http}]'),
  workload('db-1', 'db'),
  `---
apiVersion: malha.dev/v1
kind: Workload
metadata: {name: edge-1, namespace: shop, labels: {gateway.networking.k8s.io/gateway-name: edge}}
spec: {address: 127.64.0.9}
`,
].join('');

function gateway(listeners: string, annotations = ''): string {
  return `---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: shop, annotations: {${annotations}}}
spec: {gatewayClassName: malha, listeners: [${listeners}]}
`;
}

function route(kind: string, name: string, spec = '', backend = '{name: db, port: 5432}'): string {
  return `---
apiVersion: gateway.networking.k8s.io/v1
kind: ${kind}
metadata: {name: ${name}, namespace: shop}
spec: {parentRefs: [{name: edge}], rules: [{backendRefs: [${backend}]}]${spec === '' ? '' : `, ${spec}`}}
`;
}

const TCP = '{name: raw, port: 9000, protocol: TCP}';
const passthrough = (name: string, hostname: string) =>
  `{name: ${name}, port: 9443, protocol: TLS, hostname: "${hostname}", tls: {mode: Passthrough}}`;
const TERMINATE = '{name: end, port: 9443, protocol: TLS, tls: {certificateRefs: [{name: www}]}}';

function found(text: string): string[] {
  return analyze(worldOf(MESH + text))
    .filter(({ object }) => /^(Gateway|TCPRoute|TLSRoute)/.test(object ?? ''))
    .map(({ severity, code, object, path }) => `${severity} ${code} ${object} ${path}`);
}

function gatewaysOf(text: string) {
  return compile(worldOf(MESH + text), { namespace: 'shop', workload: 'edge-1' }).config;
}

function firstOf(text: string): TcpGatewayListener {
  const [listener] = gatewaysOf(text).gateways ?? [];
  if (listener === undefined || isHttpListener(listener)) throw new Error('no listener of connections');
  return listener;
}

/** Each route as `listener: names -> backends`. */
function routesOf(text: string): string[] {
  return firstOf(text).routes.map(
    ({ listener: of, name, serverNames, clusters }) =>
      `${of}: ${serverNames.join(' ')} -> ${name} ${clusters.map(({ cluster }) => cluster).join(' ')}`,
  );
}

describe('listeners TLS and TCP', () => {
  it('carry the routes that are attached, and their clusters', () => {
    const text = gateway(TCP) + route('TCPRoute', 'r');
    expect(routesOf(text)).toEqual(['shop/edge/raw: * -> shop/r/0 outbound|5432||db.shop']);
    expect(gatewaysOf(text).clusters.map(({ name }) => name)).toContain('outbound|5432||db.shop');
    expect(found(text)).toEqual([]);
  });

  it('a name belongs to the listener with the most specific hostname, also without a route there', () => {
    const text =
      gateway(`${passthrough('wild', '*.example.com')}, ${passthrough('own', 'own.example.com')}`) +
      route('TLSRoute', 'r', 'hostnames: [own.example.com, a.example.com, a.example.org]');
    expect(routesOf(text)).toEqual([
      'shop/edge/wild: a.example.com -> shop/r/0 outbound|5432||db.shop',
      'shop/edge/wild: *.example.com ->  ',
      'shop/edge/own: own.example.com -> shop/r/0 outbound|5432||db.shop',
    ]);
  });

  it('show certificates where TLS ends, and none where it is passed on', () => {
    const certificates = (listener: string, kind: string) =>
      firstOf(gateway(listener) + route(kind, 'r')).routes[0]?.certificates;
    expect(certificates(TERMINATE, 'TCPRoute')).toEqual(['shop/www']);
    expect(certificates(passthrough('through', '*.example.com'), 'TLSRoute')).toBeUndefined();
  });

  it('certificates of a listener that passes TLS on are ignored', () => {
    const listener =
      '{name: a, port: 9443, protocol: TLS, tls: {mode: Passthrough, certificateRefs: [{name: c, namespace: x}]}}';
    expect(found(gateway(listener))).toEqual([]);
  });
});

describe('findings about routes of connections', () => {
  const parent = (finding: string, kind = 'TCPRoute', name = 'r') => [
    `${finding} ${kind}/shop/${name} spec.parentRefs[0]`,
  ];

  it.each([
    ['no gateway', route('TCPRoute', 'r'), parent('error MALHA1060')],
    [
      'a listener of HTTP',
      gateway('{name: a, port: 80, protocol: HTTP}') + route('TCPRoute', 'r'),
      parent('warning MALHA1062'),
    ],
    [
      'a TCPRoute where TLS is passed on',
      gateway(passthrough('a', '*.example.com')) + route('TCPRoute', 'r'),
      parent('warning MALHA1062'),
    ],
    [
      'no hostname in common',
      gateway(passthrough('a', '*.example.com')) + route('TLSRoute', 'r', 'hostnames: [a.example.org]'),
      parent('warning MALHA1063', 'TLSRoute'),
    ],
    [
      'an older TCPRoute',
      gateway(TCP) + route('TCPRoute', 'r') + route('TCPRoute', 's'),
      parent('warning MALHA1049', 'TCPRoute', 's'),
    ],
    [
      'an older TLSRoute with the same names',
      gateway(passthrough('a', '*.example.com')) +
        route('TLSRoute', 'r', 'hostnames: [a.example.com]') +
        route('TLSRoute', 's', 'hostnames: [a.example.com]'),
      parent('warning MALHA1049', 'TLSRoute', 's'),
    ],
    [
      'a backend that does not exist',
      gateway(TCP) + route('TCPRoute', 'r', '', '{name: dbb, port: 5432}'),
      ['error MALHA1022 TCPRoute/shop/r spec.rules[0].backendRefs[0].name'],
    ],
    [
      'a port of HTTP',
      gateway(TCP) + route('TCPRoute', 'r', '', '{name: db, port: 80}'),
      ['error MALHA1047 TCPRoute/shop/r spec.rules[0].backendRefs[0].port'],
    ],
    [
      'a kind that the mode does not carry',
      gateway(
        '{name: a, port: 9443, protocol: TLS, tls: {mode: Passthrough}, allowedRoutes: {kinds: [{kind: TCPRoute}]}}',
      ),
      ['warning MALHA1068 Gateway/shop/edge spec.listeners[0].allowedRoutes.kinds[0]'],
    ],
  ])('%s', (_, text, expected) => {
    expect(found(text)).toEqual(expected);
  });
});

describe('trusted proxies before a gateway', () => {
  const hopsOf = (text: string) => {
    const [listener] = gatewaysOf(gateway('{name: a, port: 80, protocol: HTTP}', text)).gateways ?? [];
    return listener?.protocol === 'HTTP' ? listener.trustedHops : undefined;
  };

  it.each([
    ['', 0],
    ['gateway.malha.dev/trusted-hops: "2"', 2],
    ['gateway.malha.dev/trusted-hops: "17"', 0],
    ['gateway.malha.dev/trusted-hops: "-1"', 0],
  ])('{%s}: %s', (annotations, expected) => {
    expect(hopsOf(annotations)).toBe(expected);
  });

  it('names what is no number', () => {
    const text = gateway('{name: a, port: 80, protocol: HTTP}', 'gateway.malha.dev/trusted-hops: many');
    expect(found(text)).toEqual([
      'error MALHA1070 Gateway/shop/edge metadata.annotations["gateway.malha.dev/trusted-hops"]',
    ]);
  });
});
