// Ranges of addresses, and leases from a small one on real Postgres.
import type { ThrowAwayPostgres } from '@malha/embedded-postgres';
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { inTransaction } from '../ca/repository.ts';
import { createPool } from '../db/postgres.ts';
import { startTestDatabase } from '../db/testing.ts';
import { AddressRange } from './address-range.ts';
import { lease, lockLeases, release } from './leases.ts';

describe('AddressRange', () => {
  it('maps slots to addresses and back', () => {
    const range = new AddressRange('127.64.0.0/16');
    expect(range.addressOf(2)).toBe('127.64.0.2');
    expect(range.addressOf(256)).toBe('127.64.1.0');
    expect(range.addressOf(range.lastSlot)).toBe('127.64.255.254');
    expect(range.slotOf('127.64.1.0')).toBe(256);
    for (const foreign of ['127.65.0.0', '127.63.255.255', '10.0.0.1', '::1', '127.64.0', '127.64.0.x']) {
      expect(range.slotOf(foreign)).toBeUndefined();
    }
  });

  it.each(['127.64.0.0', '127.64.0.0/33', '127.64.0.0/4', '127.64.0.1/16', '256.0.0.0/8', 'x', '::1/64'])(
    'refuses %s',
    (cidr) => {
      expect(() => new AddressRange(cidr)).toThrow(expect.objectContaining({ code: 'MALHA5050' }));
    },
  );
});

describe('leases', () => {
  /** Slots 2 to 6. */
  const range = new AddressRange('127.64.0.0/29');
  let postgres: ThrowAwayPostgres;
  let pool: pg.Pool;
  beforeAll(async () => {
    postgres = await startTestDatabase();
    pool = createPool(postgres.url);
  }, 60_000);
  afterAll(async () => {
    await pool.end();
    await postgres.stop();
  });
  beforeEach(() => pool.query('TRUNCATE address_leases'));

  function take(owner: string, kind: 'workload' | 'service' = 'workload', wished?: string): Promise<string> {
    return inTransaction(pool, async (client) => {
      await lockLeases(client);
      return lease(client, kind, owner, range, wished);
    });
  }

  it('gives an owner the address that it wishes, unless another has it or it is none of the range', async () => {
    expect(await take('a', 'workload', '127.64.0.5')).toBe('127.64.0.5');
    expect(await take('a', 'workload', '127.64.0.4')).toBe('127.64.0.5');
    expect(await take('b', 'workload', '127.64.0.5')).toBe('127.64.0.6');
    for (const [owner, wished] of Object.entries({ c: '127.64.0.0', d: '127.64.0.7', e: '10.0.0.3' })) {
      expect(await take(owner, 'workload', wished)).toMatch(/^127\.64\.0\.[234]$/);
    }
  });

  it('gives each owner its own, also to many at once, until there is none', async () => {
    const owners = ['a', 'b', 'c', 'd', 'e'];
    const addresses = await Promise.all(owners.map((owner) => take(owner)));
    expect(addresses.sort()).toEqual(['127.64.0.2', '127.64.0.3', '127.64.0.4', '127.64.0.5', '127.64.0.6']);
    await expect(take('f')).rejects.toMatchObject({ code: 'MALHA5050' });
    expect(await take('c')).toMatch(/^127\.64\.0\.[2-6]$/);
    expect(await take('a', 'service')).toBe('127.64.0.2');
  });

  it('gives a released address to another owner only after two days', async () => {
    for (const owner of ['a', 'b', 'c', 'd', 'e']) await take(owner);
    const address = await take('b');
    await release(pool, 'workload', ['b']);
    await expect(take('f')).rejects.toMatchObject({ code: 'MALHA5050' });
    await pool.query(`UPDATE address_leases SET released_at = now() - interval '49 hours' WHERE owner = 'b'`);
    expect(await take('f')).toBe(address);
  });

  it('gives a released address back to its owner', async () => {
    const address = await take('a');
    await release(pool, 'workload', ['a']);
    await take('b');
    expect(await take('a')).toBe(address);
    const { rows } = await pool.query('SELECT 1 FROM address_leases WHERE released_at IS NOT NULL');
    expect(rows).toEqual([]);
  });
});
