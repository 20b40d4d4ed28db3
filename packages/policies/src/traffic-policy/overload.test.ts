import { describe, expect, it } from 'vitest';
import { analyze } from '../analyze.ts';
import { compile } from '../compile.ts';
import { worldOf } from '../testing.ts';

const WORLD = `
apiVersion: malha.dev/v1
kind: Service
metadata: {name: cart, namespace: shop}
spec:
  selector: {app: cart}
  ports: [{name: http, port: 80, targetPort: 8080}, {name: grpc, port: 81, targetPort: 8081, appProtocol: grpc}]
  versions: [{name: v1, labels: {version: v1}}]
---
apiVersion: malha.dev/v1
kind: Service
metadata: {name: bytes, namespace: shop}
spec: {selector: {app: cart}, ports: [{port: 5432, appProtocol: tcp}]}
---
apiVersion: malha.dev/v1
kind: Workload
metadata: {name: cart-1, namespace: shop, labels: {app: cart, version: v1}}
spec: {address: 127.0.0.1, ports: [{port: 8080}, {port: 8081}, {port: 5432}]}
`;

const policy = (name: string, spec: string, namespace = 'shop') => `---
apiVersion: malha.dev/v1
kind: TrafficPolicy
metadata: {name: ${name}, namespace: ${namespace}}
spec: ${spec}
`;

function portOf(policies: string, port = 8080) {
  const { config } = compile(worldOf(WORLD + policies), { namespace: 'shop', workload: 'cart-1' });
  return config.inbound.ports.find((each) => each.port === port);
}

function codesOf(policies: string) {
  return analyze(worldOf(WORLD + policies)).map(({ code, path }) => `${code} ${path}`);
}

describe('bounds of a port', () => {
  it('are absent until a policy asks for them', () => {
    const port = portOf(policy('p', '{targetRef: {kind: Service, name: cart}, retries: {attempts: 1}}'));
    expect(port).not.toHaveProperty('overload');
    expect(port).not.toHaveProperty('requests');
  });

  it('come field by field from the most specific level, the rest from the defaults', () => {
    const port = portOf(
      policy('mesh', '{targetRef: {kind: Mesh}, overload: {maxQueue: 5, minConcurrency: 3}}', 'malha-system') +
        policy('cart', '{targetRef: {kind: Service, name: cart}, overload: {minConcurrency: 4, queueTimeout: 20ms}}') +
        policy('v1', '{targetRef: {kind: ServiceVersion, name: cart-v1}, requests: {maxBytes: 10}}') +
        policy(
          'all',
          '{targetRef: {kind: Namespace, name: shop}, requests: {maxBytes: 9, allowedProtocols: [HTTP, gRPC]}}',
        ),
    );
    expect(port?.overload).toEqual({
      id: 'shop/cart',
      minConcurrency: 4,
      maxConcurrency: 1000,
      maxQueue: 5,
      queueTimeoutMs: 20,
      probePaths: ['/grpc.health.v1.Health/Check'],
    });
    expect(port?.requests).toEqual({ maxBytes: 10, kinds: ['http', 'grpc'] });
  });

  it('are off where a more specific level says so', () => {
    const port = portOf(
      policy('all', '{targetRef: {kind: Namespace, name: shop}, overload: {mode: Adaptive}}') +
        policy('cart', '{targetRef: {kind: Service, name: cart}, overload: {mode: Off}}'),
    );
    expect(port).not.toHaveProperty('overload');
  });

  it('never cross', () => {
    const port = portOf(
      policy('all', '{targetRef: {kind: Namespace, name: shop}, overload: {minConcurrency: 50}}') +
        policy('cart', '{targetRef: {kind: Service, name: cart}, overload: {maxConcurrency: 10}}'),
    );
    expect(port?.overload).toMatchObject({ minConcurrency: 10, maxConcurrency: 10 });
  });

  it('know the probes of the service, which are never shed', () => {
    const port = portOf(
      policy('p', '{targetRef: {kind: Service, name: cart}, overload: {}, healthCheck: {http: {path: /live}}}'),
    );
    expect(port?.overload?.probePaths).toEqual(['/grpc.health.v1.Health/Check', '/live']);
  });

  it('are not for bytes', () => {
    const bounded = policy('p', '{targetRef: {kind: Namespace, name: shop}, overload: {}, requests: {maxBytes: 1}}');
    expect(portOf(bounded, 5432)).not.toHaveProperty('overload');
    expect(portOf(bounded, 8081)).toHaveProperty('overload');
  });
});

describe('findings', () => {
  it('name a service that refuses what it speaks', () => {
    const allowed = (list: string) =>
      codesOf(policy('p', `{targetRef: {kind: Service, name: cart}, requests: {allowedProtocols: ${list}}}`));
    expect(allowed('[HTTP]')).toEqual(['MALHA1106 spec.requests.allowedProtocols']);
    expect(allowed('[HTTP, gRPC]')).toEqual([]);
  });

  it('name bounds of requests where there are only bytes', () => {
    expect(
      codesOf(policy('p', '{targetRef: {kind: Service, name: bytes}, overload: {}, requests: {maxBytes: 1}}')),
    ).toEqual(['MALHA1107 spec.overload', 'MALHA1107 spec.requests']);
  });
});
