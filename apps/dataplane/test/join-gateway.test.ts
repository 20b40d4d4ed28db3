// `malha gateway` as a process, against a fake control plane: joins without an application, and opens its Gateway's ports.
import { once } from 'node:events';
import path from 'node:path';
import tls from 'node:tls';
import { create, toBinary } from '@bufbuild/protobuf';
import { type FakeResource, startFakeControlPlane } from '@malha/testing/fake-control-plane';
import { freePort } from '@malha/testing/free-port';
import type { TestIdentity } from '@malha/testing/test-ca';
import { SECRET_TYPE, versionOf } from '@malha/xds';
import { SecretSchema } from '@malha/xds/generated/envoy/extensions/transport_sockets/tls/v3/secret_pb';
import { afterEach, expect, test, vi } from 'vitest';
import { resourcesFor, shopAndReviews } from './joined-mesh.ts';
import { call, Program, startUpstream, temporaryFolder } from './program.ts';

vi.setConfig({ testTimeout: 90_000, hookTimeout: 30_000 });

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

function edge(listener: string): string {
  return `---
apiVersion: malha.dev/v1
kind: Workload
metadata: {name: edge-1, namespace: demo, labels: {gateway.networking.k8s.io/gateway-name: edge}}
spec: {address: 127.0.0.1}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: demo}
spec: {gatewayClassName: malha, listeners: [${listener}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: reviews, namespace: demo}
spec:
  parentRefs: [{name: edge}]
  rules: [{backendRefs: [{name: reviews, port: 80}]}]
`;
}

type Plane = Awaited<ReturnType<typeof startFakeControlPlane>>;

/** Resolves when the gateway serves. */
async function join(plane: Plane, state = path.join(temporaryFolder(), 'edge')): Promise<Program> {
  const place = ['--control-plane', plane.joinAddress, '--ca-pin', plane.ca.pin];
  const ports = ['--outbound-port', '0', '--inbound-port', '0', '--admin-port', '0'];
  const token = ['--token', plane.createToken('demo', 'edge')];
  const own = ['--gateway', 'demo/edge', '--workload', 'edge-1', '--state-dir', state];
  const program = new Program(['gateway', ...own, ...place, ...token, ...ports]);
  closers.push(async () => {
    program.kill('SIGKILL');
    await program.exited;
  });
  await program.ready();
  return program;
}

/** As the control plane sends a certificate that it has stored. */
function secret(name: string, { certificateChainPem, privateKeyPem }: TestIdentity): FakeResource {
  const inline = (value: string) => ({ specifier: { case: 'inlineString' as const, value } });
  const content = { certificateChain: inline(certificateChainPem), privateKey: inline(privateKeyPem) };
  const value = toBinary(
    SecretSchema,
    create(SecretSchema, { name, type: { case: 'tlsCertificate', value: content } }),
  );
  return { typeUrl: SECRET_TYPE, name, version: versionOf(value), value };
}

/** A connection after its handshake; what it is asked, it answers on itself. */
async function connect(port: number, ca: string): Promise<tls.TLSSocket> {
  const socket = tls.connect({ port, host: '127.0.0.1', servername: 'www.example.com', ca });
  closers.push(() => socket.destroy());
  await once(socket, 'secureConnect');
  return socket;
}

async function ask(socket: tls.TLSSocket): Promise<string> {
  socket.write('GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n');
  let text = '';
  while (!text.endsWith('reviews')) text += String((await once(socket, 'data'))[0]);
  return text.slice(0, text.indexOf('\r\n'));
}

test('joins as an instance of the Service of its name, and serves clients outside as the Gateway says', async () => {
  const reviews = await startUpstream('reviews');
  closers.push(() => reviews.close());
  const [first, second] = [await freePort(), await freePort()];
  const resourcesAt = (port: number) =>
    resourcesFor(shopAndReviews(1, reviews.port) + edge(`{name: http, port: ${port}, protocol: HTTP}`), 'demo/edge-1');
  const plane = await startFakeControlPlane({ resources: resourcesAt(first) });
  closers.push(() => plane.stop());
  await join(plane);
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

/** Everything else it knows from its state. */
const ALONE = [
  '--gateway',
  'demo/edge',
  '--workload',
  'edge-1',
  '--outbound-port',
  '0',
  '--inbound-port',
  '0',
  '--admin-port',
  '0',
];

test('shows the certificate that the control plane sends, and takes another without losing a connection', async () => {
  const reviews = await startUpstream('reviews');
  closers.push(() => reviews.close());
  const port = await freePort();
  const listener = `{name: https, port: ${port}, protocol: HTTPS, tls: {certificateRefs: [{name: web}]}}`;
  const resources = resourcesFor(shopAndReviews(1, reviews.port) + edge(listener), 'demo/edge-1');
  const plane = await startFakeControlPlane({ resources });
  closers.push(() => plane.stop());
  const { trustBundlePem } = plane.ca;
  const [first, second] = ['one', 'two'].map((name) => plane.ca.issue('demo', name, { dnsNames: ['www.example.com'] }));
  if (first === undefined || second === undefined) throw new Error('no certificates');
  plane.setResources([...resources, secret('demo/web', first), secret('demo/other', second)]);
  const state = path.join(temporaryFolder(), 'edge');
  const program = await join(plane, state);

  const early = await connect(port, trustBundlePem);
  expect(early.getPeerCertificate().subjectaltname).toContain('/sa/one');
  expect(await ask(early)).toBe('HTTP/1.1 200 OK');

  plane.setResources([...resources, secret('demo/web', second)]);
  await vi.waitFor(
    async () => expect((await connect(port, trustBundlePem)).getPeerCertificate().subjectaltname).toContain('/sa/two'),
    { timeout: 10_000 },
  );
  expect(await ask(early)).toBe('HTTP/1.1 200 OK');
  expect(plane.nacks).toEqual([]);

  // What it was sent is beside its identity, so that it starts alone.
  program.kill('SIGTERM');
  await program.exited;
  plane.stop();
  const alone = new Program(['gateway', ...ALONE, '--state-dir', state]);
  closers.push(async () => {
    alone.kill('SIGKILL');
    await alone.exited;
  });
  await alone.ready();
  const late = await connect(port, trustBundlePem);
  expect(late.getPeerCertificate().subjectaltname).toContain('/sa/two');
  expect(await ask(late)).toBe('HTTP/1.1 200 OK');
});
