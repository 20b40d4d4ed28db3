// Gateways: the semantics of the Gateway API's conformance tests for listeners, hostnames, namespaces and grants.
import { resource, to } from '../src/authoring.ts';
import type { MatrixCase, Section } from '../src/case.ts';
import {
  edgeRoute,
  gateway,
  gatewayOf,
  grant,
  HTTP_PORT,
  HTTPS_PORT,
  listener,
  OTHER_PORT,
  OUTSIDE,
  outside,
  outsideBy,
  secureGateway,
  visit,
} from '../src/edge.ts';

const [V1, V2, V3] = ['reviews-v1', 'reviews-v2', 'reviews-v3'];
const ANY = gateway('');
const under = (path: string, version: string) => `[{matches: [{path: {value: ${path}}}], ${to(version)}}]`;
const ALL = (version: string) => `[{${to(version)}}]`;

const hostnames: readonly MatrixCase[] = [
  outside('gateway: without hostnames every host is taken', ANY + edgeRoute('r', ALL('v1')), [
    ['www.example.com', V1],
    ['reviews', V1],
    ['WWW.Example.com:80', V1],
  ]),
  outside('gateway: a route that nobody attached answers nothing', ANY, [['www.example.com', 404]]),
  outside(
    'gateway: hostname intersection, as HTTPRouteHostnameIntersection',
    gateway('hostname: very.specific.com', 'hostname: "*.wildcard.io"', 'hostname: "*.anotherwildcard.io"') +
      edgeRoute('one', under('/s1', 'v1'), {
        hostnames: 'non.matching.com, "*.nonmatchingwildcard.io", very.specific.com',
      }) +
      edgeRoute('two', under('/s2', 'v2'), {
        hostnames: 'non.matching.com, wildcard.io, foo.wildcard.io, bar.wildcard.io, foo.bar.wildcard.io',
      }) +
      edgeRoute('three', under('/s3', 'v3'), { hostnames: 'non.matching.com, "*.specific.com"' }) +
      edgeRoute('four', under('/s4', 'v1'), { hostnames: '"*.anotherwildcard.io"' }) +
      edgeRoute('five', under('/s5', 'v1'), { hostnames: 'specific.com, wildcard.io' }),
    [
      ['very.specific.com/s1', V1],
      ['non.matching.com/s1', 404],
      ['foo.nonmatchingwildcard.io/s1', 404],
      ['foo.wildcard.io/s1', 404],
      ['foo.wildcard.io/s2', V2],
      ['bar.wildcard.io/s2', V2],
      ['foo.bar.wildcard.io/s2', V2],
      ['wildcard.io/s2', 404],
      ['baz.wildcard.io/s2', 404],
      ['very.specific.com/s2', 404],
      ['very.specific.com/s3', V3],
      ['foo.specific.com/s3', 404],
      ['one.anotherwildcard.io/s4', V1],
      ['one.two.anotherwildcard.io/s4', V1],
      ['anotherwildcard.io/s4', 404],
      ['very.specific.com/s5', 404],
    ],
  ),
  outside(
    'gateway: listener hostnames, as HTTPRouteListenerHostnameMatching',
    gateway('hostname: bar.com', 'hostname: foo.bar.com', 'hostname: "*.bar.com"', 'hostname: "*.foo.com"') +
      edgeRoute('one', ALL('v1'), { parent: 'sectionName: a' }) +
      edgeRoute('two', ALL('v2'), { parent: 'sectionName: b' }) +
      edgeRoute('three', ALL('v3'), { parent: 'sectionName: c' }) +
      edgeRoute('four', ALL('v3'), { parent: 'sectionName: d' }),
    [
      ['bar.com', V1],
      ['foo.bar.com', V2],
      ['baz.bar.com', V3],
      ['multiple.prefixes.bar.com', V3],
      ['multiple.prefixes.foo.com', V3],
      ['foo.com', 404],
      ['no.matching.host', 404],
    ],
  ),
  outside(
    'gateway: listeners are isolated, as GatewayHTTPListenerIsolation',
    gateway('', 'hostname: "*.example.com"', 'hostname: "*.foo.example.com"', 'hostname: abc.foo.example.com') +
      edgeRoute('any', under('/any', 'v1'), { parent: 'sectionName: a' }) +
      edgeRoute('wild', under('/wild', 'v2'), { parent: 'sectionName: b' }) +
      edgeRoute('foo', under('/foo', 'v3'), { parent: 'sectionName: c' }) +
      edgeRoute('abc', under('/abc', 'v1'), { parent: 'sectionName: d' }),
    [
      ['bar.com/any', V1],
      ['bar.com/wild', 404],
      ['bar.example.com/any', 404],
      ['bar.example.com/wild', V2],
      ['bar.foo.example.com/wild', 404],
      ['bar.foo.example.com/foo', V3],
      ['abc.foo.example.com/foo', 404],
      ['abc.foo.example.com/any', 404],
      ['abc.foo.example.com/abc', V1],
    ],
  ),
  outside(
    'gateway: a route of the listener for all hosts does not take those of another, whatever its hostnames',
    gateway('', 'hostname: "*.example.com"') +
      edgeRoute('any', ALL('v1'), { parent: 'sectionName: a', hostnames: 'www.example.com, "*.com", www.example.org' }),
    [
      ['www.example.org', V1],
      ['www.other.com', V1],
      ['www.example.com', 404],
    ],
  ),
  outside(
    'gateway: the route with the most specific hostname goes first, whatever the paths',
    ANY +
      edgeRoute('wide', `[{matches: [{path: {type: Exact, value: /a}}], ${to('v1')}}]`) +
      edgeRoute('wild', under('/', 'v2'), { hostnames: '"*.example.com"' }) +
      edgeRoute('exact', under('/only', 'v3'), { hostnames: 'www.example.com' }),
    [
      ['other.org/a', V1],
      ['a.example.com/a', V2],
      ['www.example.com/only', V3],
    ],
  ),
  outside(
    'gateway: what the route with the most specific hostname does not match goes to the next one',
    ANY +
      edgeRoute('wild', under('/', 'v2'), { hostnames: '"*.example.com"' }) +
      edgeRoute('exact', under('/only', 'v3'), { hostnames: 'www.example.com' }),
    [['www.example.com/else', V2]],
  ),
  outside(
    'gateway: routes of one hostname by the precedence of their matches',
    ANY + edgeRoute('root', under('/', 'v1')) + edgeRoute('deep', under('/deep/er', 'v2')),
    [
      ['www.example.com/deep/er/x', V2],
      ['www.example.com/deep', V1],
    ],
  ),
];

const TWO_PORTS = gatewayOf([
  listener('one', `port: ${HTTP_PORT}, protocol: HTTP`),
  listener('two', `port: ${OTHER_PORT}, protocol: HTTP`),
]);

const parents: readonly MatrixCase[] = [
  {
    name: 'gateway: parentRef with a port, as HTTPRouteParentRefPort',
    resources: TWO_PORTS + edgeRoute('r', ALL('v1'), { parent: `port: ${OTHER_PORT}` }),
    caller: { via: 'gateway', port: OTHER_PORT },
    exchanges: [visit('www.example.com', V1)],
  },
  outside(
    'gateway: the other port has no route then',
    TWO_PORTS + edgeRoute('r', ALL('v1'), { parent: `port: ${OTHER_PORT}` }),
    [['www.example.com', 404]],
  ),
  outside(
    'gateway: a parentRef to a listener and another port attaches nowhere',
    TWO_PORTS + edgeRoute('r', ALL('v1'), { parent: `sectionName: one, port: ${OTHER_PORT}` }),
    [['www.example.com', 404]],
  ),
  outside(
    'gateway: of another class it is not served',
    gatewayOf([listener('a', `port: ${HTTP_PORT}, protocol: HTTP`)], 'nginx') + edgeRoute('r', ALL('v1')),
    [],
    {
      exchanges: [{ request: { host: 'www.example.com' }, expect: { status: 'closed', backend: null } }],
    },
  ),
  outside(
    'gateway: a route may have a service as parent as well',
    ANY +
      edgeRoute('r', ALL('v2')).replace('parentRefs: [', 'parentRefs: [{group: "", kind: Service, name: reviews}, '),
    [['www.example.com', V2]],
  ),
];

const ARCHIVE = '[{backendRefs: [{name: archive, port: 80}]}]';
const FROM = (from: string) => gateway(`allowedRoutes: {namespaces: {${from}}}`);
const TEAM = resource('Namespace', 'other', '{}').replace(
  'metadata: {name: other}',
  'metadata: {name: other, labels: {team: a}}',
);
const CROSS = `[{backendRefs: [{name: reviews, namespace: shop, port: 80}]}]`;

const namespaces: readonly MatrixCase[] = [
  outside(
    'gateway: routes of other namespaces are not allowed',
    ANY + edgeRoute('r', ARCHIVE, { namespace: 'other' }),
    [['www.example.com', 404]],
  ),
  outside(
    'gateway: routes of all namespaces, as HTTPRouteCrossNamespace',
    FROM('from: All') + edgeRoute('r', ARCHIVE, { namespace: 'other' }),
    [['www.example.com', 'archive']],
  ),
  outside(
    'gateway: routes of namespaces with a label',
    TEAM + FROM('from: Selector, selector: {matchLabels: {team: a}}') + edgeRoute('r', ARCHIVE, { namespace: 'other' }),
    [['www.example.com', 'archive']],
  ),
  outside(
    'gateway: routes of namespaces with another label are not allowed',
    TEAM + FROM('from: Selector, selector: {matchLabels: {team: b}}') + edgeRoute('r', ARCHIVE, { namespace: 'other' }),
    [['www.example.com', 404]],
  ),
  outside(
    'gateway: a kind of route that the listener does not allow',
    gateway('allowedRoutes: {kinds: [{kind: GRPCRoute}]}') + edgeRoute('r', ALL('v1')),
    [['www.example.com', 404]],
  ),
  outside(
    'grant: a backend of another namespace without one gets 500',
    FROM('from: All') + edgeRoute('r', CROSS, { namespace: 'other' }),
    [['www.example.com', 500]],
  ),
  {
    name: 'grant: a backend of another namespace, as HTTPRouteReferenceGrant',
    resources:
      FROM('from: All') +
      edgeRoute('r', '[{backendRefs: [{name: ratings, namespace: shop, port: 80}]}]', { namespace: 'other' }) +
      grant('other', 'HTTPRoute', 'kind: Service, name: ratings'),
    caller: OUTSIDE,
    exchanges: [visit('www.example.com', 'ratings')],
  },
  outside(
    'grant: one for another service does not hold',
    FROM('from: All') +
      edgeRoute('r', CROSS, { namespace: 'other' }) +
      grant('other', 'HTTPRoute', 'kind: Service, name: ratings'),
    [['www.example.com', 500]],
  ),
  outside(
    'grant: one for Secrets does not hold for Services',
    FROM('from: All') + edgeRoute('r', CROSS, { namespace: 'other' }) + grant('other', 'HTTPRoute', 'kind: Secret'),
    [['www.example.com', 500]],
  ),
  outside(
    'grant: one of the namespace of the route does not hold',
    FROM('from: All') +
      edgeRoute('r', CROSS, { namespace: 'other' }) +
      grant('other', 'HTTPRoute', 'kind: Service', 'other'),
    [['www.example.com', 500]],
  ),
  {
    name: 'grant: holds for routes of services too',
    resources: `---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: r, namespace: shop}
spec:
  parentRefs: [{group: "", kind: Service, name: reviews}]
  rules: [{backendRefs: [{name: archive, namespace: other, port: 80}]}]
${grant('shop', 'HTTPRoute', 'kind: Service', 'other')}`,
    exchanges: [visit('reviews', 'archive')],
  },
  outside(
    'gateway: a backend that does not exist, as HTTPRouteInvalidNonExistentBackendRef',
    ANY + edgeRoute('r', '[{backendRefs: [{name: nobody, port: 80}]}]'),
    [['www.example.com', 500]],
  ),
];

const REDIRECTS =
  ANY +
  edgeRoute(
    'r',
    `[{matches: [{path: {value: /path}}], filters: [{type: RequestRedirect, requestRedirect: {path: {type: ReplaceFullPath, replaceFullPath: /new}}}]},{matches: [{path: {value: /https}}], filters: [{type: RequestRedirect, requestRedirect: {scheme: https, statusCode: 301}}]},{matches: [{path: {value: /port}}], filters: [{type: RequestRedirect, requestRedirect: {port: 8083}}]},{matches: [{path: {value: /usual}}], filters: [{type: RequestRedirect, requestRedirect: {port: 80}}]},{matches: [{path: {value: /host}}], filters: [{type: RequestRedirect, requestRedirect: {hostname: example.org}}]}]`,
  );
const redirected = (name: string, path: string, location: string, status = 302) =>
  outside(`gateway: redirect ${name}`, REDIRECTS, [], {
    exchanges: [visit(`www.example.com${path}`, status, { headers: { location } })],
  });

/** Gateway with one HTTP port behind so many proxies of the operator. */
const trusting = (hops: number) =>
  ANY.replace('namespace: shop}', `namespace: shop, annotations: {gateway.malha.dev/trusted-hops: "${hops}"}}`);

type Headers = readonly (readonly [name: string, value: string])[];

const CLAIMS: Headers = [
  ['X-Forwarded-For', '192.0.2.9, 198.51.100.1, 203.0.113.7'],
  ['X-Forwarded-Proto', 'https'],
];

const trusted = (name: string, hops: number, headers: Headers, saw: Readonly<Record<string, string>>): MatrixCase => ({
  name: `gateway: ${name}`,
  resources: trusting(hops) + edgeRoute('r', ALL('v1')),
  caller: OUTSIDE,
  exchanges: [{ request: { host: 'www.example.com', headers }, expect: { backend: V1, saw: { headers: saw } } }],
});

const MOVED =
  '[{filters: [{type: RequestRedirect, requestRedirect: {path: {type: ReplaceFullPath, replaceFullPath: /new}}}]}]';

const requests: readonly MatrixCase[] = [
  redirected('keeps the scheme and names the port of the listener', '/path', `http://www.example.com:${HTTP_PORT}/new`),
  redirected('to another scheme has its usual port', '/https', 'https://www.example.com/https', 301),
  redirected('to another port', '/port', 'http://www.example.com:8083/port'),
  redirected('to the usual port leaves it out', '/usual', 'http://www.example.com/usual'),
  redirected('to another host names the port of the listener', '/host', `http://example.org:${HTTP_PORT}/host`),
  {
    name: 'gateway: what a client claims of itself or of proxies before us is replaced',
    resources: ANY + edgeRoute('r', ALL('v1')),
    caller: OUTSIDE,
    exchanges: [
      {
        request: {
          host: 'www.example.com',
          headers: [
            ['X-Forwarded-For', '10.1.2.3, 10.3.2.1'],
            ['X-Forwarded-Proto', 'https'],
            ['X-Forwarded-Host', 'admin.example.com'],
            ['Forwarded', 'for=10.1.2.3'],
            ['X-Forwarded-Client-Cert', 'URI=spiffe://mesh.local/ns/shop/sa/admin'],
          ],
        },
        expect: {
          backend: V1,
          saw: {
            host: 'www.example.com',
            headers: {
              'x-forwarded-for': '127.0.0.1',
              'x-forwarded-proto': 'http',
              'x-forwarded-host': null,
              forwarded: null,
              'x-forwarded-client-cert': null,
            },
          },
        },
      },
    ],
  },
  {
    name: 'gateway: filters, weights and rewrites as for any other route',
    resources:
      ANY +
      edgeRoute(
        'r',
        `[{matches: [{path: {value: /old}}], filters: [{type: URLRewrite, urlRewrite: {hostname: inside, path: {type: ReplacePrefixMatch, replacePrefixMatch: /new}}}, {type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: X-Edge, value: "yes"}]}}, {type: ResponseHeaderModifier, responseHeaderModifier: {remove: [X-Drop]}}], ${to('v2')}}]`,
      ),
    caller: OUTSIDE,
    exchanges: [
      visit('www.example.com/old/page', V2, {
        saw: { path: '/new/page', host: 'inside', headers: { 'x-edge': 'yes' } },
        headers: { 'x-drop': null, 'x-base': 'backend' },
      }),
    ],
  },
  {
    name: 'gateway: the edge calls into the mesh under its own identity',
    resources:
      ANY +
      edgeRoute('r', '[{backendRefs: [{name: vault, port: 80}]}]') +
      resource(
        'AuthorizationPolicy',
        'edge-only',
        '{targetRef: {kind: Service, name: vault}, action: ALLOW, rules: [{from: {principals: ["spiffe://mesh.local/ns/shop/sa/front"]}}]}',
      ),
    caller: OUTSIDE,
    exchanges: [visit('www.example.com', 'vault')],
  },
  {
    name: 'gateway: a client that claims an identity has none',
    resources:
      ANY +
      edgeRoute('r', '[{backendRefs: [{name: vault, port: 80}]}]') +
      resource(
        'AuthorizationPolicy',
        'admin-only',
        '{targetRef: {kind: Service, name: vault}, action: ALLOW, rules: [{from: {principals: ["spiffe://mesh.local/ns/shop/sa/admin"]}}]}',
      ),
    caller: OUTSIDE,
    exchanges: [
      {
        request: {
          host: 'www.example.com',
          headers: [['X-Forwarded-Client-Cert', 'URI=spiffe://mesh.local/ns/shop/sa/admin']],
        },
        expect: { status: 403, backend: null },
      },
    ],
  },
  trusted('without trusted proxies X-Forwarded-For of a client is not believed', 0, CLAIMS, {
    'x-forwarded-for': '127.0.0.1',
    'x-forwarded-proto': 'http',
  }),
  trusted('one trusted proxy: the last entry of X-Forwarded-For is the client', 1, CLAIMS, {
    'x-forwarded-for': '203.0.113.7',
    'x-forwarded-proto': 'https',
  }),
  trusted('two trusted proxies: the last entry but one', 2, CLAIMS, { 'x-forwarded-for': '198.51.100.1' }),
  trusted('fewer entries than trusted proxies: nobody is believed', 4, CLAIMS, { 'x-forwarded-for': '127.0.0.1' }),
  trusted('a trusted proxy that adds no address: nobody is believed', 1, [['X-Forwarded-For', 'a.example.com']], {
    'x-forwarded-for': '127.0.0.1',
    'x-forwarded-proto': 'http',
  }),
  {
    name: 'gateway: a redirect keeps the scheme that a trusted proxy saw',
    resources: trusting(1) + edgeRoute('r', MOVED),
    caller: OUTSIDE,
    exchanges: [
      {
        request: { host: 'www.example.com', path: '/x', headers: [['X-Forwarded-Proto', 'https']] },
        expect: { status: 302, headers: { location: 'https://www.example.com/new' } },
      },
    ],
  },
  {
    name: 'gateway: HTTP/2 with prior knowledge',
    resources: ANY + edgeRoute('r', ALL('v1')),
    caller: OUTSIDE,
    exchanges: [{ request: { host: 'www.example.com', protocol: 'h2' }, expect: { backend: V1 } }],
  },
  {
    name: 'gateway: gRPC',
    resources: ANY + edgeRoute('r', '[{backendRefs: [{name: ledger, port: 80}]}]'),
    caller: OUTSIDE,
    exchanges: [
      {
        request: { host: 'www.example.com', protocol: 'grpc', path: '/shop.Ledger/Get' },
        expect: { backend: 'ledger', grpcStatus: 0 },
      },
    ],
  },
];

const WWW = 'hostname: www.example.com, tls: {certificateRefs: [{name: www}]}';
const WILD = 'hostname: "*.example.com", tls: {certificateRefs: [{name: wild}]}';
const LENT = 'tls: {certificateRefs: [{name: lent, namespace: other}]}';
const secured = (
  name: string,
  resources: string,
  serverName: string,
  exchanges: MatrixCase['exchanges'],
): MatrixCase => ({ name, resources, caller: outsideBy(serverName), exchanges });
const SECURE = secureGateway(WWW, WILD);
const closed = (host: string) => ({ request: { host }, expect: { status: 'closed', backend: null } as const });

const https: readonly MatrixCase[] = [
  secured(
    'gateway: HTTPS, with what the application sees of it',
    SECURE + edgeRoute('r', ALL('v1')),
    'www.example.com',
    [visit('www.example.com', V1, { saw: { headers: { 'x-forwarded-proto': 'https' } } })],
  ),
  secured('gateway: HTTPS over HTTP/2', SECURE + edgeRoute('r', ALL('v1')), 'www.example.com', [
    { request: { host: 'www.example.com', protocol: 'h2' }, expect: { backend: V1 } },
  ]),
  secured(
    'gateway: HTTPS listener by its wildcard',
    SECURE + edgeRoute('r', ALL('v2'), { parent: 'sectionName: b' }),
    'a.example.com',
    [visit('a.example.com', V2)],
  ),
  secured(
    'gateway: HTTPS, a host of another listener than that of the handshake gets 421',
    SECURE + edgeRoute('r', ALL('v1')),
    'www.example.com',
    [visit('a.example.com', 421), visit('www.example.com', V1)],
  ),
  secured(
    'gateway: HTTPS, a host of no listener gets 404, whether the port has one listener',
    secureGateway(WWW) + edgeRoute('r', ALL('v1')),
    'www.example.com',
    [visit('www.example.org', 404), visit('a.example.com', 404), visit('www.example.com', V1)],
  ),
  secured(
    'gateway: HTTPS, a host of no listener gets 404, or several',
    SECURE + edgeRoute('r', ALL('v1')),
    'www.example.com',
    [visit('www.example.org', 404)],
  ),
  secured('gateway: HTTPS, a server name that no listener has', SECURE + edgeRoute('r', ALL('v1')), 'www.example.org', [
    closed('www.example.org'),
  ]),
  secured(
    'gateway: HTTPS, a certificate of another namespace without a grant is not shown',
    secureGateway(LENT) + edgeRoute('r', ALL('v1')),
    'www.example.com',
    [closed('www.example.com')],
  ),
  secured(
    'gateway: HTTPS, a certificate of another namespace with a grant, as GatewaySecretReferenceGrantSpecific',
    secureGateway(LENT) + edgeRoute('r', ALL('v1')) + grant('shop', 'Gateway', 'kind: Secret, name: lent', 'other'),
    'www.example.com',
    [visit('www.example.com', V1)],
  ),
  secured(
    'gateway: HTTPS, a grant for another certificate does not hold, as GatewaySecretInvalidReferenceGrant',
    secureGateway(LENT) + edgeRoute('r', ALL('v1')) + grant('shop', 'Gateway', 'kind: Secret, name: other', 'other'),
    'www.example.com',
    [closed('www.example.com')],
  ),
  secured(
    'gateway: redirect over HTTPS keeps the scheme and names the port of the listener',
    SECURE + edgeRoute('r', MOVED),
    'www.example.com',
    [visit('www.example.com/x', 302, { headers: { location: `https://www.example.com:${HTTPS_PORT}/new` } })],
  ),
];

export const gateways: Section = {
  name: 'gateways',
  cases: [...hostnames, ...parents, ...namespaces, ...requests, ...https],
};
