// Address leases in Postgres: one owner, one slot; the same owner gets the same slot again.
import type { Queryable } from '../ca/repository.ts';
import type { AddressRange } from './address-range.ts';
import { RegistryError } from './errors.ts';

/** Longer than a certificate lives: whoever still knows the old owner's address has lost its trust in it by then. */
const REUSE_AFTER = '48 hours';

/** Serialises the search for a free slot over replicas. */
const LEASE_LOCK = 0x6d61_6c02;

export type LeaseKind = 'workload' | 'service';

/** Until the end of the transaction nobody else takes an address. */
export async function lockLeases(db: Queryable): Promise<void> {
  await db.query('SELECT pg_advisory_xact_lock($1)', [LEASE_LOCK]);
}

/**
 * The owner's address: the one it has, else the wished one if nobody has it, else a fresh one. Must run in a
 * transaction after `lockLeases`: two callers would find the same slot. Slots are given out upwards and reused only
 * after the range is used up.
 */
export async function lease(
  db: Queryable,
  kind: LeaseKind,
  owner: string,
  range: AddressRange,
  wished?: string,
): Promise<string> {
  const kept = await db.query<{ slot: number }>(
    'UPDATE address_leases SET released_at = NULL WHERE kind = $1 AND owner = $2 RETURNING slot',
    [kind, owner],
  );
  const slot =
    kept.rows[0]?.slot ??
    (await takeWished(db, kind, owner, range, wished)) ??
    (await takeSlot(db, kind, owner, range));
  return range.addressOf(slot);
}

export async function release(db: Queryable, kind: LeaseKind, owners: readonly string[]): Promise<void> {
  await db.query(
    `UPDATE address_leases SET released_at = now()
      WHERE kind = $1 AND owner = ANY($2) AND released_at IS NULL`,
    [kind, owners],
  );
}

async function takeWished(
  db: Queryable,
  kind: LeaseKind,
  owner: string,
  range: AddressRange,
  wished: string | undefined,
): Promise<number | undefined> {
  const slot = wished === undefined ? undefined : range.slotOf(wished);
  if (slot === undefined || slot < range.firstSlot || slot > range.lastSlot) return undefined;
  const { rows } = await db.query<{ slot: number }>(
    `INSERT INTO address_leases (kind, slot, owner) VALUES ($1, $2, $3)
     ON CONFLICT (kind, slot) DO NOTHING RETURNING slot`,
    [kind, slot, owner],
  );
  return rows[0]?.slot;
}

async function takeSlot(db: Queryable, kind: LeaseKind, owner: string, range: AddressRange): Promise<number> {
  await db.query(
    `DELETE FROM address_leases WHERE kind = $1 AND released_at < now() - interval '${REUSE_AFTER}'
        AND (SELECT max(slot) FROM address_leases WHERE kind = $1) >= $2`,
    [kind, range.lastSlot],
  );
  const { rows } = await db.query<{ slot: number }>(
    `INSERT INTO address_leases (kind, slot, owner)
     SELECT $1::"AddressKind", slot, $2 FROM (
       SELECT CASE WHEN max(slot) < $4 THEN greatest(max(slot) + 1, $3) WHEN max(slot) IS NULL THEN $3 ELSE (
         SELECT min(free) FROM generate_series($3::int, $4::int) free
          WHERE NOT EXISTS (SELECT 1 FROM address_leases taken WHERE taken.kind = $1::"AddressKind" AND taken.slot = free)
       ) END AS slot FROM address_leases WHERE kind = $1::"AddressKind"
     ) chosen WHERE slot IS NOT NULL
     RETURNING slot`,
    [kind, owner, range.firstSlot, range.lastSlot],
  );
  const slot = rows[0]?.slot;
  if (slot === undefined) throw new RegistryError('unavailable', 'MALHA5050', `no ${kind} address is free`);
  return slot;
}
