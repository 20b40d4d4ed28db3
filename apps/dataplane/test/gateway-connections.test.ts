// Listeners TLS and TCP of an edge proxy on real sockets: who speaks first, whose certificate is seen, protocols that change.
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import { parseResources } from '@malha/model';
import { compile } from '@malha/policies';
import { freePort } from '@malha/testing/free-port';
import { createTestCa } from '@malha/testing/test-ca';
import type { MeshConfig } from '@malha/traffic/config';
import { afterEach, expect, test, vi } from 'vitest';
import { DataPlane } from '../src/data-plane.ts';
import { KeepingTelemetry } from './mesh-fixture.ts';

const ca = createTestCa();
const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

function portOf(server: net.Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address.port;
}

/** Greets whoever connects, then sends back what comes. */
const greet = (socket: net.Socket) => {
  socket.on('error', () => undefined);
  socket.write('hello ');
  socket.pipe(socket);
};

async function backend(server: net.Server): Promise<number> {
  closers.push(() => server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return portOf(server);
}

interface Mesh {
  readonly plainPort: number;
  readonly sealedPort: number;
}

async function backends(): Promise<Mesh> {
  const own = ca.issue('shop', 'sealed');
  const secured = tls.createServer({ cert: own.certificateChainPem, key: own.privateKeyPem }, greet);
  return { plainPort: await backend(net.createServer(greet)), sealedPort: await backend(secured) };
}

function configOf({ plainPort, sealedPort }: Mesh, listeners: string): MeshConfig {
  const app = (name: string, protocol: string, port: number) => `apiVersion: malha.dev/v1
kind: Service
metadata: {name: ${name}, namespace: shop}
spec: {selector: {app: ${name}}, ports: [{port: 5432, targetPort: 5432, appProtocol: ${protocol}}]}
---
apiVersion: malha.dev/v1
kind: Workload
metadata: {name: ${name}-1, namespace: shop, labels: {app: ${name}}}
spec: {model: none, address: 127.0.0.1, ports: [{port: 5432, appAddress: "127.0.0.1:${port}"}]}
---
`;
  const route = (kind: string, name: string, section: string) => `---
apiVersion: gateway.networking.k8s.io/v1
kind: ${kind}
metadata: {name: ${name}, namespace: shop}
spec: {parentRefs: [{name: edge, sectionName: ${section}}], rules: [{backendRefs: [{name: ${name}, port: 5432}]}]}
`;
  const { resources, errors } = parseResources(`${app('plain', 'tcp', plainPort)}${app('sealed', 'tls', sealedPort)}
apiVersion: malha.dev/v1
kind: Workload
metadata: {name: edge-1, namespace: shop, labels: {gateway.networking.k8s.io/gateway-name: edge}}
spec: {address: 127.0.0.1}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: shop}
spec: {gatewayClassName: malha, listeners: [${listeners}]}
${route('TCPRoute', 'plain', 'plain')}${route('TLSRoute', 'sealed', 'sealed')}`);
  expect(errors).toEqual([]);
  const world = { resources, workloads: [], trustDomain: 'mesh.local', plaintext: true };
  return compile(world, { namespace: 'shop', workload: 'edge-1' }).config;
}

async function start(config: MeshConfig): Promise<{ dataPlane: DataPlane; telemetry: KeepingTelemetry }> {
  const telemetry = new KeepingTelemetry();
  const dataPlane = new DataPlane({
    workload: { namespace: 'shop', name: 'edge-1', service: 'edge-1', version: '' },
    bind: { address: '127.0.0.1', outboundPort: 0, inboundPort: 0 },
    telemetry,
    clock: { now: () => Date.now(), monotonic: () => performance.now() },
    random: Math.random,
  });
  closers.push(() => dataPlane.close());
  showCertificate(dataPlane);
  dataPlane.apply(config);
  await dataPlane.start();
  return { dataPlane, telemetry };
}

/** A new one each time; its fingerprint. */
function showCertificate(dataPlane: DataPlane): string {
  const { certificateChainPem, privateKeyPem } = ca.issue('shop', 'www');
  dataPlane.setCertificates({
    usable: [{ name: 'shop/www', certificateChainPem, privateKeyPem }],
    problems: new Map(),
  });
  // Of a chain the first one is read.
  return new X509Certificate(certificateChainPem).fingerprint256;
}

async function connect(port: number): Promise<net.Socket> {
  const socket = net.connect(port, '127.0.0.1');
  closers.push(() => socket.destroy());
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

async function handshake(port: number, servername: string): Promise<tls.TLSSocket> {
  const socket = tls.connect({ port, host: '127.0.0.1', servername, rejectUnauthorized: false });
  closers.push(() => socket.destroy());
  await once(socket, 'secureConnect');
  socket.on('error', () => undefined);
  return socket;
}

/** All that comes until `wanted` is there, or the end. */
async function read(socket: net.Socket, wanted: string): Promise<string> {
  let text = '';
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    text += String(chunk);
    if (text.includes(wanted)) break;
  }
  return text;
}

const TCP = (port: number) => `{name: plain, port: ${port}, protocol: TCP}`;
const ENDED = (port: number) =>
  `{name: plain, port: ${port}, protocol: TLS, hostname: www.example.com, tls: {certificateRefs: [{name: www}]}}`;
const PASSED = (port: number) => `{name: sealed, port: ${port}, protocol: TLS, tls: {mode: Passthrough}}`;

test('TCP: a server that speaks first is heard, and one record tells of the connection', async () => {
  const port = await freePort();
  const { telemetry } = await start(configOf(await backends(), TCP(port)));
  const socket = await connect(port);
  expect(await read(socket, 'hello ')).toBe('hello ');
  socket.end('friend');
  expect(await read(socket, 'friend')).toBe('friend');
  await vi.waitFor(() => expect(telemetry.records).toHaveLength(1));
  expect(telemetry.records[0]).toMatchObject({ route: 'shop/plain/0', service: 'plain', requestBytes: 6 });
});

test('TLS that ends here and TLS that is passed on share a port: each shows the certificate that is meant', async () => {
  const port = await freePort();
  const { dataPlane } = await start(configOf(await backends(), `${ENDED(port)}, ${PASSED(port)}`));
  const shown = showCertificate(dataPlane);
  const ended = await handshake(port, 'www.example.com');
  expect(ended.getPeerCertificate().fingerprint256).toBe(shown);
  expect(await read(ended, 'hello ')).toBe('hello ');
  const passed = await handshake(port, 'other.example.com');
  expect(passed.getPeerCertificate().subjectaltname).toContain('/sa/sealed');
  expect(await read(passed, 'hello ')).toBe('hello ');
});

test('TLS: a certificate that is renewed is shown to the next client, whose connection goes on', async () => {
  const port = await freePort();
  const { dataPlane } = await start(configOf(await backends(), ENDED(port)));
  const first = showCertificate(dataPlane);
  const before = await handshake(port, 'www.example.com');
  expect(before.getPeerCertificate().fingerprint256).toBe(first);
  const second = showCertificate(dataPlane);
  expect((await handshake(port, 'www.example.com')).getPeerCertificate().fingerprint256).toBe(second);
  before.write('still');
  expect(await read(before, 'still')).toContain('still');
});

test('TLS: what is no ClientHello is closed and counted', async () => {
  const port = await freePort();
  const { telemetry } = await start(configOf(await backends(), PASSED(port)));
  const socket = await connect(port);
  socket.write('GET / HTTP/1.1\r\n\r\n');
  // By a reset, which is an error to `once`.
  await new Promise((resolve) => socket.once('close', resolve));
  expect(telemetry.count('client-hello-refused')).toBe(1);
});

test('a port changes its protocol while it listens; connections go on as what they began with', async () => {
  const port = await freePort();
  const mesh = await backends();
  const { dataPlane } = await start(configOf(mesh, TCP(port)));
  const former = await connect(port);
  await read(former, 'hello ');
  dataPlane.apply(configOf(mesh, ENDED(port)));
  await dataPlane.portsOpened();
  expect(dataPlane.stats().gateways).toMatchObject([{ port, protocol: 'TLS', isListening: true, problems: [] }]);
  expect(await read(await handshake(port, 'www.example.com'), 'hello ')).toBe('hello ');
  former.write('still');
  expect(await read(former, 'still')).toBe('still');
});

test('names of a listener without its certificate are not served with that of a less specific one', async () => {
  const port = await freePort();
  const wild = `{name: wild, port: ${port}, protocol: TLS, hostname: "*.example.com", tls: {certificateRefs: [{name: wild}]}}`;
  const { dataPlane } = await start(configOf(await backends(), `${ENDED(port)}, ${wild}`));
  const { certificateChainPem, privateKeyPem } = ca.issue('shop', 'wild');
  dataPlane.setCertificates({
    usable: [{ name: 'shop/wild', certificateChainPem, privateKeyPem }],
    problems: new Map(),
  });
  expect((await handshake(port, 'a.example.com')).getPeerCertificate().subjectaltname).toContain('/sa/wild');
  await expect(handshake(port, 'www.example.com')).rejects.toThrow();
});

test('a certificate that is missing is named, and its listener takes no handshake', async () => {
  const port = await freePort();
  const { dataPlane } = await start(configOf(await backends(), ENDED(port)));
  dataPlane.setCertificates({ usable: [], problems: new Map([['shop/www', 'no such file']]) });
  expect(dataPlane.stats().gateways[0]?.problems).toEqual(['certificate shop/www: no such file']);
  await expect(handshake(port, 'www.example.com')).rejects.toThrow();
});
