// `malha proxy` as a process: serves a folder, follows it, keeps the last good, drains.
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { createTestCa } from '@malha/testing/test-ca';
import { afterEach, expect, test, vi } from 'vitest';
import { call, Program, replaceFile, startUpstream, temporaryFolder, type Upstream } from './program.ts';

vi.setConfig({ testTimeout: 90_000, hookTimeout: 30_000 });

const programs: Program[] = [];
const upstreams: Upstream[] = [];

afterEach(async () => {
  for (const program of programs.splice(0)) {
    program.kill('SIGKILL');
    await program.exited;
  }
  for (const upstream of upstreams.splice(0)) upstream.close();
});

async function upstream(answer: string | http.RequestListener): Promise<number> {
  const started = await startUpstream(answer);
  upstreams.push(started);
  return started.port;
}

const ANY_PORTS = ['--outbound-port', '0', '--inbound-port', '0', '--admin-port', '0'];

function start(folder: string, ...more: readonly string[]): Program {
  const program = new Program(['proxy', '--resources', folder, '--workload', 'demo/shop-1', ...ANY_PORTS, ...more]);
  programs.push(program);
  return program;
}

function service(name: string, versions: readonly string[] = []): string {
  const list = versions.map((version) => `{name: ${version}, labels: {version: ${version}}}`).join(', ');
  return `apiVersion: malha.dev/v1
kind: Service
metadata: {name: ${name}, namespace: demo}
spec: {selector: {app: ${name}}, ports: [{name: http, port: 80, targetPort: 9080, appProtocol: http}]${list === '' ? '' : `, versions: [${list}]`}}
`;
}

function workload(name: string, app: string, spec: string, version = ''): string {
  return `apiVersion: malha.dev/v1
kind: Workload
metadata: {name: ${name}, namespace: demo, labels: {app: ${app}${version === '' ? '' : `, version: ${version}`}}}
spec: {address: 127.0.0.1, ${spec}}
`;
}

const bare = (port: number) => `model: none, ports: [{port: 9080, appAddress: "127.0.0.1:${port}"}]`;
const sidecar = (port: number) => `inboundPort: 15006, ports: [{port: 9080, appAddress: "127.0.0.1:${port}"}]`;

function split(v1: number | string, v2: number | string): string {
  return `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: reviews, namespace: demo}
spec:
  parentRefs: [{group: "", kind: Service, name: reviews}]
  rules:
    - backendRefs:
        - {group: malha.dev, kind: ServiceVersion, name: reviews-v1, port: 80, weight: ${v1}}
        - {group: malha.dev, kind: ServiceVersion, name: reviews-v2, port: 80, weight: ${v2}}
`;
}

async function bookFolder(): Promise<string> {
  const folder = temporaryFolder();
  const [v1, v2, shop] = [await upstream('v1'), await upstream('v2'), await upstream('shop')];
  const documents = [
    service('shop'),
    workload('shop-1', 'shop', sidecar(shop)),
    service('reviews', ['v1', 'v2']),
    workload('reviews-v1', 'reviews', bare(v1), 'v1'),
    workload('reviews-v2', 'reviews', bare(v2), 'v2'),
  ];
  fs.writeFileSync(path.join(folder, 'mesh.yaml'), documents.join('---\n'));
  fs.writeFileSync(path.join(folder, 'route.yaml'), split(100, 0));
  return folder;
}

test('serves outbound by route and inbound to the application, and says that there is no mTLS', async () => {
  const program = start(await bookFolder());
  const { outbound, inbound, admin } = await program.ready();
  expect((await call(outbound, { host: 'reviews' })).body).toBe('v1');
  expect((await call(outbound, { host: 'reviews.demo.mesh:80' })).body).toBe('v1');
  expect((await call(outbound, { host: 'nobody' })).status).toBe(404);
  expect((await call(inbound, { host: 'shop' })).body).toBe('shop');
  expect((await call(admin, { path: '/ready' })).status).toBe(200);
  expect(program.stderr).toContain('mTLS is DISABLE everywhere');
});

test('flips a split by atomic renames under load without one failed request', async () => {
  const folder = await bookFolder();
  const program = start(folder);
  const { outbound } = await program.ready();
  const agent = new http.Agent({ keepAlive: true, maxSockets: 8 });
  const counts = { v1: 0, v2: 0, failed: 0 };
  let isOver = false;
  const load = Array.from({ length: 8 }, async () => {
    while (!isOver) {
      const answer = await call(outbound, { host: 'reviews', agent, method: 'POST' }).catch(() => undefined);
      if (answer?.body === 'v1' || answer?.body === 'v2') counts[answer.body]++;
      else counts.failed++;
    }
  });
  for (let flip = 0; flip < 10; flip++) {
    replaceFile(path.join(folder, 'route.yaml'), flip % 2 === 0 ? split(0, 100) : split(100, 0));
    const wanted = flip % 2 === 0 ? 'v2' : 'v1';
    await vi.waitFor(async () => expect((await call(outbound, { host: 'reviews' })).body).toBe(wanted), {
      timeout: 5_000,
    });
  }
  isOver = true;
  await Promise.all(load);
  agent.destroy();
  expect(counts.failed).toBe(0);
  expect(counts.v1).toBeGreaterThan(50);
  expect(counts.v2).toBeGreaterThan(50);
});

test('a bad change keeps the last good configuration and names file, line, path and code', async () => {
  const folder = await bookFolder();
  const program = start(folder);
  const { outbound, admin } = await program.ready();
  replaceFile(path.join(folder, 'route.yaml'), split(-1, 100));
  const named = /route\.yaml:\d+: .*spec\.rules\[0\]\.backendRefs\[0\]\.weight.*\[MALHA1008\]/;
  // A line of its own: it may come just after the refusal.
  await program.waitFor('the refusal and its reason', () => named.test(program.stderr));
  expect(program.stderr).toContain('change refused, the last good configuration goes on');
  expect((await call(outbound, { host: 'reviews' })).body).toBe('v1');
  expect((await call(admin, { path: '/config_dump' })).body).toContain('MALHA1008');
  replaceFile(path.join(folder, 'broken.yaml'), 'kind: [\n');
  await program.waitFor('the syntax error', () => program.stderr.includes('[MALHA1001]'));
  expect((await call(outbound, { host: 'reviews' })).body).toBe('v1');
  fs.rmSync(path.join(folder, 'broken.yaml'));
  replaceFile(path.join(folder, 'route.yaml'), split(0, 1));
  await vi.waitFor(async () => expect((await call(outbound, { host: 'reviews' })).body).toBe('v2'), { timeout: 5_000 });
});

test('a service that appears in a new file is served, and one that goes is 404', async () => {
  const folder = await bookFolder();
  const program = start(folder);
  const { outbound } = await program.ready();
  expect((await call(outbound, { host: 'late' })).status).toBe(404);
  const late = [service('late'), workload('late-1', 'late', bare(await upstream('late')))];
  replaceFile(path.join(folder, 'late.yaml'), late.join('---\n'));
  await vi.waitFor(async () => expect((await call(outbound, { host: 'late' })).body).toBe('late'), { timeout: 5_000 });
  fs.rmSync(path.join(folder, 'late.yaml'));
  await vi.waitFor(async () => expect((await call(outbound, { host: 'late' })).status).toBe(404), { timeout: 5_000 });
});

test('two proxies with identities speak mTLS, and plaintext is closed without a byte', async () => {
  const ca = createTestCa();
  const identityOf = (name: string): string => {
    const identity = ca.issue('demo', name);
    const own = temporaryFolder();
    fs.writeFileSync(path.join(own, 'cert.pem'), identity.certificateChainPem);
    fs.writeFileSync(path.join(own, 'key.pem'), identity.privateKeyPem, { mode: 0o600 });
    fs.writeFileSync(path.join(own, 'trust.pem'), identity.trustBundlePem);
    return own;
  };
  const folder = temporaryFolder();
  const app = await upstream((request, response) => {
    response.end(`secret for ${request.headers['x-forwarded-client-cert'] ?? 'nobody'}`);
  });
  const vaultSpec = (inboundPort: number) =>
    [
      service('shop'),
      workload('shop-1', 'shop', sidecar(1)),
      service('vault'),
      workload(
        'vault-1',
        'vault',
        `inboundPort: ${inboundPort}, ports: [{port: 9080, appAddress: "127.0.0.1:${app}"}]`,
      ),
    ].join('---\n');
  replaceFile(path.join(folder, 'mesh.yaml'), vaultSpec(1));
  const vault = new Program([
    'proxy',
    '--resources',
    folder,
    '--workload',
    'demo/vault-1',
    ...ANY_PORTS,
    '--identity-dir',
    identityOf('vault'),
  ]);
  programs.push(vault);
  const vaultAt = await vault.ready();
  replaceFile(path.join(folder, 'mesh.yaml'), vaultSpec(Number(vaultAt.inbound.split(':')[1])));
  const caller = start(folder, '--identity-dir', identityOf('shop'));
  const { outbound } = await caller.ready();
  const answer = await call(outbound, { host: 'vault' });
  expect(answer).toMatchObject({ status: 200 });
  await expect(call(vaultAt.inbound, { host: 'vault' })).rejects.toMatchObject({ code: 'ECONNRESET' });
});

test('SIGTERM lets a request in flight end, then exits with 0', async () => {
  const folder = await bookFolder();
  const slow = await upstream((_, response) => void setTimeout(() => response.end('slow'), 700));
  replaceFile(path.join(folder, 'slow.yaml'), [service('slow'), workload('slow-1', 'slow', bare(slow))].join('---\n'));
  const program = start(folder, '--drain-time', '5s');
  const { outbound } = await program.ready();
  const pending = call(outbound, { host: 'slow' });
  await new Promise((resolve) => setTimeout(resolve, 200));
  const exit = program.stop();
  expect((await pending).body).toBe('slow');
  expect(await exit).toEqual({ code: 0, signal: null });
  await expect(call(outbound, { host: 'slow' })).rejects.toThrow();
});

test('takes the limits of its command line', async () => {
  const program = start(await bookFolder(), '--connections-max', '1', '--head-timeout', '300ms');
  const { outbound, admin } = await program.ready();
  const [host, port] = outbound.split(':');
  const slow = net.connect({ host: host ?? '', port: Number(port) });
  slow.write('GET / HTTP/1.1\r\n');
  await once(slow, 'connect');
  const [answer] = await once(slow, 'data');
  expect(String(answer)).toContain('408 Request Timeout');
  const second = net.connect({ host: host ?? '', port: Number(port) });
  await once(second, 'close');
  slow.destroy();
  const stats = (await call(admin, { path: '/stats' })).body;
  expect(stats).toContain('malha_proxy_events_total{event="connection-refused"} 1');
});

test('refuses to start with what is wrong in words', async () => {
  const folder = temporaryFolder();
  fs.writeFileSync(path.join(folder, 'mesh.yaml'), service('shop'));
  const program = start(folder);
  expect(await program.exited).toMatchObject({ code: 1 });
  expect(program.stderr).toContain(
    'MALHA4812: no Workload demo/shop-1 among the resources: there is no Workload at all',
  );
  const typo = new Program(['proxy', '--resource', folder, '--workload', 'shop-1', '--outbound-port', '99999']);
  expect(await typo.exited).toMatchObject({ code: 2 });
  expect(typo.stderr).toContain('unknown option --resource (did you mean --resources?)');
  expect(typo.stderr).toContain('--workload "shop-1" is not NAMESPACE/NAME');
  expect(typo.stderr).toContain('--outbound-port "99999" is not a whole number from 0 to 65535');
});

test('a worker in a thread of its own serves and follows as the one inside does', async () => {
  const folder = await bookFolder();
  const program = start(folder, '--worker-threads', '1');
  const { outbound, admin } = await program.ready();
  expect((await call(outbound, { host: 'reviews' })).body).toBe('v1');
  replaceFile(path.join(folder, 'route.yaml'), split(0, 1));
  await vi.waitFor(async () => expect((await call(outbound, { host: 'reviews' })).body).toBe('v2'), { timeout: 5_000 });
  expect((await call(admin, { path: '/stats' })).body).toContain('malha_requests_total');
  expect(await program.stop()).toEqual({ code: 0, signal: null });
});
