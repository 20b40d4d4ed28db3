// `malha gateway` as a process, against a fake control plane: joins without an application, and opens its Gateway's ports.
import path from 'node:path';
import { startFakeControlPlane } from '@malha/testing/fake-control-plane';
import { freePort } from '@malha/testing/free-port';
import { afterEach, expect, test, vi } from 'vitest';
import { resourcesFor, shopAndReviews } from './joined-mesh.ts';
import { call, Program, startUpstream, temporaryFolder } from './program.ts';

vi.setConfig({ testTimeout: 90_000, hookTimeout: 30_000 });

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

function edge(port: number): string {
  return `---
apiVersion: malha.dev/v1
kind: Workload
metadata: {name: edge-1, namespace: demo, labels: {gateway.networking.k8s.io/gateway-name: edge}}
spec: {address: 127.0.0.1}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: demo}
spec: {gatewayClassName: malha, listeners: [{name: http, port: ${port}, protocol: HTTP}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: reviews, namespace: demo}
spec:
  parentRefs: [{name: edge}]
  rules: [{backendRefs: [{name: reviews, port: 80}]}]
`;
}

test('joins as an instance of the Service of its name, and serves clients outside as the Gateway says', async () => {
  const reviews = await startUpstream('reviews');
  closers.push(() => reviews.close());
  const [first, second] = [await freePort(), await freePort()];
  const resourcesAt = (port: number) => resourcesFor(shopAndReviews(1, reviews.port) + edge(port), 'demo/edge-1');
  const plane = await startFakeControlPlane({ resources: resourcesAt(first) });
  closers.push(() => plane.stop());
  const place = ['--control-plane', plane.joinAddress, '--ca-pin', plane.ca.pin];
  const state = ['--state-dir', path.join(temporaryFolder(), 'edge')];
  const ports = ['--outbound-port', '0', '--inbound-port', '0', '--admin-port', '0'];
  const token = ['--token', plane.createToken('demo', 'edge')];
  const own = ['--gateway', 'demo/edge', '--workload', 'edge-1'];
  const program = new Program(['gateway', ...own, ...place, ...token, ...state, ...ports]);
  closers.push(async () => {
    program.kill('SIGKILL');
    await program.exited;
  });
  await program.ready();
  const session = await plane.waitForSession('demo/edge-1', ({ heartbeats }) =>
    heartbeats.some((beat) => beat.appHealthy),
  );
  expect(session.spiffeId).toBe('spiffe://mesh.local/ns/demo/sa/edge');
  expect(session.hello).toMatchObject({
    service: 'demo/edge',
    labels: { 'gateway.networking.k8s.io/gateway-name': 'edge' },
    ports: [],
  });
  expect((await call(`127.0.0.1:${first}`, { host: 'www.example.com' })).body).toBe('reviews');
  plane.setResources(resourcesAt(second));
  await vi.waitFor(
    async () => expect((await call(`127.0.0.1:${second}`, { host: 'www.example.com' })).body).toBe('reviews'),
    { timeout: 10_000 },
  );
  await expect(call(`127.0.0.1:${first}`, { host: 'www.example.com' })).rejects.toThrow('ECONNREFUSED');
});
