// An edge proxy on real sockets: Host and SNI, TLS with ALPN, what outsiders claim, ports that come and go.
import fs from 'node:fs';
import http from 'node:http';
import http2 from 'node:http2';
import net from 'node:net';
import path from 'node:path';
import tls from 'node:tls';
import { parseResources } from '@malha/model';
import { compile } from '@malha/policies';
import { freePort } from '@malha/testing/free-port';
import { createTestCa } from '@malha/testing/test-ca';
import { certificatesOf } from '@malha/traffic/gateway';
import { afterEach, expect, test, vi } from 'vitest';
import { DataPlane } from '../src/data-plane.ts';
import { CertificateFolder } from '../src/gateway/certificate-folder.ts';
import { KeepingTelemetry } from './mesh-fixture.ts';
import { temporaryFolder } from './program.ts';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** An application that answers with what it saw. */
async function startApp(): Promise<number> {
  const server = http.createServer((request, response) => {
    response.end(JSON.stringify({ ...request.headers, path: request.url }));
  });
  closers.push(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return portOf(server.address());
}

function portOf(address: ReturnType<net.Server['address']>): number {
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function world(appPort: number, listeners: string) {
  const text = `
apiVersion: malha.dev/v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: malha.dev/v1
kind: Workload
metadata: {name: web-1, namespace: shop, labels: {app: web}}
spec: {model: none, address: 127.0.0.1, ports: [{port: 8080, appAddress: "127.0.0.1:${appPort}"}]}
---
apiVersion: malha.dev/v1
kind: Workload
metadata: {name: edge-1, namespace: shop, labels: {gateway.networking.k8s.io/gateway-name: edge}}
spec: {address: 127.0.0.1}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: shop}
spec: {gatewayClassName: malha, listeners: [${listeners}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: web, namespace: shop}
spec:
  parentRefs: [{name: edge}]
  rules:
    - backendRefs: [{name: web, port: 80}]
    - matches: [{path: {value: /moved}}]
      filters: [{type: RequestRedirect, requestRedirect: {path: {type: ReplaceFullPath, replaceFullPath: /here}}}]
    - matches: [{path: {value: /secure}}]
      filters: [{type: RequestRedirect, requestRedirect: {scheme: https, statusCode: 301}}]
`;
  const { resources, errors } = parseResources(text);
  expect(errors).toEqual([]);
  const options = { resources, workloads: [], trustDomain: 'mesh.local', plaintext: true };
  return compile(options, { namespace: 'shop', workload: 'edge-1' }).config;
}

function start(): DataPlane {
  const dataPlane = new DataPlane({
    workload: { namespace: 'shop', name: 'edge-1', service: 'edge-1', version: '' },
    bind: { address: '127.0.0.1', outboundPort: 0, inboundPort: 0 },
    telemetry: new KeepingTelemetry(),
    clock: { now: () => Date.now(), monotonic: () => performance.now() },
    random: Math.random,
  });
  closers.push(() => dataPlane.close());
  return dataPlane;
}

/** A folder with certificates of the names; which is which can be read from their SPIFFE IDs. */
function certificates(names: readonly string[]): string {
  const ca = createTestCa();
  const folder = temporaryFolder();
  for (const name of names) {
    const { certificateChainPem, privateKeyPem } = ca.issue('shop', name);
    fs.mkdirSync(path.join(folder, 'shop', name), { recursive: true });
    fs.writeFileSync(path.join(folder, 'shop', name, 'tls.crt'), certificateChainPem);
    fs.writeFileSync(path.join(folder, 'shop', name, 'tls.key'), privateKeyPem);
  }
  return folder;
}

async function serve(listeners: string, folder?: string) {
  const dataPlane = start();
  const config = world(await startApp(), listeners);
  const files = new CertificateFolder(folder, (found) => dataPlane.setCertificates(found));
  closers.push(() => files.close());
  await files.follow((config.gateways ?? []).flatMap(certificatesOf));
  dataPlane.apply(config);
  await dataPlane.start();
  return dataPlane;
}

interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

function get(port: number, host: string, target = '/', headers: http.OutgoingHttpHeaders = {}, socket?: net.Socket) {
  return new Promise<Answer>((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path: target, headers: { host, ...headers } };
    const connection = socket === undefined ? { agent: false } : { createConnection: () => socket };
    const request = http.request({ ...options, ...connection });
    request.on('error', reject);
    request.on('response', (response) => {
      let body = '';
      response.on('data', (chunk) => {
        body += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
    });
    request.end();
  });
}

function handshake(port: number, servername: string, ALPNProtocols = ['http/1.1']): Promise<tls.TLSSocket> {
  return new Promise((resolve, reject) => {
    const name = servername === '' ? {} : { servername };
    const socket = tls.connect({ host: '127.0.0.1', port, ...name, ALPNProtocols, rejectUnauthorized: false });
    closers.push(() => socket.destroy());
    socket.once('secureConnect', () => resolve(socket));
    socket.once('error', reject);
  });
}

function shownBy(socket: tls.TLSSocket): string {
  return socket.getPeerCertificate().subjectaltname?.split('/').at(-1) ?? '';
}

test('a host belongs to the listener with the most specific hostname; others get 404', async () => {
  const port = await freePort();
  await serve(`{name: wild, port: ${port}, protocol: HTTP, hostname: "*.example.com"}`);
  expect((await get(port, 'a.example.com')).status).toBe(200);
  expect((await get(port, `A.EXAMPLE.com:${port}`)).status).toBe(200);
  expect((await get(port, 'example.com')).status).toBe(404);
  expect((await get(port, 'web')).status).toBe(404);
});

test('a target in absolute form is of https over TLS', async () => {
  const port = await freePort();
  const folder = certificates(['own']);
  await serve(`{name: s, port: ${port}, protocol: HTTPS, tls: {certificateRefs: [{name: own}]}}`, folder);
  const target = 'https://www.example.com/there?q';
  const answer = await get(port, 'other.example.com', target, {}, await handshake(port, 'www.example.com'));
  expect(answer.status).toBe(200);
  expect(JSON.parse(answer.body)).toMatchObject({ host: 'www.example.com', path: '/there?q' });
});

test('what a client says of itself or of proxies before us does not reach the application', async () => {
  const port = await freePort();
  await serve(`{name: http, port: ${port}, protocol: HTTP}`);
  const claimed = {
    'x-forwarded-for': '10.0.0.1',
    'x-forwarded-proto': 'https',
    'x-forwarded-host': 'admin.internal',
    'x-real-ip': '10.0.0.1',
    forwarded: 'for=10.0.0.1',
    'x-forwarded-client-cert': 'URI=spiffe://mesh.local/ns/shop/sa/admin',
    'x-malha-peer': 'shop/admin-1/admin/v1',
    'x-request-id': 'mine',
  };
  const seen = JSON.parse((await get(port, 'a.org', '/', claimed)).body);
  expect(seen).toMatchObject({ 'x-forwarded-for': '127.0.0.1', 'x-forwarded-proto': 'http', host: 'a.org' });
  expect(seen['x-request-id']).toMatch(/^[0-9a-f]{32}$/);
  for (const name of ['forwarded', 'x-forwarded-host', 'x-real-ip', 'x-forwarded-client-cert', 'x-malha-peer']) {
    expect(seen[name]).toBeUndefined();
  }
});

test('HTTPS: the certificate of the listener by SNI, HTTP/1.1 and HTTP/2 by ALPN', async () => {
  const port = await freePort();
  const listener = (name: string, hostname: string) =>
    `{name: ${name}, port: ${port}, protocol: HTTPS, ${hostname} tls: {certificateRefs: [{name: ${name}}]}}`;
  const listeners = [listener('any', ''), listener('www', 'hostname: www.example.com,')].join(', ');
  await serve(listeners, certificates(['any', 'www']));
  const www = await handshake(port, 'www.example.com');
  expect(shownBy(www)).toBe('www');
  const seen = JSON.parse((await get(port, 'www.example.com', '/', {}, www)).body);
  expect(seen['x-forwarded-proto']).toBe('https');
  expect(shownBy(await handshake(port, 'other.example.com'))).toBe('any');
  expect(shownBy(await handshake(port, ''))).toBe('any');

  const h2 = await handshake(port, 'www.example.com', ['h2', 'http/1.1']);
  expect(h2.alpnProtocol).toBe('h2');
  const session = http2.connect('https://www.example.com', { createConnection: () => h2 });
  closers.push(() => session.destroy());
  const stream = session.request({ ':path': '/x' });
  const [status] = await new Promise<[number]>((resolve) =>
    stream.once('response', (fields) => resolve([fields[':status'] ?? 0])),
  );
  expect(status).toBe(200);
});

test('HTTPS: a host of another listener on the same connection gets 421', async () => {
  const port = await freePort();
  const listener = (name: string) =>
    `{name: ${name}, port: ${port}, protocol: HTTPS, hostname: ${name}.example.com, tls: {certificateRefs: [{name: ${name}}]}}`;
  await serve(`${listener('a')}, ${listener('b')}`, certificates(['a', 'b']));
  expect((await get(port, 'a.example.com', '/', {}, await handshake(port, 'a.example.com'))).status).toBe(200);
  expect((await get(port, 'b.example.com', '/', {}, await handshake(port, 'a.example.com'))).status).toBe(421);
  await expect(handshake(port, 'c.example.com')).rejects.toThrow();
  await expect(handshake(port, '')).rejects.toThrow();
});

test('HTTPS: a certificate that is renewed on disk is shown to the next client; one that is missing is named', async () => {
  const port = await freePort();
  const folder = certificates(['a']);
  const listener = `{name: a, port: ${port}, protocol: HTTPS, tls: {certificateRefs: [{name: a}]}}`;
  const dataPlane = await serve(listener, folder);
  expect(dataPlane.stats().gateways).toMatchObject([{ port, isListening: true, problems: [] }]);
  const before = (await handshake(port, 'x.org')).getPeerCertificate().fingerprint256;
  fs.cpSync(path.join(certificates(['a']), 'shop/a'), path.join(folder, 'shop/a'), { recursive: true });
  await vi.waitFor(
    async () => expect((await handshake(port, 'x.org')).getPeerCertificate().fingerprint256).not.toBe(before),
    { timeout: 10_000, interval: 100 },
  );
  fs.rmSync(path.join(folder, 'shop/a/tls.key'));
  await vi.waitFor(() => expect(dataPlane.stats().gateways[0]?.problems.join()).toContain('certificate shop/a'), {
    timeout: 10_000,
  });
});

test('redirects keep the scheme of the client and name the port of the listener', async () => {
  const port = await freePort();
  const [insecure, secure] = [port, await freePort()];
  await serve(
    `{name: http, port: ${insecure}, protocol: HTTP}, {name: https, port: ${secure}, protocol: HTTPS, tls: {certificateRefs: [{name: a}]}}`,
    certificates(['a']),
  );
  const location = async (answer: Promise<Answer>) => (await answer).headers.location;
  expect(await location(get(insecure, 'a.org', '/moved'))).toBe(`http://a.org:${insecure}/here`);
  const secured = await handshake(secure, 'a.org');
  expect(await location(get(secure, 'a.org', '/moved', {}, secured))).toBe(`https://a.org:${secure}/here`);
  expect(await location(get(insecure, 'a.org', '/secure?q=1'))).toBe('https://a.org/secure?q=1');
});

test('ports come and go with the configuration; one that is taken is named and holds up none', async () => {
  const [first, second] = [await freePort(), await freePort()];
  const taken = net.createServer();
  closers.push(() => taken.close());
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  const listeners = (ports: readonly number[]) =>
    ports.map((port) => `{name: p${port}, port: ${port}, protocol: HTTP}`).join(', ');
  const dataPlane = start();
  const app = await startApp();
  await dataPlane.start();
  dataPlane.apply(world(app, listeners([first, portOf(taken.address())])));
  await dataPlane.portsOpened();
  expect((await get(first, 'a.org')).status).toBe(200);
  const refused = dataPlane.stats().gateways.find(({ port }) => port === portOf(taken.address()));
  expect(refused).toMatchObject({ isListening: false });
  expect(refused?.problems.join()).toContain('EADDRINUSE');
  dataPlane.apply(world(app, listeners([second])));
  await dataPlane.portsOpened();
  expect((await get(second, 'a.org')).status).toBe(200);
  await expect(get(first, 'a.org')).rejects.toThrow('ECONNREFUSED');
});

/** All of them arrive; a busy machine may take its time. */
const HELD_WITHIN = { timeout: 20_000 };

test('a client that takes all requests of a service leaves some for clients of other addresses', async () => {
  const held = new Set<http.ServerResponse>();
  const app = http.createServer((request, response) => {
    if (request.url === '/held') held.add(response);
    else response.end('served');
  });
  closers.push(() => {
    app.closeAllConnections();
    app.close();
  });
  await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve));
  const port = await freePort();
  const config = world(portOf(app.address()), `{name: web, port: ${port}, protocol: HTTP}`);
  const limits = { maxConnections: 100, maxPending: 10, maxRequests: 16 };
  const dataPlane = start();
  dataPlane.apply({ ...config, clusters: config.clusters.map((cluster) => ({ ...cluster, limits })) });
  await dataPlane.start();
  const statusOf = (localAddress: string, target: string) =>
    new Promise<number>((resolve, reject) => {
      const options = { host: '127.0.0.1', port, localAddress, path: target, agent: false } as const;
      const request = http.get(options, (response) => resolve(response.resume().statusCode ?? 0));
      closers.push(() => request.destroy());
      request.on('error', reject);
    });
  for (let count = 0; count < 16; count++) statusOf('127.0.0.1', '/held').catch(() => undefined);
  await expect.poll(() => held.size, HELD_WITHIN).toBe(16);
  expect(await statusOf('127.0.0.1', '/')).toBe(503);
  expect(await statusOf('127.0.0.2', '/')).toBe(200);
  for (let count = 0; count < 2; count++) statusOf('127.0.0.2', '/held').catch(() => undefined);
  await expect.poll(() => held.size, HELD_WITHIN).toBe(18);
  expect(await statusOf('127.0.0.3', '/')).toBe(503);
});
