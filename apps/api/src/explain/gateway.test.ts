// Requests of clients outside, with and without what is known of the client.
import { parseResources } from '@malha/model';
import type { World } from '@malha/policies';
import { describe, expect, it } from 'vitest';
import { explainCall } from './explain.ts';
import type { RequestOrigin } from './origin.ts';

function resources(text: string) {
  const parsed = parseResources(text);
  expect(parsed.errors).toEqual([]);
  return parsed.resources;
}

const world: World = {
  resources: resources(`apiVersion: malha.dev/v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{port: 80}, {name: admin, port: 81}]}
---
apiVersion: malha.dev/v1
kind: Workload
metadata: {name: web-1, namespace: shop, labels: {app: web}}
spec: {address: 127.64.0.2}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: shop, annotations: {gateway.malha.dev/trusted-hops: "1"}}
spec: {gatewayClassName: malha, listeners: [{name: web, port: 8080, protocol: HTTP}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: web, namespace: shop}
spec:
  parentRefs: [{name: edge}]
  rules:
    - {name: near, matches: [{path: {value: /}}], backendRefs: [{name: web, port: 80}]}
    - {name: office, matches: [{headers: [{name: X-Forwarded-For, value: 198.51.100.7}]}], backendRefs: [{name: web, port: 81}]}
    - {name: rest, backendRefs: [{name: web, port: 80}]}
---
apiVersion: malha.dev/v1
kind: RoutePolicy
metadata: {name: near, namespace: shop}
spec:
  targetRef: {group: gateway.networking.k8s.io, kind: HTTPRoute, name: web, sectionName: near}
  match: {countries: [PT]}
---
apiVersion: malha.dev/v1
kind: AuthorizationPolicy
metadata: {name: hosts, namespace: shop}
spec: {targetRef: {kind: Service, name: web}, action: ALLOW, rules: [{from: {ipBlocks: [10.0.0.0/8]}}, {to: {ports: [81]}}]}
---
apiVersion: malha.dev/v1
kind: TrafficPolicy
metadata: {name: web, namespace: shop}
spec:
  targetRef: {kind: Service, name: web}
  timeouts: {request: 2s}
  retries: {attempts: 1, on: [connect-failure]}
  overload: {maxConcurrency: 200, maxQueue: 10, queueTimeout: 50ms}
  requests: {maxBytes: 1024}
`),
  workloads: [],
  trustDomain: 'mesh.local',
};

const ASKED = { method: 'GET', authority: 'www.example.com', path: '/', headers: [] };
const outside = (client: { address?: string; country?: string } = {}, headers: typeof HEADERS = []) =>
  explainCall(world, {
    ...ASKED,
    headers,
    from: { type: 'gateway', namespace: 'shop', name: 'edge', port: 8080, ...client },
  });
const HEADERS: { name: string; value: string }[] = [];

describe('explanation of a request to a gateway', () => {
  it('goes by the country that the client is in', () => {
    expect(outside({ country: 'PT' }).winner).toBe('shop/web/near');
    expect(outside({ country: 'BR' }).winner).toBe('shop/web/rest');
    expect(outside().winner).toBe('shop/web/rest');
  });

  it('goes by the address of the client, and by what trusted proxies say of it', () => {
    expect(outside({ address: '198.51.100.7' }).winner).toBe('shop/web/office');
    const said = [{ name: 'X-Forwarded-For', value: '198.51.100.7' }];
    expect(outside({ address: '192.0.2.9' }, said).winner).toBe('shop/web/office');
    expect(outside({}, [{ name: 'X-Forwarded-For', value: '198.51.100.7, 192.0.2.9' }]).winner).toBe('shop/web/rest');
  });

  it('calls the backend as the gateway, at the port that its cluster selects', () => {
    const verdict = (address: string) => outside({ address }).backends[0]?.endpoints[0]?.authorization;
    expect(verdict('198.51.100.7')).toMatchObject({ isAllowed: true, policy: 'shop/hosts' });
    expect(verdict('192.0.2.1')).toMatchObject({ isAllowed: false });
    expect(outside().caller).toEqual({ workload: '', principal: 'spiffe://mesh.local/ns/shop/sa/edge' });
  });

  it('says so where the gateway, or its port, takes no requests', () => {
    const from: RequestOrigin = { type: 'gateway', namespace: 'shop', name: 'edge', port: 9 };
    expect(explainCall(world, { ...ASKED, from }).hostWords).toBe(
      'The Gateway has no listener HTTP or HTTPS at port 9.',
    );
    expect(explainCall(world, { ...ASKED, from: { ...from, name: 'gone', port: 8080 } }).winner).toBeUndefined();
  });
});

describe('explanation of a call within the mesh', () => {
  it('asks the policies of the callee about the address that it comes from', () => {
    const from = (address: string): RequestOrigin => ({ type: 'workload', namespace: 'shop', address });
    const verdict = (address: string) =>
      explainCall(world, { ...ASKED, authority: 'web', from: from(address) }).backends[0]?.endpoints[0]?.authorization;
    expect(verdict('10.1.2.3')).toMatchObject({ isAllowed: true, policy: 'shop/hosts' });
    expect(verdict('192.0.2.1')).toMatchObject({ isAllowed: false });
  });

  it('tells how long it may take, when it is tried again, and what bounds the port', () => {
    const explained = explainCall(world, { ...ASKED, authority: 'web', from: { type: 'workload', namespace: 'shop' } });
    expect(explained.actionWords).toContain(
      'It has 2 s to be answered. After connect-failure it is tried again, once, ',
    );
    expect(explained.backends[0]?.endpoints[0]?.limits).toEqual([
      expect.stringMatching(
        /^As many requests at a time as it can work on, \d+ to 200; 10 may wait, each 50 ms at most;/,
      ),
      'A body of more than 1024 bytes is answered with 413.',
    ]);
  });
});
