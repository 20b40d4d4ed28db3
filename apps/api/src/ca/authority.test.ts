// The authority over time and over real Postgres: issuing authorities follow each other, leaves never outlive theirs.
import { randomBytes } from 'node:crypto';
import type { ThrowAwayPostgres } from '@malha/embedded-postgres';
import { generateKeyPair, verifyChain } from '@malha/identity';
import type { Clock } from '@malha/traffic/clock';
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createPool } from '../db/postgres.ts';
import { startTestDatabase } from '../db/testing.ts';
import { CertificateAuthority } from './authority.ts';
import { createSeal } from './seal.ts';
import { ServerIdentity } from './server-identity.ts';

const DAY_MS = 86_400_000;
const seal = createSeal(randomBytes(32));
let postgres: ThrowAwayPostgres;
let pool: pg.Pool;
let nowMs: number;
const clock: Clock = { now: () => nowMs, monotonic: () => nowMs };

beforeAll(async () => {
  postgres = await startTestDatabase();
  pool = createPool(postgres.url);
}, 60_000);
afterAll(async () => {
  await pool.end();
  await postgres.stop();
});
beforeEach(async () => {
  nowMs = Date.now();
  await pool.query('TRUNCATE certificate_authorities, issued_certificates');
});

const open = (trustDomain = 'mesh.local') => CertificateAuthority.open({ pool, seal, trustDomain, clock });

function order(lifetimeMs?: number) {
  const base = { spiffeId: 'spiffe://mesh.local/ns/a/sa/b', publicKey: generateKeyPair().publicKey };
  return lifetimeMs === undefined ? base : { ...base, lifetimeMs };
}

describe('authority', () => {
  it('is made once by eight starters, and is another one for another trust domain', async () => {
    const all = await Promise.all(Array.from({ length: 8 }, () => open()));
    expect(new Set(all.map(({ pin }) => pin)).size).toBe(1);
    expect((await open('other.example')).pin).not.toBe(all[0]?.pin);
    const { rows } = await pool.query(
      `SELECT count(*)::int AS count FROM certificate_authorities WHERE trust_domain = 'mesh.local'`,
    );
    expect(rows).toEqual([{ count: 2 }]);
  });

  it('changes the issuing authority after two thirds of its life, under the same root; old leaves stay good', async () => {
    const authority = await open();
    const before = await authority.issue(order(400 * DAY_MS), 'a/b-1');
    const { issuing, root } = authority.describe();
    nowMs += 243 * DAY_MS;
    await authority.refresh();
    expect(authority.describe().issuing.serial).toBe(issuing.serial);
    nowMs += 2 * DAY_MS;
    await authority.refresh();
    expect(authority.describe().issuing.serial).not.toBe(issuing.serial);
    expect(authority.describe().root).toEqual(root);
    const after = await authority.issue(order(), 'a/b-1');
    const check = { bundle: authority.trustBundle, role: 'client' as const, nowMs };
    expect(verifyChain(before.chainPem.join(''), check).id).toBe('spiffe://mesh.local/ns/a/sa/b');
    expect(verifyChain(after.chainPem.join(''), check).id).toBe('spiffe://mesh.local/ns/a/sa/b');
  });

  it('never gives a leaf a longer life than its issuing authority has', async () => {
    const authority = await open();
    const leaf = await authority.issue(order(10_000 * DAY_MS), 'a/b-1');
    expect(leaf.notAfterMs).toBeLessThanOrEqual(authority.describe().issuing.notAfterMs);
    const day = await authority.issue(order(), 'a/b-1');
    expect(Math.abs(day.notAfterMs - nowMs - DAY_MS)).toBeLessThan(1_001);
  });
});

describe('the certificate of the control plane', () => {
  it('is renewed by itself at half of its life', async () => {
    const authority = await open();
    const errors: unknown[] = [];
    // It begins 15 min before now and ends as long after, so that half of its life is over in 200 ms.
    const deps = {
      authority,
      clock,
      random: () => 0.5,
      lifetimeMs: 15 * 60_000 + 400,
      onError: (error: unknown) => errors.push(error),
    };
    const identity = await ServerIdentity.open(deps);
    const first = identity.current().certificateChainPem;
    const changed = new Promise<void>((resolve) => identity.onChange(() => resolve()));
    nowMs += 1_000;
    await changed;
    expect(identity.current().certificateChainPem).not.toBe(first);
    identity.stop();
    expect(errors).toEqual([]);
  });
});
