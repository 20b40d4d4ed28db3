// Where connections go, by upstreams and gateways, with and without a draft.
import { parseResources } from '@malha/model';
import type { World } from '@malha/policies';
import { describe, expect, it } from 'vitest';
import { type ExplainConnectionRequest, explainConnectionCall } from './connection.ts';

function resources(text: string) {
  const parsed = parseResources(text);
  expect(parsed.errors).toEqual([]);
  return parsed.resources;
}

const world: World = {
  resources: resources(`apiVersion: malha.dev/v1
kind: Service
metadata: {name: mail, namespace: shop}
spec: {selector: {app: mail}, ports: [{port: 443, appProtocol: tls}]}
---
apiVersion: malha.dev/v1
kind: Workload
metadata: {name: mail-1, namespace: shop, labels: {app: mail}}
spec: {address: 127.64.0.2}
---
apiVersion: malha.dev/v1
kind: Workload
metadata: {name: front-1, namespace: shop}
spec: {address: 127.64.0.3, upstreams: [{service: mail, port: 443, listen: 15443}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: shop}
spec:
  gatewayClassName: malha
  listeners:
    - {name: mail, port: 9443, protocol: TLS, hostname: "*.example.com", tls: {mode: Passthrough}}
    - {name: web, port: 8080, protocol: HTTP}
`),
  workloads: [],
  trustDomain: 'mesh.local',
};

const ROUTE = resources(`apiVersion: gateway.networking.k8s.io/v1
kind: TLSRoute
metadata: {name: mail, namespace: shop}
spec: {parentRefs: [{name: edge}], hostnames: [mail.example.com], rules: [{backendRefs: [{name: mail, port: 443}]}]}
`);

const EDGE: ExplainConnectionRequest['from'] = { type: 'gateway', namespace: 'shop', name: 'edge' };

describe('explanation of a connection', () => {
  it('names rule, backend and endpoints of a gateway, with a draft', () => {
    const asked = { from: EDGE, port: 9443, serverName: 'mail.example.com' };
    expect(explainConnectionCall(world, asked)?.actionWords).toContain('no route is attached');
    const explained = explainConnectionCall(world, asked, ROUTE);
    expect(explained?.winner).toBe('shop/mail/0');
    expect(explained?.backends).toMatchObject([
      { share: 1, endpoints: [{ workload: 'shop/mail-1', isHealthy: true }] },
    ]);
  });

  it('names the service behind an upstream', () => {
    const from = { type: 'workload', namespace: 'shop', name: 'front-1' } as const;
    const explained = explainConnectionCall(world, { from, port: 15_443, serverName: 'mail.example.com' });
    expect(explained?.hostWords).toContain('Upstream shop/mail:443');
    expect(explained?.winner).toBe('default');
  });

  it('says that nobody listens, also where HTTP is served', () => {
    expect(explainConnectionCall(world, { from: EDGE, port: 8080, serverName: '' })?.winner).toBeUndefined();
    expect(explainConnectionCall(world, { from: EDGE, port: 1, serverName: '' })?.hostWords).toContain('port 1');
  });

  it('knows no workload that is not there', () => {
    const from = { type: 'workload', namespace: 'shop', name: 'nobody' } as const;
    expect(explainConnectionCall(world, { from, port: 1, serverName: '' })).toBeUndefined();
  });
});
