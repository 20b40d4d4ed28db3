// Upstreams at ports that declare no protocol: HTTP goes by the routes of the service, everything else as bytes.
import type { Caller, MatrixCase, Section } from '../src/case.ts';

const PLAIN: Caller = { via: 'upstream', upstream: 'bytes' };
/** TLS that nobody but the backend opens: no HTTP to whoever carries it. */
const SEALED: Caller = { via: 'upstream', upstream: 'sealed', serverName: 'mail.example.com' };

const service = (name: string, app: string, port: number) => `
---
apiVersion: malha.dev/v1
kind: Service
metadata: {name: ${name}, namespace: shop}
spec: {selector: {app: ${app}}, ports: [{port: ${port}, targetPort: 8080}]}
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
];

export const undeclaredPorts: Section = { name: 'upstreams that declare nothing', cases };
