// `malha proxy` as an edge with a country database: rules for countries match by it, follow it, and are missed aloud.
import fs from 'node:fs';
import path from 'node:path';
import { countryDatabase } from '@malha/testing/country-database';
import { freePort } from '@malha/testing/free-port';
import { afterEach, expect, test, vi } from 'vitest';
import { call, Program, replaceFile, startUpstream, temporaryFolder } from './program.ts';

vi.setConfig({ testTimeout: 90_000, hookTimeout: 30_000 });

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

function mesh(port: number, appPort: number): string {
  return `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: demo}
spec: {gatewayClassName: malha, listeners: [{name: http, port: ${port}, protocol: HTTP}]}
---
apiVersion: malha.dev/v1
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
apiVersion: malha.dev/v1
kind: DirectResponse
metadata: {name: elsewhere, namespace: demo}
spec: {status: 451, body: not here}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: shop, namespace: demo}
spec:
  parentRefs: [{name: edge}]
  rules:
    - {name: pt, matches: [{path: {value: /}}], backendRefs: [{name: shop, port: 80}]}
    - filters: [{type: ExtensionRef, extensionRef: {group: malha.dev, kind: DirectResponse, name: elsewhere}}]
---
apiVersion: malha.dev/v1
kind: RoutePolicy
metadata: {name: pt, namespace: demo}
spec:
  targetRef: {group: gateway.networking.k8s.io, kind: HTTPRoute, name: shop, sectionName: pt}
  match: {countries: [PT]}
`;
}

async function startEdge(threads: number, more: readonly string[]) {
  const folder = temporaryFolder();
  const app = await startUpstream('shop');
  closers.push(() => app.close());
  const port = await freePort();
  fs.writeFileSync(path.join(folder, 'mesh.yaml'), mesh(port, app.port));
  const ports = ['--outbound-port', '0', '--inbound-port', '0', '--admin-port', '0'];
  const own = ['--resources', folder, '--workload', 'demo/edge-1', '--worker-threads', String(threads)];
  const program = new Program(['proxy', ...own, ...ports, ...more]);
  closers.push(async () => {
    program.kill('SIGKILL');
    await program.exited;
  });
  await program.ready();
  const answer = async () => {
    const { status, body } = await call(`127.0.0.1:${port}`, { host: 'shop.example.com' });
    return `${status} ${body}`;
  };
  return { program, port, answer };
}

test.each([[0], [1]])('routes clients by the country of their address, with %i worker threads', async (threads) => {
  const file = path.join(temporaryFolder(), 'countries.mmdb');
  fs.writeFileSync(file, countryDatabase({ '127.0.0.0/8': 'PT' }));
  const { answer } = await startEdge(threads, ['--geoip-database', file]);
  expect(await answer()).toBe('200 shop');
  replaceFile(file, countryDatabase({ '127.0.0.0/8': 'BR' }));
  await expect.poll(answer, { timeout: 20_000 }).toBe('451 not here');
});

test('without a database such a rule never matches, and the log says so', async () => {
  const { program, port, answer } = await startEdge(0, []);
  expect(await answer()).toBe('451 not here');
  const named = `gateway port ${port}: no rule for countries matches: this proxy was started without --geoip-database`;
  await program.waitFor('the missing database', () => program.stderr.includes(named));
});
