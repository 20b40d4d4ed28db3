// Certificates of gateways in the whole control plane: who may store them, what is told of them, and which proxy gets the key.
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { createTestCa } from '@malha/testing/test-ca';
import { SECRET_TYPE } from '@malha/xds';
import pg from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { until } from '../src/resources/testing.ts';
import { type StartedApp, startedApp, type TestClient } from './started-app.ts';
import { runProxy, type TestProxy } from './xds-mesh.ts';

vi.setConfig({ testTimeout: 30_000 });

const ca = createTestCa();
const web = ca.issue('shop', 'web', { dnsNames: ['shop.example'] });
const next = ca.issue('shop', 'next', { dnsNames: ['shop.example'] });
const pair = { chain: web.certificateChainPem, key: web.privateKeyPem };

const MESH = `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: shop}
spec:
  gatewayClassName: malha
  listeners: [{name: https, port: 8443, protocol: HTTPS, tls: {certificateRefs: [{name: web}]}}]
---
apiVersion: malha.dev/v1
kind: Workload
metadata: {name: edge-1, namespace: shop, labels: {gateway.networking.k8s.io/gateway-name: edge}}
spec: {address: 127.64.0.9}
---
apiVersion: malha.dev/v1
kind: Workload
metadata: {name: other-1, namespace: shop}
spec: {address: 127.64.0.10}
`;

let stage: StartedApp;
let admin: TestClient;
const closers: (() => unknown)[] = [];

beforeAll(async () => {
  stage = await startedApp();
  const first = z.object({ email: z.string(), password: z.string() });
  const { email, password } = first.parse((await stage.admin('GET', '/users/first')).body);
  admin = await signIn(email, password);
  expect((await stage.admin('POST', '/apply', MESH)).status).toBe(200);
}, 60_000);

afterAll(async () => {
  for (const close of closers) await close();
  await stage?.stop();
}, 60_000);

async function signIn(email: string, password: string): Promise<TestClient> {
  const { body } = await stage.verifyPassword(email, password);
  const user = z.object({ id: z.string(), sessionVersion: z.number() }).parse(body);
  const client = stage.client(await stage.cookieOf(user));
  closers.push(() => client.close());
  return client;
}

const certificateFindings = async () => {
  const { findings } = await admin.trpc.resources.get.query({ key: 'Gateway/shop/edge' });
  return findings.filter(({ path }) => path.includes('certificateRefs')).map(({ code }) => code);
};

test('what a listener names and nobody stored is found, until it is stored', async () => {
  expect(await certificateFindings()).toEqual(['MALHA1071']);
  await admin.trpc.gatewayCertificates.put.mutate({ namespace: 'shop', name: 'web', ...pair });
  expect(await certificateFindings()).toEqual([]);
  expect(await admin.trpc.gatewayCertificates.list.query()).toMatchObject([
    { namespace: 'shop', name: 'web', dnsNames: ['shop.example'], usedBy: ['shop/edge listener https'] },
  ]);
});

test('its key is sealed in the database, and told to nobody: not by lists, not by the audit log', async () => {
  const client = new pg.Client(stage.postgres.url);
  await client.connect();
  const { rows } = await client.query('SELECT * FROM gateway_certificates');
  const { rows: audit } = await client.query('SELECT * FROM audit_log');
  await client.end();
  expect(rows).toHaveLength(1);
  const list = await admin.trpc.gatewayCertificates.list.query();
  const [, secret = ''] = web.privateKeyPem.split('\n');
  for (const told of [rows, audit, list]) expect(JSON.stringify(told)).not.toContain(secret);
  const entries = JSON.stringify(audit);
  expect(entries).toContain('gatewayCertificates.put');
  expect(entries).toContain('shop/web');
});

test('only those who administer the namespace may store and delete', async () => {
  const { user, password } = await admin.trpc.users.create.mutate({
    ...{ email: 'operator@example.com', name: 'operator', role: 'operator' },
  });
  const operator = await signIn(user.email, password);
  expect(await operator.trpc.gatewayCertificates.list.query()).toHaveLength(1);
  const put = operator.trpc.gatewayCertificates.put.mutate({ namespace: 'shop', name: 'mine', ...pair });
  await expect(put).rejects.toMatchObject({ data: { code: 'FORBIDDEN' } });
  const remove = operator.trpc.gatewayCertificates.remove.mutate({ namespace: 'shop', name: 'web', force: true });
  await expect(remove).rejects.toMatchObject({ data: { code: 'FORBIDDEN' } });
});

test('a pair that would not serve is refused with the reason, and names lead nowhere else', async () => {
  const wrong = await stage.admin(
    'PUT',
    '/certificates/shop/bad',
    JSON.stringify({ ...pair, key: next.privateKeyPem }),
  );
  expect(wrong).toMatchObject({
    status: 400,
    body: { code: 'MALHA3006', message: 'The private key does not belong to the certificate.' },
  });
  expect((await stage.admin('PUT', '/certificates/shop/..%2Fweb', JSON.stringify(pair))).status).toBe(400);
  expect(await admin.trpc.gatewayCertificates.list.query()).toHaveLength(1);
});

test('goes to the proxy whose listeners show it, and to no other; another replica hears of the next one', async () => {
  const replica = await stage.startReplica();
  closers.push(() => replica.stop());
  const proxyOf = (workload: string): TestProxy => {
    const proxy = runProxy({ port: replica.app.ports.xdsPlaintext ?? 0 }, workload);
    closers.push(() => proxy.close());
    return proxy;
  };
  const [edge, other] = [proxyOf('shop/edge-1'), proxyOf('shop/other-1')];
  const keyOf = ({ store }: TestProxy) => store.certificates().map(({ name, privateKeyPem }) => [name, privateKeyPem]);
  await until(() => keyOf(edge).length > 0);
  expect(keyOf(edge)).toEqual([['shop/web', web.privateKeyPem]]);
  await stage.admin(
    'PUT',
    '/certificates/shop/web',
    JSON.stringify({ chain: next.certificateChainPem, key: next.privateKeyPem }),
  );
  await until(() => keyOf(edge)[0]?.[1] === next.privateKeyPem);
  await until(() => other.store.current() !== undefined);
  expect(keyOf(other)).toEqual([]);
  // Not even by name.
  other.delta.subscribe(SECRET_TYPE, ['shop/web']);
  await until(() => other.updates.some(({ typeUrl, removed }) => typeUrl === SECRET_TYPE && removed.length > 0));
  expect(keyOf(other)).toEqual([]);
});

test('the command line stores, lists and deletes', async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'malha-pair-'));
  closers.push(() => fs.rmSync(folder, { recursive: true }));
  const [cert, key] = [path.join(folder, 'tls.crt'), path.join(folder, 'tls.key')];
  fs.writeFileSync(cert, web.certificateChainPem);
  fs.writeFileSync(key, web.privateKeyPem);
  const main = path.resolve(import.meta.dirname, '../../../packages/cli/src/main.ts');
  const malha = async (...words: string[]) => {
    const args = ['--import', 'tsx', main, 'certificates', ...words, '--socket', stage.socket];
    return (await promisify(execFile)(process.execPath, args)).stdout;
  };
  expect(await malha('put', 'shop/spare', '--cert', cert, '--key', key)).toMatch(
    /^certificate stored: .*, until \d{4}-/,
  );
  expect(await malha('list')).toMatch(/^shop\/spare +shop\.example +under a day +-$/m);
  expect(await malha('delete', 'shop/spare')).toBe('certificate shop/spare deleted\n');
  const wrong = malha('put', 'shop/spare', '--cert', cert, '--key', cert);
  await expect(wrong).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining('MALHA3006') });
});

test('the end of each is a metric', async () => {
  const text = await (await fetch(`http://127.0.0.1:${stage.app.ports.metrics}/metrics`)).text();
  const end = Math.floor(next.notAfterMs / 1000);
  expect(text).toContain(`malha_gateway_certificate_expiry_timestamp_seconds{namespace="shop",name="web"} ${end}`);
});

test('is deleted only by force while a listener shows it', async () => {
  const name = { namespace: 'shop', name: 'web' };
  await expect(admin.trpc.gatewayCertificates.remove.mutate(name)).rejects.toMatchObject({
    data: { code: 'CONFLICT', malhaCode: 'MALHA3031', usedBy: ['shop/edge listener https'] },
  });
  expect((await stage.admin('DELETE', '/certificates/shop/web?force=true')).status).toBe(200);
  expect((await stage.admin('DELETE', '/certificates/shop/web')).status).toBe(404);
  expect(await certificateFindings()).toEqual(['MALHA1071']);
});
