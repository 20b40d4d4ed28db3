// A stock Envoy as a gateway shows the certificate that the control plane has stored, and takes another while it serves.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import tls from 'node:tls';
import { parseResources } from '@malha/model';
import { freePort } from '@malha/testing/free-port';
import { createTestCa, type TestIdentity } from '@malha/testing/test-ca';
import { envoyBootstrap } from '@malha/xds/envoy-bootstrap';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { findEnvoy } from '../../../scripts/setup/envoy.ts';
import type { CertificateMaterial } from '../src/xds/dialects/dialect.ts';
import type { WorldSource, WorldState } from '../src/xds/world-source.ts';
import { runServer } from './xds-mesh.ts';

vi.setConfig({ testTimeout: 90_000 });

const envoy = findEnvoy();
const ca = createTestCa();
const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

function resourcesAt(port: number) {
  const { resources, errors } = parseResources(`apiVersion: malha.dev/v1
kind: Workload
metadata: {name: edge-1, namespace: demo, labels: {gateway.networking.k8s.io/gateway-name: edge}}
spec: {address: 127.0.0.1, model: envoy}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: demo}
spec:
  gatewayClassName: malha
  listeners: [{name: https, port: ${port}, protocol: HTTPS, tls: {certificateRefs: [{name: web}]}}]
---
apiVersion: malha.dev/v1
kind: DirectResponse
metadata: {name: hello, namespace: demo}
spec: {status: 200, body: hello}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: hello, namespace: demo}
spec:
  parentRefs: [{name: edge}]
  rules: [{filters: [{type: ExtensionRef, extensionRef: {group: malha.dev, kind: DirectResponse, name: hello}}]}]
`);
  if (errors.length > 0) throw new Error(JSON.stringify(errors));
  return resources;
}

/** One gateway, and what is stored for it. */
class EdgeWorld implements WorldSource {
  readonly #listeners = new Set<() => void>();
  readonly #resources: ReturnType<typeof resourcesAt>;
  #material: CertificateMaterial | undefined;
  #sequence = 1;

  constructor(port: number) {
    this.#resources = resourcesAt(port);
  }

  current(): WorldState {
    const material = this.#material;
    return {
      revision: 1,
      revisedAtMs: 0,
      sequence: this.#sequence,
      world: { resources: this.#resources, workloads: [], trustDomain: 'mesh.local', plaintext: true },
      certificateOf: (name) => (name === 'demo/web' ? material : undefined),
    };
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  store({ certificateChainPem, privateKeyPem }: TestIdentity): void {
    this.#material = { chainPem: certificateChainPem, privateKeyPem };
    this.#sequence += 1;
    for (const listener of this.#listeners) listener();
  }
}

async function connect(port: number): Promise<tls.TLSSocket> {
  const socket = tls.connect({ port, host: '127.0.0.1', servername: 'www.example.com', ca: ca.trustBundlePem });
  closers.push(() => socket.destroy());
  await once(socket, 'secureConnect');
  return socket;
}

async function ask(socket: tls.TLSSocket): Promise<string> {
  socket.write('GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n');
  let text = '';
  while (!text.endsWith('hello')) text += String((await once(socket, 'data'))[0]);
  return text.slice(0, text.indexOf('\r\n'));
}

/** Retried until Envoy shows it. */
async function shown(port: number, name: string): Promise<tls.TLSSocket> {
  return vi.waitFor(
    async () => {
      const socket = await connect(port);
      expect(socket.getPeerCertificate().subjectaltname).toContain(`/sa/${name}`);
      return socket;
    },
    { timeout: 60_000, interval: 50 },
  );
}

describe.skipIf(envoy === undefined)('stock Envoy as a gateway', () => {
  test('shows a stored certificate without any folder, and the next one on new connections only', async () => {
    const [port, admin] = [await freePort(), await freePort()];
    const world = new EdgeWorld(port);
    world.store(ca.issue('demo', 'one', { dnsNames: ['www.example.com'] }));
    const server = await runServer(world);
    closers.push(() => server.close());
    startEnvoy(server.port, admin);

    const early = await shown(port, 'one');
    expect(await ask(early)).toBe('HTTP/1.1 200 OK');
    world.store(ca.issue('demo', 'two', { dnsNames: ['www.example.com'] }));
    expect(await ask(await shown(port, 'two'))).toBe('HTTP/1.1 200 OK');
    expect(await ask(early)).toBe('HTTP/1.1 200 OK');
    expect(server.warnings).toEqual([]);
  });
});

function startEnvoy(xdsPort: number, admin: number): ChildProcess {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'malha-envoy-'));
  const { bootstrap } = envoyBootstrap({
    workload: 'demo/edge-1',
    instanceId: '1',
    service: 'demo/edge',
    xds: { host: '127.0.0.1', port: xdsPort },
    identityDirectory: folder,
    trustDomain: ca.trustDomain,
    admin: { address: '127.0.0.1', port: admin },
    plaintext: true,
  });
  const file = path.join(folder, 'envoy.json');
  fs.writeFileSync(file, JSON.stringify(bootstrap));
  const args = ['-c', file, '--concurrency', '1', '--use-dynamic-base-id', '-l', 'warning'];
  const child = spawn(envoy ?? '', args, { stdio: 'ignore' });
  closers.push(async () => {
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
    fs.rmSync(folder, { recursive: true });
  });
  return child;
}
