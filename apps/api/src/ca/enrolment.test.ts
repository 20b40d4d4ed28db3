// Joining and renewal over real gRPC, TLS and Postgres: who gets a certificate, and who does not.
import { spawnSync } from 'node:child_process';
import { randomBytes, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import { create } from '@bufbuild/protobuf';
import * as grpc from '@grpc/grpc-js';
import type { ThrowAwayPostgres } from '@malha/embedded-postgres';
import { createCsr, generateKeyPair, privateKeyPem, spkiPin, verifyChain } from '@malha/identity';
import { createTestCa } from '@malha/testing/test-ca';
import { RenewRequestSchema } from '@malha/xds/generated/malha/identity/v1/identity_pb';
import { callUnary } from '@malha/xds/rpc';
import { identityService } from '@malha/xds/services';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  identityOf,
  type JoinedAgent,
  joinAs,
  joinMesh,
  memberClient,
  renewWith,
  startTestReplica,
  type TestReplica,
} from '../agents/testing.ts';
import { startTestDatabase } from '../db/testing.ts';

const SEAL_KEY = randomBytes(32).toString('base64');
let postgres: ThrowAwayPostgres;
let replica: TestReplica;
let second: TestReplica;

beforeAll(async () => {
  postgres = await startTestDatabase();
  // Both at once on an empty database: they must agree on one authority.
  [replica, second] = await Promise.all([
    startTestReplica({ url: postgres.url, sealKey: SEAL_KEY }),
    startTestReplica({ url: postgres.url, sealKey: SEAL_KEY }),
  ]);
}, 60_000);
afterAll(async () => {
  await Promise.all([replica.stop(), second.stop()]);
  await postgres.stop();
});

async function mint(order: { ttlSeconds?: number; uses?: number } = {}): Promise<string> {
  const { token } = await replica.ca.tokens.mint({ namespace: 'bookstore', service: 'reviews', ...order }, 'test');
  return token;
}

/** A request of openssl that asks for another's name. */
function csrAskingFor(uri: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'malha-csr-'));
  try {
    const key = join(folder, 'key.pem');
    writeFileSync(key, privateKeyPem(generateKeyPair()));
    const args = ['req', '-new', '-key', key, '-subj', '/', '-addext', `subjectAltName=URI:${uri}`];
    return spawnSync('openssl', args, { encoding: 'utf8' }).stdout;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('authority', () => {
  it('is one for replicas that start at once, and for one that starts later', async () => {
    expect(second.ca.authority.pin).toBe(replica.ca.authority.pin);
    expect(second.ca.authority.describe()).toEqual(replica.ca.authority.describe());
    const { rows } = await replica.pool.query('SELECT role FROM certificate_authorities ORDER BY role');
    expect(rows).toEqual([{ role: 'root' }, { role: 'issuing' }]);
  });

  it('keeps no private key in clear in the database', async () => {
    const { rows } = await replica.pool.query<{ sealed_key: string }>('SELECT sealed_key FROM certificate_authorities');
    for (const { sealed_key } of rows) expect(sealed_key).toMatch(/^v1\.[0-9a-f]{12}\.[\w-]{16}\.[\w-]+$/);
  });

  it('says plainly that the seal key does not fit', async () => {
    const other = startTestReplica({ url: postgres.url, sealKey: randomBytes(32).toString('base64') });
    await expect(other).rejects.toThrow(/MALHA_SEAL_KEY/);
  });

  it('presents leaf, issuing authority and root to who joins, so that a pin suffices', async () => {
    const socket = tls.connect({
      port: replica.joinPort,
      host: '127.0.0.1',
      rejectUnauthorized: false,
      ALPNProtocols: ['h2'],
    });
    await new Promise((resolve) => socket.once('secureConnect', resolve));
    const root = socket.getPeerCertificate(true).issuerCertificate.issuerCertificate;
    expect(spkiPin(new X509Certificate(root.raw))).toBe(replica.ca.authority.pin);
    expect(socket.getProtocol()).toBe('TLSv1.3');
    socket.destroy();
  });
});

describe('Join', () => {
  it('gives a certificate of the identity of the token, with a chain to the root, a name and an address', async () => {
    const joined = await joinMesh(replica, await mint());
    const { response } = joined;
    const bundle = replica.ca.authority.trustBundle;
    const chain = response.certificateChainPem.join('');
    const identity = verifyChain(chain, { bundle, role: 'client', nowMs: Date.now() });
    expect(identity.id).toBe('spiffe://mesh.local/ns/bookstore/sa/reviews');
    expect(response.workload).toMatch(/^bookstore\/reviews-v1-[0-9a-f]{6}$/);
    expect(response.address).toMatch(/^127\.64\.\d+\.\d+$/);
    expect(response.controlPlane).toBe(`127.0.0.1:${replica.memberPort}`);
    expect([response.outboundPort, response.inboundPort, response.adminPort]).toEqual([15001, 15006, 15000]);
    const leaf = new X509Certificate(response.certificateChainPem[0] ?? '');
    expect(leaf.checkPrivateKey(joined.keys.privateKey)).toBe(true);
  });

  it('is recorded in the ledger by serial and workload', async () => {
    const { response } = await joinMesh(replica, await mint());
    const serial = new X509Certificate(response.certificateChainPem[0] ?? '').serialNumber.toLowerCase();
    const leaves = await replica.ca.currentLeaves();
    expect(leaves).toContainEqual(expect.objectContaining({ serial, workload: response.workload }));
  });

  it('works once per token', async () => {
    const token = await mint();
    await joinMesh(replica, token);
    await expect(joinMesh(replica, token)).rejects.toMatchObject({
      code: grpc.status.UNAUTHENTICATED,
      details: expect.stringContaining('already used'),
    });
  });

  it('works as many times as the token has uses', async () => {
    const token = await mint({ uses: 2 });
    await joinMesh(replica, token);
    await joinMesh(second, token);
    await expect(joinMesh(replica, token)).rejects.toMatchObject({ code: grpc.status.UNAUTHENTICATED });
  });

  it('gives exactly one of two racing replicas the last use', async () => {
    for (let round = 0; round < 10; round++) {
      const token = await mint();
      const outcomes = await Promise.allSettled([joinMesh(replica, token), joinMesh(second, token)]);
      expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    }
  });

  it('refuses an expired, a revoked, an unknown and a changed token', async () => {
    const expired = await mint({ ttlSeconds: 1 });
    await replica.pool.query(`UPDATE join_tokens SET expires_at = now() - interval '1 second' WHERE id = $1`, [
      expired.slice(4, 20),
    ]);
    await expect(joinMesh(replica, expired)).rejects.toThrow('it expired at');
    const revoked = await mint();
    await replica.ca.tokens.revoke(revoked.slice(4, 20));
    await expect(joinMesh(replica, revoked)).rejects.toThrow('it was revoked');
    const good = await mint();
    const changed = good.slice(0, -1) + (good.endsWith('A') ? 'B' : 'A');
    await expect(joinMesh(replica, changed)).rejects.toThrow('it is not known');
    await expect(joinMesh(replica, 'nonsense')).rejects.toMatchObject({ code: grpc.status.UNAUTHENTICATED });
    await joinMesh(replica, good);
  });

  it('refuses another service than the token names, and leaves the token usable', async () => {
    const token = await mint();
    await expect(joinMesh(replica, token, { service: 'bookstore/ratings' })).rejects.toThrow('not bookstore/ratings');
    await joinMesh(replica, token);
  });

  it('gives the use back when the join fails after the token was accepted', async () => {
    await joinMesh(replica, await mint(), { workloadName: 'taken' });
    const { token } = await replica.ca.tokens.mint({ namespace: 'bookstore', service: 'ratings' }, 'test');
    const wish = { service: 'bookstore/ratings', workloadName: 'taken' };
    await expect(joinMesh(replica, token, wish)).rejects.toMatchObject({ code: grpc.status.ALREADY_EXISTS });
    await joinMesh(replica, token, { ...wish, workloadName: 'free' });
  });

  it('refuses a request that names another identity, a malformed one and an oversized one', async () => {
    const csrPem = csrAskingFor('spiffe://mesh.local/ns/bookstore/sa/payments');
    await expect(joinMesh(replica, await mint(), { csrPem })).rejects.toMatchObject({
      code: grpc.status.PERMISSION_DENIED,
    });
    await expect(joinMesh(replica, await mint(), { csrPem: 'x' })).rejects.toMatchObject({
      code: grpc.status.INVALID_ARGUMENT,
    });
    await expect(joinMesh(replica, await mint(), { csrPem: 'x'.repeat(70_000) })).rejects.toMatchObject({
      code: grpc.status.RESOURCE_EXHAUSTED,
    });
    await expect(joinMesh(replica, await mint(), { workloadName: '../etc' })).rejects.toMatchObject({
      code: grpc.status.INVALID_ARGUMENT,
    });
  });

  it('refuses a label app that is another service', async () => {
    await expect(joinMesh(replica, await mint(), { labels: { app: 'payments' } })).rejects.toThrow('app=payments');
  });

  it('keeps only the hash of the secret', async () => {
    const token = await mint();
    const { rows } = await replica.pool.query('SELECT * FROM join_tokens WHERE id = $1', [token.slice(4, 20)]);
    expect(JSON.stringify(rows)).not.toContain(token.slice(21));
  });

  it('is not for the control plane itself', async () => {
    const order = { namespace: 'malha-system', service: 'control-plane' };
    await expect(replica.ca.tokens.mint(order, 'test')).rejects.toThrow("the control plane's own");
  });
});

describe('Renew', () => {
  let joined: JoinedAgent;
  beforeAll(async () => {
    joined = await joinAs(replica, 'bookstore/reviews');
  });

  it('gives the caller its own identity with a new key, at any replica', async () => {
    const client = memberClient(second.memberPort, identityOf(joined));
    const keys = generateKeyPair();
    const renewed = await renewWith(client, createCsr(keys));
    client.close();
    const [leafPem = ''] = renewed.certificateChainPem;
    const leaf = new X509Certificate(leafPem);
    expect(leaf.checkPrivateKey(keys.privateKey)).toBe(true);
    expect(Number(renewed.notAfterMs)).toBe(Date.parse(leaf.validTo));
    const check = { bundle: replica.ca.authority.trustBundle, role: 'client' as const, nowMs: Date.now() };
    expect(verifyChain(renewed.certificateChainPem.join(''), check).serviceAccount).toBe('reviews');
    const leaves = await replica.ca.currentLeaves();
    const current = leaves.find(({ workload }) => workload === joined.response.workload);
    expect(current?.serial).toBe(leaf.serialNumber.toLowerCase());
  });

  it('refuses a request for another identity', async () => {
    const client = memberClient(replica.memberPort, identityOf(joined));
    const csr = csrAskingFor('spiffe://mesh.local/ns/bookstore/sa/payments');
    await expect(renewWith(client, csr)).rejects.toMatchObject({ code: grpc.status.PERMISSION_DENIED });
    await renewWith(client, csrAskingFor('spiffe://mesh.local/ns/bookstore/sa/reviews'));
    client.close();
  });

  it('is out of reach for a certificate of another authority, and without one', async () => {
    const foreign = createTestCa('mesh.local').issue('bookstore', 'reviews');
    const trustBundlePem = replica.ca.authority.trustBundle.pem;
    const client = memberClient(replica.memberPort, { ...foreign, trustBundlePem });
    await expect(renewWith(client, createCsr(generateKeyPair()))).rejects.toMatchObject({
      code: grpc.status.UNAVAILABLE,
    });
    client.close();
    const credentials = grpc.credentials.createSsl(Buffer.from(trustBundlePem));
    const anonymous = new grpc.Client(`127.0.0.1:${replica.memberPort}`, credentials);
    await expect(renewWith(anonymous, createCsr(generateKeyPair()))).rejects.toMatchObject({
      code: grpc.status.UNAVAILABLE,
    });
    anonymous.close();
  });

  it('does not exist on the join port', async () => {
    const credentials = grpc.credentials.createSsl(Buffer.from(replica.ca.authority.trustBundle.pem));
    const client = new grpc.Client(`127.0.0.1:${replica.joinPort}`, credentials);
    const call = callUnary(client, identityService.Renew, create(RenewRequestSchema, {}), { deadlineMs: 5_000 });
    await expect(call).rejects.toMatchObject({ code: grpc.status.UNIMPLEMENTED });
    client.close();
  });

  it('refuses a denied certificate and a denied identity, on every replica, until it is allowed again', async () => {
    const victim = await joinAs(replica, 'bookstore/denied');
    const serial = new X509Certificate(victim.response.certificateChainPem[0] ?? '').serialNumber.toLowerCase();
    const client = memberClient(second.memberPort, identityOf(victim));
    await renewWith(client, createCsr(generateKeyPair()));
    for (const [kind, value] of [
      ['serial', serial],
      ['identity', 'spiffe://mesh.local/ns/bookstore/sa/denied'],
    ] as const) {
      await replica.ca.denials.add(kind, value, 'lost key', 'test');
      await expect.poll(() => second.ca.denials.list().length).toBe(1);
      await expect(renewWith(client, createCsr(generateKeyPair()))).rejects.toMatchObject({
        code: grpc.status.PERMISSION_DENIED,
      });
      await replica.ca.denials.remove(kind, value);
      await expect.poll(() => second.ca.denials.list().length).toBe(0);
    }
    await renewWith(client, createCsr(generateKeyPair()));
    client.close();
  });
});

describe('server certificate', () => {
  it('is renewed while the servers run: new connections see the new one, open ones go on', async () => {
    const joined = await joinAs(replica, 'bookstore/reviews');
    const client = memberClient(replica.memberPort, identityOf(joined));
    await renewWith(client, createCsr(generateKeyPair()));
    const before = await presentedSerial(replica.memberPort);
    expect(await presentedSerial(replica.memberPort)).toBe(before);
    await replica.ca.serverIdentity.renew();
    expect(await presentedSerial(replica.memberPort)).not.toBe(before);
    await renewWith(client, createCsr(generateKeyPair()));
    const other = memberClient(replica.memberPort, identityOf(joined));
    await renewWith(other, createCsr(generateKeyPair()));
    client.close();
    other.close();
  });
});

async function presentedSerial(port: number): Promise<string> {
  const socket = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['h2'] });
  socket.on('error', () => undefined);
  await new Promise((resolve) => socket.once('secureConnect', resolve));
  const { serialNumber } = socket.getPeerCertificate();
  socket.destroy();
  return serialNumber;
}
