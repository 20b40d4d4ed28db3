// SQL of the authority: authorities, ledger of issued certificates, denials.
import type pg from 'pg';

/** Serialises the creation of authorities over replicas. */
const AUTHORITY_LOCK = 0x6d61_6c01;

export type Queryable = Pick<pg.Pool | pg.PoolClient, 'query'>;

export interface AuthorityRow {
  readonly role: 'root' | 'issuing';
  readonly serial: string;
  readonly certificate_pem: string;
  readonly sealed_key: string;
  readonly not_before: Date;
  readonly not_after: Date;
}

export interface LedgerRow {
  readonly serial: string;
  readonly issuerSerial: string;
  readonly spiffeId: string;
  readonly workload: string | undefined;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** Runs `work` in a transaction; any failure rolls back. */
export async function inTransaction<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let failure: unknown;
  try {
    await client.query('BEGIN');
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    failure = error;
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  } finally {
    // A connection that failed in a way that a rollback may not mend is not given to the next one.
    const isBroken = failure instanceof Error && !('severity' in failure) && !('kind' in failure);
    client.release(isBroken);
  }
}

/** Until the end of the transaction, no other replica makes an authority. */
export async function lockAuthorities(client: pg.PoolClient): Promise<void> {
  await client.query('SELECT pg_advisory_xact_lock($1)', [AUTHORITY_LOCK]);
}

/** Newest first. */
export async function selectAuthorities(db: Queryable, trustDomain: string): Promise<AuthorityRow[]> {
  const { rows } = await db.query<AuthorityRow>(
    `SELECT role, serial, certificate_pem, sealed_key, not_before, not_after
       FROM certificate_authorities WHERE trust_domain = $1 ORDER BY id DESC`,
    [trustDomain],
  );
  return rows;
}

export async function insertAuthority(db: Queryable, trustDomain: string, row: AuthorityRow): Promise<void> {
  await db.query(
    `INSERT INTO certificate_authorities
       (trust_domain, role, serial, certificate_pem, sealed_key, not_before, not_after)
     VALUES ($1, $2, $3, $4, $5, $6, $7)`,
    [trustDomain, row.role, row.serial, row.certificate_pem, row.sealed_key, row.not_before, row.not_after],
  );
}

export async function insertIssued(db: Queryable, row: LedgerRow): Promise<void> {
  await db.query(
    `INSERT INTO issued_certificates (serial, issuer_serial, spiffe_id, workload, not_before, not_after)
     VALUES ($1, $2, $3, $4, $5, $6)`,
    [
      row.serial,
      row.issuerSerial,
      row.spiffeId,
      row.workload ?? null,
      new Date(row.notBeforeMs),
      new Date(row.notAfterMs),
    ],
  );
}

export async function selectIssued(
  db: Queryable,
  serial: string,
): Promise<{ spiffe_id: string; workload: string | null } | undefined> {
  const { rows } = await db.query<{ spiffe_id: string; workload: string | null }>(
    'SELECT spiffe_id, workload FROM issued_certificates WHERE serial = $1',
    [serial],
  );
  return rows[0];
}

export interface IssuedLeafRow {
  readonly workload: string;
  readonly spiffe_id: string;
  readonly serial: string;
  readonly not_after: Date;
}

/** The newest certificate of each workload that has not expired. */
export async function selectCurrentLeaves(db: Queryable): Promise<IssuedLeafRow[]> {
  const { rows } = await db.query<IssuedLeafRow>(
    `SELECT DISTINCT ON (workload) workload, spiffe_id, serial, not_after
       FROM issued_certificates WHERE workload IS NOT NULL AND not_after > now()
      ORDER BY workload, issued_at DESC, serial`,
  );
  return rows;
}

/** Expired certificates prove nothing any more; a week of them stays for the curious. */
export async function deleteExpired(db: Queryable): Promise<void> {
  await db.query(`DELETE FROM issued_certificates WHERE not_after < now() - interval '7 days'`);
  await db.query(`DELETE FROM join_tokens WHERE expires_at < now() - interval '7 days'`);
}

export interface DenialRow {
  readonly kind: 'identity' | 'serial';
  readonly value: string;
  readonly reason: string;
  readonly created_at: Date;
  readonly created_by: string;
}

export async function selectDenials(db: Queryable): Promise<DenialRow[]> {
  const { rows } = await db.query<DenialRow>(
    'SELECT kind, value, reason, created_at, created_by FROM denials ORDER BY created_at, value',
  );
  return rows;
}

export async function insertDenial(db: Queryable, row: Omit<DenialRow, 'created_at'>): Promise<void> {
  await db.query(
    `INSERT INTO denials (kind, value, reason, created_by) VALUES ($1, $2, $3, $4)
     ON CONFLICT (kind, value) DO UPDATE SET reason = EXCLUDED.reason, created_by = EXCLUDED.created_by`,
    [row.kind, row.value, row.reason, row.created_by],
  );
}

export async function deleteDenial(db: Queryable, kind: DenialRow['kind'], value: string): Promise<void> {
  await db.query('DELETE FROM denials WHERE kind = $1 AND value = $2', [kind, value]);
}
