// A stock Envoy in our mesh: takes its configuration by delta ADS over mutual TLS, refuses nothing, and carries traffic.
import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import * as grpc from '@grpc/grpc-js';
import { verifyPeer } from '@malha/identity';
import type { Resource } from '@malha/model';
import { createTestCa, type TestIdentity } from '@malha/testing/test-ca';
import { envoyBootstrap } from '@malha/xds/envoy-bootstrap';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findEnvoy } from '../../../scripts/setup/envoy.ts';
import type { DeltaCall } from '../src/xds/server/session.ts';
import { type RunningServer, runServer, service, split, TestWorld, until, workload } from './xds-mesh.ts';

const envoy = findEnvoy();
if (envoy === undefined)
  console.log('no Envoy found (MALHA_ENVOY, or npm run setup:envoy): the interoperability test is skipped');

const ca = createTestCa();
/** Loopback addresses of this process only. */
const host = (number: number) => `127.${(process.pid % 150) + 70}.${(process.pid >> 4) % 250}.${number}`;

interface App {
  readonly port: number;
  readonly seen: string[];
  close(): void;
}

async function app(name: string): Promise<App> {
  const seen: string[] = [];
  const server = http.createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    response.end(name);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, seen, close: () => server.close() };
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

function call(address: string, authority: string, target = '/', method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = http.request(
      {
        host: address,
        port: 15_001,
        path: target,
        method,
        headers: { host: authority },
        agent: false,
        timeout: 10_000,
      },
      (response) => {
        let body = '';
        response.on('data', (chunk: Buffer) => {
          body += chunk.toString();
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
      },
    );
    request.on('timeout', () => request.destroy(new Error('timed out')));
    request.on('error', reject);
    request.end();
  });
}

describe.skipIf(envoy === undefined)('stock Envoy', () => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'malha-envoy-'));
  const processes: ChildProcess[] = [];
  const apps: App[] = [];
  const output: string[] = [];
  const world = new TestWorld();
  let server: RunningServer;
  let resources: Resource[];
  let workloads: ReturnType<typeof workload>[];

  function start(name: string, app: string, address: string, baseId: number): void {
    const identity: TestIdentity = ca.issue('shop', app);
    const folder = path.join(directory, name);
    fs.mkdirSync(folder, { mode: 0o700 });
    fs.writeFileSync(path.join(folder, 'cert.pem'), identity.certificateChainPem);
    fs.writeFileSync(path.join(folder, 'key.pem'), identity.privateKeyPem);
    fs.writeFileSync(path.join(folder, 'trust.pem'), identity.trustBundlePem);
    const { bootstrap, secrets } = envoyBootstrap({
      workload: `shop/${name}`,
      instanceId: '1',
      service: `shop/${app}`,
      xds: { host: '127.0.0.1', port: server.port },
      identityDirectory: folder,
      trustDomain: ca.trustDomain,
      admin: { address, port: 15_000 },
    });
    for (const [file, content] of Object.entries(secrets)) {
      fs.writeFileSync(path.join(folder, file), JSON.stringify(content));
    }
    fs.writeFileSync(path.join(folder, 'envoy.json'), JSON.stringify(bootstrap));
    const child = spawn(
      envoy ?? '',
      ['-c', path.join(folder, 'envoy.json'), '--concurrency', '1', '--base-id', String(baseId), '-l', 'warning'],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    child.stderr.on('data', (chunk: Buffer) => output.push(`${name}: ${chunk.toString()}`));
    processes.push(child);
  }

  const settled = (revision: number) => {
    const state = server.xds.propagation.of(revision);
    return state !== undefined && state.total === 4 && state.active === 4;
  };
  const apply = async (more: readonly Resource[], current = workloads) => {
    world.set([...resources, ...more], current);
    const revision = world.current()?.revision ?? 0;
    await until(`revision ${revision} on every Envoy`, () => settled(revision), 30_000);
    expect(server.warnings).toEqual([]);
  };

  beforeAll(async () => {
    const own = ca.issueControlPlane();
    apps.push(await app('v1'), await app('v2'), await app('back'));
    const on = (number: number, name: string, label: string, version: string, appPort: number | undefined) => {
      const resource = workload('shop', name, label, { version, address: host(number), model: 'envoy' });
      return {
        ...resource,
        spec: { ...resource.spec, ports: [{ port: 8080, appAddress: `127.0.0.1:${appPort ?? 1}` }] },
      };
    };
    workloads = [
      on(2, 'front-1', 'front', 'v1', undefined),
      on(3, 'reviews-1', 'reviews', 'v1', apps[0]?.port),
      on(4, 'reviews-2', 'reviews', 'v2', apps[1]?.port),
      on(5, 'back-1', 'back', 'v1', apps[2]?.port),
    ];
    resources = [service('shop', 'front'), service('shop', 'reviews', ['v1', 'v2']), service('shop', 'back')];
    world.set([...resources, split('shop', 'reviews', 90, 10)], workloads);
    server = await runServer(world, {
      credentials: grpc.ServerCredentials.createSsl(
        Buffer.from(ca.trustBundlePem),
        [{ cert_chain: Buffer.from(own.certificateChainPem), private_key: Buffer.from(own.privateKeyPem) }],
        true,
      ),
      identify: (peer) => {
        const certificate = (peer as DeltaCall).getAuthContext().sslPeerCertificate;
        if (certificate === undefined) throw new Error('no certificate');
        const identity = verifyPeer(certificate.raw, { bundle: ca.trustBundle, role: 'client', nowMs: Date.now() });
        return { identity, notAfterMs: Date.parse(certificate.valid_to) };
      },
    });
    const base = process.pid % 10_000;
    start('front-1', 'front', host(2), base * 4);
    start('reviews-1', 'reviews', host(3), base * 4 + 1);
    start('reviews-2', 'reviews', host(4), base * 4 + 2);
    start('back-1', 'back', host(5), base * 4 + 3);
    await until('every Envoy has its configuration', () => settled(1), 60_000);
  }, 90_000);

  afterAll(async () => {
    server?.close();
    for (const each of apps) each.close();
    for (const child of processes) child.kill('SIGKILL');
    fs.rmSync(directory, { recursive: true, force: true });
  });

  test('takes what it is sent without a refusal', () => {
    expect(server.warnings).toEqual([]);
    expect(output.filter((line) => /rejected|Delta gRPC config.*error/i.test(line))).toEqual([]);
  });

  test('serves a weighted route over mutual TLS, and follows a change of the weights', async () => {
    const measure = async () => {
      const counts = { v1: 0, v2: 0, other: 0 };
      for (let index = 0; index < 400; index += 1) {
        const { status, body } = await call(host(2), 'reviews');
        if (status === 200 && (body === 'v1' || body === 'v2')) counts[body] += 1;
        else counts.other += 1;
      }
      return counts;
    };
    const before = await measure();
    expect(before.other).toBe(0);
    // 10 % of 400 with more than 4 standard deviations of room.
    expect(before.v2).toBeGreaterThan(14);
    expect(before.v2).toBeLessThan(70);
    await apply([split('shop', 'reviews', 0, 100)]);
    expect(await measure()).toEqual({ v1: 0, v2: 400, other: 0 });
  }, 60_000);

  test('STRICT closes a plaintext connection without an answer', async () => {
    const plain = new Promise((resolve, reject) => {
      const request = http.get({ host: host(5), port: 15_006, headers: { host: 'back' }, agent: false }, resolve);
      request.on('error', reject);
    });
    await expect(plain).rejects.toThrow(/hang up|ECONNRESET/);
  });

  test('authorization denies a caller with 403 and does not name the policy', async () => {
    const policy: Resource = {
      apiVersion: 'malha.dev/v1',
      kind: 'AuthorizationPolicy',
      metadata: { namespace: 'shop', name: 'only-secrets' },
      spec: {
        targetRef: { kind: 'Service', name: 'back' },
        action: 'DENY',
        rules: [{ from: { namespaces: ['shop'] }, to: { paths: ['/secret*'], methods: ['GET'] } }],
      },
    };
    await apply([split('shop', 'reviews', 0, 100), policy]);
    expect((await call(host(2), 'back.shop', '/secret/a')).status).toBe(403);
    expect((await call(host(2), 'back.shop', '/secret/a')).body).not.toContain('only-secrets');
    expect(await call(host(2), 'back.shop', '/open')).toEqual({ status: 200, body: 'back' });
    expect((await call(host(2), 'back.shop', '/x/../secret/a')).status).toBe(403);
  }, 60_000);

  test('routes by path, method, header and query, and rewrites, redirects and answers', async () => {
    const route: Resource = {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'HTTPRoute',
      metadata: { namespace: 'shop', name: 'back' },
      spec: {
        parentRefs: [{ group: '', kind: 'Service', name: 'back' }],
        rules: [
          {
            matches: [{ path: { type: 'PathPrefix', value: '/cut' } }],
            filters: [
              { type: 'URLRewrite', urlRewrite: { path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/' } } },
            ],
            backendRefs: [{ name: 'back', port: 80 }],
          },
          {
            matches: [{ path: { type: 'PathPrefix', value: '/old' } }],
            filters: [
              {
                type: 'RequestRedirect',
                requestRedirect: { statusCode: 302, path: { type: 'ReplaceFullPath', replaceFullPath: '/new' } },
              },
            ],
          },
          {
            matches: [{ path: { type: 'PathPrefix', value: '/gone' } }],
            backendRefs: [{ name: 'nobody', port: 80 }],
          },
          {
            matches: [
              { method: 'POST', headers: [{ name: 'x-kind', value: 'a' }], queryParams: [{ name: 'q', value: '1' }] },
              { path: { type: 'RegularExpression', value: '/r[0-9]+/.*' } },
            ],
            filters: [
              {
                type: 'RequestHeaderModifier',
                requestHeaderModifier: { set: [{ name: 'x-set', value: 'b' }], remove: ['x-kind'] },
              },
            ],
            backendRefs: [{ name: 'back', port: 80 }],
          },
        ],
      },
    };
    await apply([split('shop', 'reviews', 0, 100), route]);
    const seen = apps[2]?.seen ?? [];
    seen.length = 0;
    expect((await call(host(2), 'back', '/cut/a?b=c')).status).toBe(200);
    expect((await call(host(2), 'back', '/cut')).status).toBe(200);
    expect(seen).toEqual(['GET /a?b=c', 'GET /']);
    expect((await call(host(2), 'back', '/old/x')).status).toBe(302);
    expect((await call(host(2), 'back', '/gone')).status).toBe(500);
    expect((await call(host(2), 'back', '/r12/x')).status).toBe(200);
    expect((await call(host(2), 'back', '/nothing')).status).toBe(404);
    expect((await call(host(2), 'unknown', '/')).status).toBe(404);
  }, 60_000);

  test('a change of mTLS modes costs no call', async () => {
    await apply([]);
    const failures: Answer[] = [];
    let isOver = false;
    const load = (async () => {
      while (!isOver) {
        const answer = await call(host(2), 'back', '/', 'POST').catch((error: Error) => ({
          status: 0,
          body: error.message,
        }));
        if (answer.status !== 200) failures.push(answer);
      }
    })();
    for (const mode of ['DISABLE', 'STRICT', 'PERMISSIVE', 'STRICT'] as const) {
      await apply([
        {
          apiVersion: 'malha.dev/v1',
          kind: 'PeerAuthentication',
          metadata: { namespace: 'shop', name: 'mode' },
          spec: { targetRef: { kind: 'Namespace', name: 'shop' }, mode },
        },
      ]);
    }
    isOver = true;
    await load;
    expect(failures).toEqual([]);
  }, 120_000);

  test('endpoints that leave get no calls', async () => {
    await apply([split('shop', 'reviews', 50, 50)]);
    world.register(workloads.filter(({ metadata }) => metadata.name !== 'reviews-2'));
    await new Promise((resolve) => setTimeout(resolve, 500));
    const answers = await Promise.all(Array.from({ length: 40 }, () => call(host(2), 'reviews')));
    // Half of the weight is on a version without endpoints: 503, never the workload that left.
    expect(answers.some(({ body }) => body === 'v2')).toBe(false);
    expect(answers.some(({ body }) => body === 'v1')).toBe(true);
  }, 60_000);
});
