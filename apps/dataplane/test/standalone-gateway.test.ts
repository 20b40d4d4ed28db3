// `malha proxy` as an edge: serves a Gateway of its folder, follows it, and names what keeps a port from being served.
import fs from 'node:fs';
import path from 'node:path';
import { freePort } from '@malha/testing/free-port';
import { afterEach, expect, test, vi } from 'vitest';
import { call, Program, replaceFile, startUpstream, temporaryFolder } from './program.ts';

vi.setConfig({ testTimeout: 90_000, hookTimeout: 30_000 });

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

function gateway(listeners: string): string {
  return `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: demo}
spec: {gatewayClassName: malha, listeners: [${listeners}]}
`;
}

function mesh(appPort: number): string {
  return `apiVersion: malha.dev/v1
kind: Workload
metadata: {name: edge-1, namespace: demo, labels: {gateway.networking.k8s.io/gateway-name: edge}}
spec: {address: 127.0.0.1}
---
apiVersion: malha.dev/v1
kind: Service
metadata: {name: shop, namespace: demo}
spec: {selector: {app: shop}, ports: [{port: 80, targetPort: 9080}]}
---
apiVersion: malha.dev/v1
kind: Workload
metadata: {name: shop-1, namespace: demo, labels: {app: shop}}
spec: {model: none, address: 127.0.0.1, ports: [{port: 9080, appAddress: "127.0.0.1:${appPort}"}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: shop, namespace: demo}
spec:
  parentRefs: [{name: edge}]
  hostnames: [shop.example.com]
  rules: [{backendRefs: [{name: shop, port: 80}]}]
`;
}

test.each([[0], [1]])('serves a gateway and follows it, with %i worker threads', async (threads) => {
  const folder = temporaryFolder();
  const app = await startUpstream('shop');
  closers.push(() => app.close());
  const [first, second, secure] = [await freePort(), await freePort(), await freePort()];
  const http = (port: number) => `{name: http, port: ${port}, protocol: HTTP}`;
  fs.writeFileSync(path.join(folder, 'mesh.yaml'), mesh(app.port));
  fs.writeFileSync(path.join(folder, 'gateway.yaml'), gateway(http(first)));
  const ports = ['--outbound-port', '0', '--inbound-port', '0', '--admin-port', '0'];
  const own = ['--resources', folder, '--workload', 'demo/edge-1', '--worker-threads', String(threads)];
  const program = new Program(['proxy', ...own, ...ports]);
  closers.push(async () => {
    program.kill('SIGKILL');
    await program.exited;
  });
  await program.ready();
  expect((await call(`127.0.0.1:${first}`, { host: 'shop.example.com' })).body).toBe('shop');
  expect((await call(`127.0.0.1:${first}`, { host: 'shop' })).status).toBe(404);

  const https = `{name: https, port: ${secure}, protocol: HTTPS, tls: {certificateRefs: [{name: shop-tls}]}}`;
  replaceFile(path.join(folder, 'gateway.yaml'), gateway(`${http(second)}, ${https}`));
  const named = `gateway port ${secure}: certificate demo/shop-tls: this proxy was started without --certificates-dir`;
  await program.waitFor('the missing certificate', () => program.stderr.includes(named));
  expect((await call(`127.0.0.1:${second}`, { host: 'shop.example.com' })).body).toBe('shop');
  await expect(call(`127.0.0.1:${first}`, { host: 'shop.example.com' })).rejects.toThrow('ECONNREFUSED');
});
