import { describe, expect, it } from 'vitest';
import { analyze } from '../analyze.ts';
import { compile } from '../compile.ts';
import { service, workload, worldOf } from '../testing.ts';

const MESH = [
  service('reviews'),
  service('archive', 'other'),
  workload('reviews-1', 'reviews'),
  workload('archive-1', 'archive', 'other'),
  `---
apiVersion: malha.dev/v1
kind: Workload
metadata: {name: edge-1, namespace: shop, labels: {gateway.networking.k8s.io/gateway-name: edge}}
spec: {address: 127.64.0.9}
`,
].join('');

function gateway(listener: string, name = 'edge', more = 'gatewayClassName: malha'): string {
  return `---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: ${name}, namespace: shop}
spec: {${more}, listeners: [${listener}]}
`;
}

function route(spec: string, namespace = 'shop'): string {
  return `---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: r, namespace: ${namespace}}
spec: {${spec}, rules: [{backendRefs: [{name: reviews, namespace: shop, port: 9080}]}]}
`;
}

function grant(from: string, to: string, namespace = 'other', fromNamespace = 'shop'): string {
  return `---
apiVersion: gateway.networking.k8s.io/v1
kind: ReferenceGrant
metadata: {name: g, namespace: ${namespace}}
spec: {from: [{group: gateway.networking.k8s.io, kind: ${from}, namespace: ${fromNamespace}}], to: [{group: "", ${to}}]}
`;
}

const HTTP = '{name: http, port: 8080, protocol: HTTP}';
const HTTPS = (certificate: string) =>
  `{name: https, port: 8443, protocol: HTTPS, tls: {certificateRefs: [${certificate}]}}`;

/** Findings about gateways and routes, without those about versions that the mesh of this test does not run. */
function found(text: string): string[] {
  return analyze(worldOf(MESH + text))
    .filter(({ object }) => /^(Gateway|HTTPRoute|ReferenceGrant)/.test(object ?? ''))
    .map(({ severity, code, object, path }) => `${severity} ${code} ${object} ${path}`);
}

function hostsOf(text: string): string[] {
  const { config } = compile(worldOf(MESH + text), { namespace: 'shop', workload: 'edge-1' });
  const tables = config.routeTables.filter(({ name }) => name.startsWith('gateway|'));
  return tables.flatMap(({ virtualHosts }) =>
    virtualHosts.map(({ name, routes }) => `${name} ${routes.map((each) => each.name).join(' ')}`.trimEnd()),
  );
}

describe('attachment of routes to gateways', () => {
  const refused = (words: string) => [`${words} HTTPRoute/shop/r spec.parentRefs[0]`];

  it.each([
    ['to all of its listeners', gateway(HTTP) + route('parentRefs: [{name: edge}]'), []],
    ['NoMatchingParent: no gateway', gateway(HTTP) + route('parentRefs: [{name: egde}]'), refused('error MALHA1060')],
    [
      'NoMatchingParent: no listener of the name',
      gateway(HTTP) + route('parentRefs: [{name: edge, sectionName: htpt}]'),
      refused('error MALHA1061'),
    ],
    [
      'NoMatchingParent: no listener of the port',
      gateway(HTTP) + route('parentRefs: [{name: edge, sectionName: http, port: 80}]'),
      refused('error MALHA1061'),
    ],
    [
      'NotAllowedByListeners: the kind',
      gateway('{name: a, port: 80, protocol: HTTP, allowedRoutes: {kinds: [{kind: GRPCRoute}]}}') +
        route('parentRefs: [{name: edge}]'),
      refused('warning MALHA1062'),
    ],
    [
      'NoMatchingListenerHostname',
      gateway('{name: a, port: 80, protocol: HTTP, hostname: "*.example.com"}') +
        route('parentRefs: [{name: edge}], hostnames: [example.com, a.example.org]'),
      refused('warning MALHA1063'),
    ],
  ])('%s', (_, text, expected) => {
    expect(found(text)).toEqual(expected);
  });

  it.each([
    ['', false],
    ['from: Same', false],
    ['from: All', true],
    ['from: None', false],
    ['from: Selector, selector: {matchLabels: {team: a}}', true],
    ['from: Selector, selector: {matchLabels: {team: b}}', false],
    ['from: Selector, selector: {matchLabels: {kubernetes.io/metadata.name: other}}', true],
    ['from: Selector, selector: {matchExpressions: [{key: team, operator: In, values: [a, b]}]}', true],
    ['from: Selector, selector: {matchExpressions: [{key: team, operator: NotIn, values: [a]}]}', false],
    ['from: Selector, selector: {matchExpressions: [{key: team, operator: DoesNotExist}]}', false],
  ])('from another namespace, {%s}: %s', (namespaces, isAllowed) => {
    const text = `---
apiVersion: malha.dev/v1
kind: Namespace
metadata: {name: other, labels: {team: a}}
spec: {}
${gateway(`{name: a, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {${namespaces}}}}`)}
${route('parentRefs: [{name: edge, namespace: shop}]', 'other')}
${grant('HTTPRoute', 'kind: Service', 'shop', 'other')}`;
    const finding = 'warning MALHA1062 HTTPRoute/other/r spec.parentRefs[0]';
    expect(found(text)).toEqual(isAllowed ? [] : [finding]);
    expect(hostsOf(text)).toEqual([`shop/edge/a/*${isAllowed ? ' other/r/0' : ''}`]);
  });
});

describe('references across namespaces', () => {
  const cross = (namespace: string) => route('parentRefs: [{name: edge, namespace: shop}]', namespace);
  const open = gateway('{name: a, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}');
  const refused = ['error MALHA1026 HTTPRoute/other/r spec.rules[0].backendRefs[0].namespace'];

  it.each([
    ['no grant', '', refused],
    ['one to all Services', grant('HTTPRoute', 'kind: Service', 'shop', 'other'), []],
    ['one to the Service', grant('HTTPRoute', 'kind: Service, name: reviews', 'shop', 'other'), []],
    ['one to another Service', grant('HTTPRoute', 'kind: Service, name: ratings', 'shop', 'other'), refused],
    ['one to another kind', grant('HTTPRoute', 'kind: Secret', 'shop', 'other'), refused],
    ['one from another kind', grant('Gateway', 'kind: Service', 'shop', 'other'), refused],
    ['one from another namespace', grant('HTTPRoute', 'kind: Service', 'shop', 'third'), refused],
    ['one of the wrong namespace', grant('HTTPRoute', 'kind: Service', 'other', 'other'), refused],
  ])('backend with %s', (_, given, expected) => {
    expect(found(open + cross('other') + given)).toEqual(expected);
  });

  it('certificate without a grant: the listener is not served', () => {
    const text = gateway(`${HTTP}, ${HTTPS('{name: c, namespace: other}')}`);
    expect(found(text)).toEqual([
      'error MALHA1064 Gateway/shop/edge spec.listeners[1].tls.certificateRefs[0].namespace',
    ]);
    expect(hostsOf(text)).toEqual(['shop/edge/http/*']);
    expect(found(text + grant('Gateway', 'kind: Secret, name: c'))).toEqual([]);
  });

  it('certificate that is not stored, or not good for the host of its listener', () => {
    const listener = (name: string, port: number, host: string, certificate: string) =>
      `{name: ${name}, port: ${port}, protocol: HTTPS${host}, tls: {certificateRefs: [{name: ${certificate}}]}}`;
    const text = gateway(
      [
        listener('a', 8443, ', hostname: www.example.com', 'exact'),
        listener('b', 8444, ', hostname: api.example.com', 'exact'),
        listener('c', 8445, ', hostname: api.example.com', 'wild'),
        listener('d', 8446, ', hostname: a.b.example.com', 'wild'),
        listener('e', 8447, ', hostname: "*.example.com"', 'exact'),
        listener('f', 8448, '', 'exact'),
        listener('g', 8449, '', 'gone'),
      ].join(', '),
    );
    const stored = (name: string, ...hosts: string[]) => ({ namespace: 'shop', name, hosts });
    const certificates = [stored('exact', 'www.example.com'), stored('wild', '*.example.com')];
    const codes = analyze(worldOf(text, { certificates }))
      .filter(({ path }) => path.includes('certificateRefs'))
      .map(({ code, path }) => `${code} ${path}`);
    expect(codes).toEqual([
      'MALHA1072 spec.listeners[1].tls.certificateRefs[0].name',
      'MALHA1072 spec.listeners[3].tls.certificateRefs[0].name',
      'MALHA1071 spec.listeners[6].tls.certificateRefs[0].name',
    ]);
    expect(found(text).filter((words) => words.includes('certificateRefs'))).toEqual([]);
  });

  it('names a certificate of another kind', () => {
    const text = gateway(HTTPS('{name: c, kind: ConfigMap}'));
    expect(found(text)).toEqual(['error MALHA1065 Gateway/shop/edge spec.listeners[0].tls.certificateRefs[0].kind']);
  });
});

describe('listeners', () => {
  it.each([
    [
      'two protocols of one port',
      gateway(`${HTTP}, {name: s, port: 8080, protocol: HTTPS, tls: {certificateRefs: [{name: c}]}}`),
      ['warning MALHA1066 Gateway/shop/edge spec.listeners[1].protocol'],
    ],
    ['no workload', gateway(HTTP, 'egde'), ['warning MALHA1067 Gateway/shop/egde metadata.name']],
    [
      'a kind that the protocol does not carry',
      gateway('{name: a, port: 80, protocol: HTTP, allowedRoutes: {kinds: [{kind: TCPRoute}, {kind: HTTPRoute}]}}'),
      ['warning MALHA1068 Gateway/shop/edge spec.listeners[0].allowedRoutes.kinds[0]'],
    ],
    [
      'another class',
      gateway(HTTP, 'edge', 'gatewayClassName: nginx') + route('parentRefs: [{name: edge}]'),
      ['warning MALHA1069 Gateway/shop/edge spec.gatewayClassName'],
    ],
    [
      'a protocol that is not served yet',
      gateway('{name: a, port: 53, protocol: UDP}'),
      ['warning MALHA1033 Gateway/shop/edge spec.listeners[0].protocol'],
    ],
    [
      'addresses',
      gateway(HTTP, 'edge', 'gatewayClassName: malha, addresses: [{value: 192.0.2.1}]'),
      ['warning MALHA1033 Gateway/shop/edge spec.addresses'],
    ],
  ])('names %s', (_, text, expected) => {
    expect(found(text)).toEqual(expected);
  });

  it('a host belongs to the listener with the most specific hostname, also without a route there', () => {
    const listeners = [
      '{name: any, port: 80, protocol: HTTP}',
      '{name: wild, port: 80, protocol: HTTP, hostname: "*.example.com"}',
      '{name: one, port: 80, protocol: HTTP, hostname: a.example.com}',
    ].join(', ');
    const any = route('parentRefs: [{name: edge, sectionName: any}], hostnames: [a.example.com, "*.com", b.org]');
    expect(hostsOf(gateway(listeners) + any)).toEqual([
      'shop/edge/any/b.org shop/r/0',
      'shop/edge/any/*.com shop/r/0',
      'shop/edge/any/*',
      'shop/edge/wild/*.example.com',
      'shop/edge/one/a.example.com',
    ]);
  });

  it('other workloads of the mesh are no edge proxies', () => {
    const world = worldOf(MESH + gateway(HTTP) + route('parentRefs: [{name: edge}]'));
    expect(compile(world, { namespace: 'shop', workload: 'reviews-1' }).config.gateways).toBeUndefined();
  });
});
