// SQL of the registry. Every change that others act on takes the lock of registry_state and one number of its sequence.
import type pg from 'pg';
import type { Queryable } from '../ca/repository.ts';
import { CHANNELS } from '../db/postgres.ts';
import type { WorkloadFacts, WorkloadRow, WorkloadState } from './workload-row.ts';

/** Until the end of the transaction nobody else changes the registry. Returns the number of the last change. */
export async function lockRegistry(client: pg.PoolClient): Promise<number> {
  const { rows } = await client.query<{ sequence: string }>(
    'SELECT sequence FROM registry_state WHERE id = 1 FOR UPDATE',
  );
  return Number(rows[0]?.sequence ?? 0);
}

/** Takes the next number and the lock, and tells every replica at commit. */
export async function nextSequence(client: pg.PoolClient): Promise<number> {
  const { rows } = await client.query<{ sequence: string }>(
    'UPDATE registry_state SET sequence = sequence + 1 WHERE id = 1 RETURNING sequence',
  );
  const sequence = Number(rows[0]?.sequence);
  await client.query('SELECT pg_notify($1, $2)', [CHANNELS.registry, String(sequence)]);
  return sequence;
}

export async function selectSequence(db: Queryable): Promise<number> {
  const { rows } = await db.query<{ sequence: string }>('SELECT sequence FROM registry_state WHERE id = 1');
  return Number(rows[0]?.sequence ?? 0);
}

/** In the order of their change. */
export async function selectChangedSince(db: Queryable, sequence: number): Promise<WorkloadRow[]> {
  const { rows } = await db.query<WorkloadRow>('SELECT * FROM workloads WHERE sequence > $1 ORDER BY sequence', [
    sequence,
  ]);
  return rows;
}

export async function selectWorkload(db: Queryable, namespace: string, name: string): Promise<WorkloadRow | undefined> {
  const { rows } = await db.query<WorkloadRow>('SELECT * FROM workloads WHERE namespace = $1 AND name = $2', [
    namespace,
    name,
  ]);
  return rows[0];
}

/** A workload that lives keeps its row until its agent says Hello. The number 0 is never pushed: it is not in the world. */
export async function upsertJoined(db: Queryable, row: WorkloadRow): Promise<void> {
  await db.query(
    `INSERT INTO workloads (namespace, name, spiffe_id, service_account, service, version, address, inbound_port,
       model, hostname, labels, ports, sequence)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0)
     ON CONFLICT (namespace, name) DO UPDATE SET hostname = EXCLUDED.hostname, joined_at = now(),
       changed_at = CASE WHEN workloads.state IN ('joined', 'out') THEN now() ELSE workloads.changed_at END`,
    [
      row.namespace,
      row.name,
      row.spiffe_id,
      row.service_account,
      row.service,
      row.version,
      row.address,
      row.inbound_port,
      row.model,
      row.hostname,
      JSON.stringify(row.labels),
      JSON.stringify(row.ports),
    ],
  );
}

export interface SessionStart {
  readonly namespace: string;
  readonly name: string;
  readonly session: string;
  readonly replica: string;
  readonly instanceId: string;
  readonly softwareVersion: string;
  readonly isHealthy: boolean;
  readonly facts: WorkloadFacts;
}

/** Takes over the workload for a session when nothing changes that others act on; false = something does. */
export async function resumeUnchanged(db: Queryable, start: SessionStart): Promise<boolean> {
  const { facts } = start;
  const { rowCount } = await db.query(
    `UPDATE workloads SET session = $3, replica = $4, instance_id = $5, software_version = $6, connected_at = now()
      WHERE namespace = $1 AND name = $2 AND state = 'live' AND is_healthy = $7 AND version = $8 AND address = $9
        AND inbound_port = $10 AND model = $11 AND labels = $12::jsonb AND ports = $13::jsonb`,
    sessionValues(start, facts),
  );
  return (rowCount ?? 0) > 0;
}

/** As above for a workload that changes, with the next number of the sequence; one statement is one transaction. */
export async function writeSession(db: Queryable, start: SessionStart): Promise<void> {
  await db.query(
    `WITH next AS (
       UPDATE registry_state SET sequence = sequence + 1 WHERE id = 1 RETURNING sequence
     ), written AS (
       UPDATE workloads SET state = 'live', session = $3, replica = $4, instance_id = $5, software_version = $6,
         connected_at = now(), changed_at = now(), is_healthy = $7, version = $8, address = $9, inbound_port = $10,
         model = $11, labels = $12::jsonb, ports = $13::jsonb, sequence = next.sequence
        FROM next WHERE namespace = $1 AND name = $2
     )
     SELECT pg_notify($14, sequence::text) FROM next`,
    [...sessionValues(start, start.facts), CHANNELS.registry],
  );
}

function sessionValues(start: SessionStart, facts: WorkloadFacts): unknown[] {
  return [
    start.namespace,
    start.name,
    start.session,
    start.replica,
    start.instanceId,
    start.softwareVersion,
    start.isHealthy,
    facts.version,
    facts.address,
    facts.inboundPort,
    facts.model,
    JSON.stringify(facts.labels),
    JSON.stringify(facts.ports),
  ];
}

/** A change of state by the session that speaks for the workload; one that was taken over changes nothing. */
export interface StateChange {
  readonly namespace: string;
  readonly name: string;
  readonly session: string;
  readonly state: WorkloadState;
  readonly isHealthy: boolean;
}

/** Number of workloads that changed. */
export async function writeStates(db: Queryable, changes: readonly StateChange[], sequence: number): Promise<number> {
  const { rowCount } = await db.query(
    `UPDATE workloads w SET state = c.state::"WorkloadState", is_healthy = c.is_healthy, changed_at = now(),
       sequence = $6
      FROM unnest($1::text[], $2::text[], $3::uuid[], $4::text[], $5::bool[])
           AS c (namespace, name, session, state, is_healthy)
     WHERE w.namespace = c.namespace AND w.name = c.name AND w.session = c.session AND w.state <> 'out'
       AND (w.state::text, w.is_healthy) IS DISTINCT FROM (c.state, c.is_healthy)`,
    [
      changes.map((change) => change.namespace),
      changes.map((change) => change.name),
      changes.map((change) => change.session),
      changes.map((change) => change.state),
      changes.map((change) => change.isHealthy),
      sequence,
    ],
  );
  return rowCount ?? 0;
}

export interface BeatRow {
  readonly namespace: string;
  readonly name: string;
  readonly ageMs: number;
  readonly servedHash: string;
  readonly rssBytes: number;
  readonly cpuCores: number;
  readonly openConnections: number;
  readonly nack: string | undefined;
  readonly certificateNotAfterMs: number;
  /** JSON; null = nothing is away from rest. */
  readonly protection: string | null;
}

/** All beats of a second and the sign of life of the replica itself, in one statement. */
export async function writeBeats(db: Queryable, replica: string, beats: readonly BeatRow[]): Promise<void> {
  await db.query(
    `WITH alive AS (
       INSERT INTO api_replicas (id) VALUES ($1) ON CONFLICT (id) DO UPDATE SET last_seen = now()
     )
     INSERT INTO agent_status (namespace, name, replica, last_seen, served_hash, rss_bytes, cpu_cores,
       open_connections, nack, certificate_not_after, protection)
     SELECT namespace, name, $1, now() - make_interval(secs => age_ms / 1000.0), served_hash, rss_bytes, cpu_cores,
       open_connections, nack, to_timestamp(not_after_ms / 1000.0), protection::jsonb
       FROM unnest($2::text[], $3::text[], $4::float8[], $5::text[], $6::bigint[], $7::float8[], $8::int[], $9::text[],
         $10::float8[], $11::text[]) AS b (namespace, name, age_ms, served_hash, rss_bytes, cpu_cores,
         open_connections, nack, not_after_ms, protection)
     ON CONFLICT (namespace, name) DO UPDATE SET replica = EXCLUDED.replica, last_seen = EXCLUDED.last_seen,
       served_hash = EXCLUDED.served_hash, rss_bytes = EXCLUDED.rss_bytes, cpu_cores = EXCLUDED.cpu_cores,
       open_connections = EXCLUDED.open_connections, nack = EXCLUDED.nack,
       certificate_not_after = EXCLUDED.certificate_not_after, protection = EXCLUDED.protection`,
    [
      replica,
      beats.map((beat) => beat.namespace),
      beats.map((beat) => beat.name),
      beats.map((beat) => beat.ageMs),
      beats.map((beat) => beat.servedHash),
      beats.map((beat) => beat.rssBytes),
      beats.map((beat) => beat.cpuCores),
      beats.map((beat) => beat.openConnections),
      beats.map((beat) => beat.nack ?? null),
      beats.map((beat) => beat.certificateNotAfterMs),
      beats.map((beat) => beat.protection),
    ],
  );
}

export interface OrphanRow {
  readonly namespace: string;
  readonly name: string;
  readonly session: string;
  readonly silence_ms: number;
}

/** Workloads in the world whose replica gives no sign of life, silent for longer than `silentMs`. */
export async function selectOrphans(db: Queryable, replica: string, silentMs: number): Promise<OrphanRow[]> {
  const { rows } = await db.query<OrphanRow>(
    `SELECT w.namespace, w.name, w.session,
            extract(epoch FROM now() - greatest(s.last_seen, w.connected_at))::float8 * 1000 AS silence_ms
       FROM workloads w
       LEFT JOIN agent_status s USING (namespace, name)
       LEFT JOIN api_replicas r ON r.id = w.replica
      WHERE w.state IN ('live', 'draining') AND w.session IS NOT NULL AND w.replica IS DISTINCT FROM $1
        AND greatest(s.last_seen, w.connected_at) < now() - make_interval(secs => $2 / 1000.0)
        AND (r.last_seen IS NULL OR r.last_seen < now() - make_interval(secs => $2 / 1000.0))
      ORDER BY w.namespace, w.name`,
    [replica, silentMs],
  );
  return rows;
}

export async function deleteReplica(db: Queryable, replica: string): Promise<void> {
  await db.query('DELETE FROM api_replicas WHERE id = $1', [replica]);
}

/** Forgets workloads that left or never came, longer ago than a certificate lives; their addresses become free later. */
export async function purge(db: Queryable): Promise<void> {
  await db.query(
    `WITH gone AS (
       DELETE FROM workloads WHERE state IN ('joined', 'out') AND changed_at < now() - interval '48 hours'
       RETURNING namespace, name
     ), status AS (
       DELETE FROM agent_status s USING gone WHERE s.namespace = gone.namespace AND s.name = gone.name
     ), replicas AS (
       DELETE FROM api_replicas WHERE last_seen < now() - interval '1 hour'
     )
     UPDATE address_leases l SET released_at = now() FROM gone
      WHERE l.kind = 'workload' AND l.owner = gone.namespace || '/' || gone.name AND l.released_at IS NULL`,
  );
}
