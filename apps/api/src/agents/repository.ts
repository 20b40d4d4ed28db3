// SQL of agents: the list of proxies over all replicas, and dumps on their way between replicas.
import type { Queryable } from '../ca/repository.ts';
import type { ReportedProtection } from '../registry/sessions.ts';

/** Workloads that are out stay in the list this long, as disconnected. */
const SHOWN_AFTER_OUT = '1 hour';

export interface ProxyRow {
  readonly namespace: string;
  readonly name: string;
  readonly service: string;
  readonly version: string;
  readonly model: string;
  readonly instance_id: string;
  readonly state: 'live' | 'draining' | 'out';
  readonly address: string;
  readonly software_version: string;
  readonly connected_at: Date | null;
  readonly last_seen: Date | null;
  /** Milliseconds since the last beat, by the database's clock. */
  readonly silence_ms: number | null;
  readonly served_hash: string | null;
  readonly rss_bytes: string | null;
  readonly cpu_cores: number | null;
  readonly open_connections: number | null;
  readonly nack: string | null;
  readonly certificate_not_after: Date | null;
  readonly protection: ReportedProtection | null;
}

export async function selectProxies(db: Queryable): Promise<ProxyRow[]> {
  const { rows } = await db.query<ProxyRow>(
    `SELECT w.namespace, w.name, w.service, w.version, w.model, w.instance_id, w.state, w.address, w.software_version,
            w.connected_at, s.last_seen, extract(epoch FROM now() - s.last_seen)::float8 * 1000 AS silence_ms,
            s.served_hash, s.rss_bytes, s.cpu_cores, s.open_connections, s.nack, s.certificate_not_after,
            s.protection
       FROM workloads w LEFT JOIN agent_status s USING (namespace, name)
      WHERE w.state IN ('live', 'draining')
         OR (w.state = 'out' AND w.changed_at > now() - interval '${SHOWN_AFTER_OUT}')
      ORDER BY w.namespace, w.name`,
  );
  return rows;
}

export interface Speaker {
  readonly replica: string | null;
  readonly session: string | null;
}

/** Replica and session that speak for the workload (`namespace/name`), if it is in the world. */
export async function selectSpeaker(db: Queryable, workload: string): Promise<Speaker | undefined> {
  const [namespace, name] = workload.split('/');
  const { rows } = await db.query<Speaker>(
    `SELECT replica, session FROM workloads WHERE namespace = $1 AND name = $2 AND state IN ('live', 'draining')`,
    [namespace, name],
  );
  return rows[0];
}

export async function insertDump(db: Queryable, requestId: string, json: Uint8Array): Promise<void> {
  await db.query(`DELETE FROM agent_dumps WHERE created_at < now() - interval '5 minutes'`);
  await db.query('INSERT INTO agent_dumps (request_id, json) VALUES ($1, $2) ON CONFLICT DO NOTHING', [
    requestId,
    Buffer.from(json),
  ]);
}

export async function takeDump(db: Queryable, requestId: string): Promise<Buffer | undefined> {
  const { rows } = await db.query<{ json: Buffer }>('DELETE FROM agent_dumps WHERE request_id = $1 RETURNING json', [
    requestId,
  ]);
  return rows[0]?.json;
}
