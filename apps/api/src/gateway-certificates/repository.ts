// SQL of the certificates of gateways.
import type pg from 'pg';
import { CHANNELS } from '../db/postgres.ts';

export interface CertificateRow {
  readonly namespace: string;
  readonly name: string;
  readonly chain_pem: string;
  readonly sealed_key: string;
  readonly updated_at: Date;
  readonly updated_by: string;
}

export async function selectCertificates(pool: pg.Pool): Promise<CertificateRow[]> {
  const { rows } = await pool.query<CertificateRow>(
    `SELECT namespace, name, chain_pem, sealed_key, updated_at, updated_by
       FROM gateway_certificates ORDER BY namespace, name`,
  );
  return rows;
}

/** Replaces one of the same name. All replicas are told, also this one. */
export async function upsertCertificate(pool: pg.Pool, row: Omit<CertificateRow, 'updated_at'>): Promise<void> {
  await pool.query(
    `WITH stored AS (
       INSERT INTO gateway_certificates (namespace, name, chain_pem, sealed_key, updated_by)
       VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (namespace, name) DO UPDATE
         SET chain_pem = EXCLUDED.chain_pem, sealed_key = EXCLUDED.sealed_key,
             updated_at = now(), updated_by = EXCLUDED.updated_by
       RETURNING 1)
     SELECT pg_notify($6, '') FROM stored`,
    [row.namespace, row.name, row.chain_pem, row.sealed_key, row.updated_by, CHANNELS.certificates],
  );
}

/** False when there was none. */
export async function deleteCertificate(pool: pg.Pool, namespace: string, name: string): Promise<boolean> {
  const { rowCount } = await pool.query(
    `WITH gone AS (DELETE FROM gateway_certificates WHERE namespace = $1 AND name = $2 RETURNING 1)
     SELECT pg_notify($3, '') FROM gone`,
    [namespace, name, CHANNELS.certificates],
  );
  return rowCount === 1;
}
