// Revisions and resources in Postgres.
import { type Resource, type ResourceKey, validateResource } from '@malha/model';
import type { Database, Transaction } from '../db/client.ts';
import { Prisma } from '../db/generated/client.ts';
import { CHANNELS } from '../db/postgres.ts';
import { compareKeys, type PlannedObject } from './plan.ts';
import type { ResourceState, RevisionSummary, StoredResource } from './types.ts';

/** Serialises writers of revisions over all replicas; held to the end of the transaction. */
const REVISION_LOCK = 5_011_001;
const LOCK_TIMEOUT_MS = 10_000;
const TRANSACTION_TIMEOUT_MS = 20_000;

/** One object of a revision as stored. */
export interface RevisionObjectRow {
  readonly key: ResourceKey;
  readonly op: 'create' | 'update' | 'delete';
  readonly resource: Resource | undefined;
  readonly previousRevision: number;
}

export interface RevisionRow extends RevisionSummary {
  readonly rows: readonly RevisionObjectRow[];
}

export interface NewRevision {
  readonly revision: number;
  readonly author: string;
  readonly message: string;
  readonly kind: 'apply' | 'revert';
  readonly revertOf?: number;
  readonly objects: readonly PlannedObject[];
}

export class ResourceRepository {
  readonly #database: Database;
  readonly #onUnreadable: (key: string) => void;

  /** `onUnreadable` hears of stored objects that the schema no longer takes; they are left out. */
  constructor(database: Database, onUnreadable: (key: string) => void) {
    this.#database = database;
    this.#onUnreadable = onUnreadable;
  }

  /** Everything, as one moment saw it; `transaction` holds the revision lock, so nothing moves meanwhile. */
  async load(transaction?: Transaction): Promise<ResourceState> {
    const [revision, rows] = transaction
      ? [await this.latestRevision(transaction), await transaction.storedResource.findMany()]
      : await this.#database.$transaction(
          async (snapshot) => [await this.latestRevision(snapshot), await snapshot.storedResource.findMany()] as const,
          { isolationLevel: Prisma.TransactionIsolationLevel.RepeatableRead },
        );
    const byKey = new Map<ResourceKey, StoredResource>();
    rows.sort((a, b) => a.createdRevision - b.createdRevision || compareKeys(a.key, b.key));
    for (const row of rows) {
      const resource = this.#decode(row.key, row.resource);
      if (!resource) continue;
      const key = asKey(row.key);
      const { updatedAt, updatedBy, createdRevision } = row;
      const stamp = { revision: row.revision, createdRevision, updatedAtMs: updatedAt.getTime(), updatedBy };
      byKey.set(key, { key, resource, ...stamp });
    }
    return { revision, byKey };
  }

  /** The newest revision number; 0 = none. */
  async latestRevision(client: Database | Transaction = this.#database): Promise<number> {
    const latest = await client.revision.aggregate({ _max: { revision: true } });
    return latest._max.revision ?? 0;
  }

  /** Revisions after `revision` in order, at most `limit`. */
  async readSince(revision: number, limit: number, client: Database | Transaction = this.#database) {
    const rows = await client.revision.findMany({
      where: { revision: { gt: revision } },
      include: { objects: true },
      orderBy: { revision: 'asc' },
      take: limit,
    });
    return rows.map((row) => this.#toRevision(row));
  }

  async readRevision(revision: number): Promise<RevisionRow | undefined> {
    const row = await this.#database.revision.findUnique({ where: { revision }, include: { objects: true } });
    return row ? this.#toRevision(row) : undefined;
  }

  /** Newest first, those before `before` (exclusive). */
  async list(options: { before?: number; limit: number; namespace?: string }): Promise<RevisionRow[]> {
    const { before, limit, namespace } = options;
    const rows = await this.#database.revision.findMany({
      where: {
        ...(before === undefined ? {} : { revision: { lt: before } }),
        ...(namespace === undefined ? {} : { objects: { some: { namespace } } }),
      },
      include: { objects: true },
      orderBy: { revision: 'desc' },
      take: limit,
    });
    return rows.map((row) => this.#toRevision(row));
  }

  /** The object as it was at `revision`, with who wrote it; undefined when it had never been there. */
  async readObject(key: ResourceKey, revision: number) {
    const row = await this.#database.revisionObject.findFirst({
      where: { key, revision: { lte: revision } },
      orderBy: { revision: 'desc' },
      include: { change: { select: { author: true } } },
    });
    if (!row) return undefined;
    const resource = row.resource === null ? undefined : this.#decode(key, row.resource);
    return { revision: row.revision, author: row.change.author, resource };
  }

  /** The revision that touched each object last, also when that was its deletion. */
  async lastTouched(keys: readonly ResourceKey[], transaction: Transaction): Promise<Map<ResourceKey, number>> {
    const groups = await transaction.revisionObject.groupBy({
      by: ['key'],
      where: { key: { in: [...keys] } },
      _max: { revision: true },
    });
    return new Map(groups.map(({ key, _max }) => [asKey(key), _max.revision ?? 0]));
  }

  /**
   * Runs `work` while no other replica can make a revision. `onStored` is called when all statements have succeeded and
   * only the commit is left: a connection lost after that leaves the outcome unknown.
   */
  withRevisionLock<T>(work: (transaction: Transaction) => Promise<T>, onStored: () => void): Promise<T> {
    return this.#database.$transaction(
      async (transaction) => {
        await transaction.$executeRaw`
          SELECT set_config('lock_timeout', ${String(LOCK_TIMEOUT_MS)}, true), pg_advisory_xact_lock(${REVISION_LOCK})`;
        const result = await work(transaction);
        onStored();
        return result;
      },
      { maxWait: 5_000, timeout: TRANSACTION_TIMEOUT_MS },
    );
  }

  /**
   * Stores a revision with its objects, the current resources, the audit entry and the hint to the other replicas, in one
   * statement: every round trip under the lock is one that proxies wait for. Returns when it was made.
   */
  async insert(transaction: Transaction, change: NewRevision): Promise<Date> {
    const { revision, author, message, kind, objects } = change;
    const detail = {
      message,
      objects: objects.slice(0, 100).map(({ key, op }) => ({ key, op })),
      count: objects.length,
    };
    const [row] = await transaction.$queryRaw<{ created_at: Date }[]>`
      WITH change AS (
        INSERT INTO revisions (revision, author, message, kind, revert_of)
        VALUES (${revision}, ${author}, ${message}, ${kind}::"RevisionKind", ${change.revertOf ?? null})
        RETURNING created_at
      ), object AS (
        SELECT * FROM json_to_recordset(${JSON.stringify(objects.map(toRow))}::json) AS row(
          key text, kind text, namespace text, name text, op "ChangeOp", resource json,
          previous_revision int, created_revision int)
      ), history AS (
        INSERT INTO revision_objects (revision, key, namespace, op, resource, previous_revision)
        SELECT ${revision}, key, namespace, op, resource, previous_revision FROM object
      ), deleted AS (
        DELETE FROM resources USING object WHERE resources.key = object.key AND object.op = 'delete'
      ), stored AS (
        INSERT INTO resources (key, kind, namespace, name, resource, revision, created_revision, updated_at, updated_by)
        SELECT key, kind, namespace, name, resource, ${revision}, coalesce(created_revision, ${revision}), created_at, ${author}
        FROM object, change WHERE op <> 'delete'
        ON CONFLICT (key) DO UPDATE SET resource = excluded.resource, revision = excluded.revision,
          created_revision = excluded.created_revision, updated_at = excluded.updated_at, updated_by = excluded.updated_by
      ), audit AS (
        INSERT INTO audit_log (actor, action, target, detail)
        VALUES (${author}, ${`resources.${kind}`}, ${`revision ${revision}`}, ${JSON.stringify(detail)}::jsonb)
      )
      SELECT created_at, pg_notify(${CHANNELS.revision}, ${String(revision)})::text FROM change`;
    if (row === undefined) throw new Error(`revision ${revision} was not stored`);
    return row.created_at;
  }

  #toRevision(row: RevisionWithObjects): RevisionRow {
    const rows = row.objects.map((object) => ({
      key: asKey(object.key),
      op: object.op,
      resource: object.resource === null ? undefined : this.#decode(object.key, object.resource),
      previousRevision: object.previousRevision,
    }));
    rows.sort((a, b) => compareKeys(a.key, b.key));
    const { revision, author, message, createdAt, kind, revertOf } = row;
    const common = { revision, author, message, createdAtMs: createdAt.getTime(), kind };
    const objects = rows.map(({ key, op }) => ({ key, op }));
    return { ...common, ...(revertOf === null ? {} : { revertOf }), objects, rows };
  }

  #decode(key: string, value: unknown): Resource | undefined {
    const result = validateResource(value);
    if (result.ok) return result.resource;
    this.#onUnreadable(key);
    return undefined;
  }
}

type RevisionWithObjects = Prisma.RevisionGetPayload<{ include: { objects: true } }>;

/** A row of `object` in the statement of `insert`. */
function toRow({ key, op, before, after }: PlannedObject) {
  if (op === 'same') throw new Error('an unchanged object is never stored');
  const [kind, namespace, name] = key.split('/');
  return {
    ...{ key, kind, namespace, name, op, resource: after ?? null },
    ...{ previous_revision: before?.revision ?? 0, created_revision: before?.createdRevision ?? null },
  };
}

/** Keys are only ever written by this file, from `keyOf`. */
function asKey(key: string): ResourceKey {
  return key as ResourceKey;
}
