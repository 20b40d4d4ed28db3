// Upstreams at ports that declare no protocol: HTTP goes by the routes of the service, everything else as bytes.
import type { Caller, MatrixCase, Section } from '../src/case.ts';
import { TOLD } from '../src/greeter.ts';

const PLAIN: Caller = { via: 'upstream', upstream: 'bytes' };
/** TLS that nobody but the backend opens: no HTTP to whoever carries it. */
const SEALED: Caller = { via: 'upstream', upstream: 'sealed', serverName: 'mail.example.com' };

const service = (name: string, app: string, port: number, targetPort = 8080) => `
---
apiVersion: malha.dev/v1
kind: Service
metadata: {name: ${name}, namespace: shop}
spec: {selector: {app: ${app}}, ports: [{port: ${port}, targetPort: ${targetPort}}]}
`;

const httpRoute = (rules: string, parent = 'bytes') => `
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: found-out, namespace: shop}
spec: {parentRefs: [{group: "", kind: Service, name: ${parent}}], rules: ${rules}}
`;

const authorization = (target: string, action: 'ALLOW' | 'DENY', rule: string) => `
---
apiVersion: malha.dev/v1
kind: AuthorizationPolicy
metadata: {name: found-out, namespace: shop}
spec: {targetRef: {kind: Service, name: ${target}}, action: ${action}, rules: [${rule}]}
`;

const request = { host: 'whoever', path: '/whatever' };

/** The vault behind a port that declares nothing: its own services of the stage are replaced. */
const VAULT = service('vault', 'vault', 80) + service('bytes', 'vault', 5432);

/** As above, and behind the port a server that speaks first. */
const GREETING_VAULT = service('vault', 'vault', 80) + service('bytes', 'vault', 5432, 8082);

const GREETED = 'its network RBAC decides at the first byte of the caller: the greeting of the server is out by then';

/** A line of text, said at once or when the server has greeted. */
const lines = (name: string, resources: string, backend: string | null): MatrixCase[] =>
  (['server-first', 'client-first'] as const).map((protocol) => ({
    name: `undeclared: ${name}, ${protocol === 'server-first' ? 'greeted' : 'said at once'}`,
    resources,
    caller: PLAIN,
    exchanges: [
      {
        request: { host: '', protocol },
        expect: backend === null ? { status: 'closed', backend } : { backend, body: TOLD },
      },
    ],
    ...(backend === null && { leftOut: { envoy: GREETED } }),
  }));

const cases: MatrixCase[] = [
  {
    name: 'undeclared: HTTP goes to the service, whatever its Host',
    resources: service('bytes', 'ratings', 5432),
    caller: PLAIN,
    exchanges: [{ request, expect: { backend: 'ratings', saw: { host: 'whoever', path: '/whatever' } } }],
  },
  {
    name: 'undeclared: HTTP goes by the routes of the service',
    resources:
      service('bytes', 'ratings', 5432) +
      httpRoute(
        '[{matches: [{path: {value: /found}}], filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: X-Found, value: out}]}}], backendRefs: [{name: bytes, port: 5432}]}]',
      ),
    caller: PLAIN,
    exchanges: [
      {
        request: { host: 'whoever', path: '/found/a' },
        expect: { backend: 'ratings', saw: { headers: { 'x-found': 'out' } } },
      },
      { request, expect: { status: 404, backend: null } },
    ],
  },
  {
    name: 'undeclared: HTTP/2 with prior knowledge goes by the routes of the service too',
    resources:
      service('bytes', 'ratings', 5432) +
      httpRoute('[{matches: [{path: {value: /found}}], backendRefs: [{name: bytes, port: 5432}]}]'),
    caller: PLAIN,
    exchanges: [
      { request: { host: 'whoever', path: '/found/a', protocol: 'h2' }, expect: { backend: 'ratings' } },
      { request: { ...request, protocol: 'h2' }, expect: { status: 404, backend: null } },
    ],
  },
  {
    name: 'undeclared: a body goes with its request',
    resources: service('bytes', 'ratings', 5432),
    caller: PLAIN,
    exchanges: [
      {
        request: { ...request, method: 'PUT', body: 'all of it' },
        expect: { backend: 'ratings', saw: { method: 'PUT', body: 'all of it' } },
      },
    ],
  },
  {
    name: 'undeclared: TLS of the application is bytes, and no route of HTTP has a say',
    resources: service('sealed', 'sealed', 443) + httpRoute('[{backendRefs: [{name: nowhere, port: 1}]}]', 'sealed'),
    caller: SEALED,
    exchanges: [{ request, expect: { backend: 'sealed', saw: { host: 'whoever' } } }],
  },
  {
    name: 'undeclared: HTTP reaches a member as HTTP, and rules of HTTP judge it',
    resources: VAULT + authorization('bytes', 'DENY', '{to: {paths: [/whatever]}}'),
    caller: PLAIN,
    exchanges: [
      { request, expect: { status: 403, backend: null } },
      { request: { host: 'whoever', path: '/else' }, expect: { backend: 'vault' } },
    ],
  },
  ...lines('a line of no HTTP goes to the service', service('bytes', 'ratings', 5432, 8082), 'ratings:8082'),
  ...lines(
    'a line of no HTTP passes by the routes of HTTP',
    service('bytes', 'ratings', 5432, 8082) + httpRoute('[{backendRefs: [{name: nowhere, port: 1}]}]'),
    'ratings:8082',
  ),
  ...lines('a line of no HTTP reaches a member as bytes', GREETING_VAULT, 'vault:8082'),
  ...lines(
    'DENY of a path refuses bytes, which may be a request of it',
    GREETING_VAULT + authorization('bytes', 'DENY', '{to: {paths: [/whatever]}}'),
    null,
  ),
  ...lines(
    'ALLOW of a path allows no bytes',
    GREETING_VAULT + authorization('bytes', 'ALLOW', '{to: {paths: [/whatever]}}'),
    null,
  ),
  ...lines(
    'ALLOW of a caller allows bytes',
    GREETING_VAULT + authorization('bytes', 'ALLOW', '{from: {namespaces: [shop]}}'),
    'vault:8082',
  ),
];

export const undeclaredPorts: Section = { name: 'upstreams that declare nothing', cases };
