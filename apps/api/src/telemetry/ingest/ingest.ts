// Adds a batch of reports to the store in one transaction: cumulative counts per instance, and what is new to the buckets of time.
import type { Clock } from '@malha/traffic/clock';
import type pg from 'pg';
import { queryNumbers } from '../numbers.ts';
import type { EdgeKey, EdgeLabels, MetricsReport, ReportSource } from '../report.ts';
import { BucketSums } from './bucket-rows.ts';
import { EdgeRegistry } from './edge-registry.ts';
import { decodeInstance, type InstanceRow } from './instance-codec.ts';
import { advance, emptyTotals, type InstanceTotals } from './instance-state.ts';
import { RecentCallers } from './recent-callers.ts';
import { type ChangedInstance, storeBuckets, storeInstances } from './statements.ts';

/**
 * One ingestion at a time over all replicas, and none while seconds are summed up: what a report adds depends on what
 * is stored already.
 */
export const INGEST_LOCK = 7_507_001;
const MS_PER_SECOND = 1000;
/** Instances whose counts are kept in memory between batches. */
const CACHED_INSTANCES_MAX = 5_000;

interface CachedInstance {
  sequence: number;
  readonly totals: InstanceTotals;
}

interface InstanceHead {
  readonly id: number;
  readonly instance_id: string;
  readonly start_ms: number;
  readonly sequence: number;
  readonly last_time_ms: number;
  readonly is_retired: boolean;
}

export class Ingest {
  readonly #pool: pg.Pool;
  readonly #clock: Clock;
  readonly #edges: EdgeRegistry;
  readonly #callers: RecentCallers;
  /** By database id; valid while `sequence` is that of the row. */
  readonly #cache = new Map<number, CachedInstance>();

  constructor(pool: pg.Pool, clock: Clock, callers = new RecentCallers()) {
    this.#pool = pool;
    this.#clock = clock;
    this.#callers = callers;
    this.#edges = new EdgeRegistry(pool);
  }

  /** All or nothing. Reports that were stored before change nothing; those of retired instances are passed over. */
  async store(reports: readonly MetricsReport[]): Promise<void> {
    const labels = new Map<EdgeKey, EdgeLabels>();
    for (const report of reports) for (const edge of report.edges) labels.set(edge.key, edge.labels);
    const edgeIds = await this.#edges.idsOf(labels);
    const client = await this.#pool.connect();
    const touched = new Set<number>();
    try {
      await client.query(BEGIN);
      await this.#apply(client, { reports, edgeIds, touched });
      await client.query('COMMIT');
      client.release();
    } catch (error) {
      // The counts in memory may be ahead of what is stored.
      for (const id of touched) this.#cache.delete(id);
      // A connection in an unknown state is closed, which also rolls back.
      client.release(true);
      throw error;
    }
  }

  async #apply(
    client: pg.PoolClient,
    batch: {
      readonly reports: readonly MetricsReport[];
      readonly edgeIds: ReadonlyMap<EdgeKey, number>;
      readonly touched: Set<number>;
    },
  ): Promise<void> {
    const nowMs = this.#clock.now();
    const heads = await this.#heads(client, batch.reports);
    await this.#load(client, heads.values());
    const rolledUntil = await readRolledUntil(client);
    const seconds = new BucketSums();
    const lateMinutes = new BucketSums();
    const changed = new Map<number, ChangedInstance>();
    for (const report of batch.reports) {
      const head = heads.get(keyOf(report.source));
      const cached = head && this.#cache.get(head.id);
      if (head === undefined || cached === undefined || head.is_retired) continue;
      batch.touched.add(head.id);
      const instance = changed.get(head.id) ?? {
        id: head.id,
        lastTimeMs: head.last_time_ms,
        sequence: cached.sequence,
        totals: undefined,
      };
      changed.set(head.id, instance);
      const timeMs = Math.min(report.timeMs, nowMs);
      // Everything new since the report before was finished at or after that one: the bucket is that of the beginning.
      const at = Math.floor(Math.min(instance.lastTimeMs, timeMs) / MS_PER_SECOND);
      for (const edge of report.edges) {
        const id = batch.edgeIds.get(edge.key);
        if (id === undefined) throw new Error('telemetry: an edge has no id');
        const known = cached.totals.get(id) ?? emptyTotals();
        const delta = advance(known, edge);
        if (delta === undefined) continue;
        this.#callers.saw(edge.labels, nowMs);
        cached.totals.set(id, known);
        instance.totals = cached.totals;
        seconds.add(at, id, edge.labels.protocol, delta);
        if (at < rolledUntil) lateMinutes.add(Math.floor(at / 60) * 60, id, edge.labels.protocol, delta);
      }
      instance.lastTimeMs = Math.max(instance.lastTimeMs, timeMs);
    }
    for (const instance of changed.values()) {
      if (instance.totals === undefined) continue;
      instance.sequence += 1;
      const cached = this.#cache.get(instance.id);
      if (cached !== undefined) cached.sequence = instance.sequence;
    }
    await storeInstances(client, [...changed.values()]);
    await storeBuckets(client, 'second', seconds);
    await storeBuckets(client, 'minute', lateMinutes);
  }

  async #heads(client: pg.PoolClient, reports: readonly MetricsReport[]): Promise<Map<string, InstanceHead>> {
    const sources = new Map(reports.map(({ source }) => [keyOf(source), source]));
    const column = <T>(value: (source: ReportSource) => T): T[] => [...sources.values()].map(value);
    const ids = column((source) => source.instanceId);
    const starts = column((source) => source.startTimeMs);
    const select = () => queryNumbers<InstanceHead>(client, SELECT_HEADS, [ids, starts]);
    let rows = await select();
    if (rows.length < sources.size) {
      const namespaces = column((source) => source.namespace);
      const workloads = column((source) => source.workload);
      await client.query(INSERT_INSTANCES, [ids, starts, namespaces, workloads, this.#clock.now()]);
      rows = await select();
    }
    return new Map(
      rows.map((row) => [keyOf({ instanceId: row.instance_id, startTimeMs: row.start_ms }), row] as const),
    );
  }

  /** Reads the counts of instances that another replica changed, or that this one does not know. */
  async #load(client: pg.PoolClient, heads: Iterable<InstanceHead>): Promise<void> {
    const missing: number[] = [];
    for (const head of heads) {
      if (!head.is_retired && this.#cache.get(head.id)?.sequence !== head.sequence) missing.push(head.id);
    }
    if (missing.length === 0) return;
    if (this.#cache.size + missing.length > CACHED_INSTANCES_MAX) {
      this.#cache.clear();
      return this.#load(client, heads);
    }
    const rows = await queryNumbers<InstanceRow & { id: number; sequence: number }>(client, SELECT_COUNTS, [missing]);
    for (const row of rows) this.#cache.set(row.id, { sequence: row.sequence, totals: decodeInstance(row) });
  }
}

function keyOf({ instanceId, startTimeMs }: Pick<ReportSource, 'instanceId' | 'startTimeMs'>): string {
  return `${startTimeMs}/${instanceId}`;
}

async function readRolledUntil(client: pg.PoolClient): Promise<number> {
  const [row] = await queryNumbers<{ rolled_until: number }>(client, 'SELECT rolled_until FROM telemetry.rollup');
  return row?.rolled_until ?? 0;
}

const BEGIN = `
  BEGIN;
  SET LOCAL lock_timeout = '5s';
  SET LOCAL statement_timeout = '10s';
  SET LOCAL idle_in_transaction_session_timeout = '10s';
  SELECT pg_advisory_xact_lock(${INGEST_LOCK})`;

const SELECT_HEADS = `
  SELECT id, instance_id, start_ms, sequence, last_time_ms, is_retired
  FROM telemetry.instance
  JOIN unnest($1::text[], $2::bigint[]) AS wanted (instance_id, start_ms) USING (instance_id, start_ms)`;

const INSERT_INSTANCES = `
  INSERT INTO telemetry.instance (instance_id, start_ms, namespace, workload, last_time_ms)
  SELECT instance_id, start_ms, namespace, workload, LEAST(start_ms, $5::bigint)
  FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[]) AS seen (instance_id, start_ms, namespace, workload)
  ON CONFLICT (instance_id, start_ms) DO NOTHING`;

const SELECT_COUNTS = `
  SELECT id, sequence, edges, outcomes, requests, retries, packed FROM telemetry.instance WHERE id = ANY($1::int[])`;
