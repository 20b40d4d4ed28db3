// Database ids of edges (label sets), cached; a label set is stored once and never changes.
import { createHash } from 'node:crypto';
import type pg from 'pg';
import { type EdgeKey, type EdgeLabels, isCounted } from '../report.ts';

const CACHE_MAX = 50_000;

export class EdgeRegistry {
  readonly #pool: pg.Pool;
  readonly #ids = new Map<EdgeKey, number>();

  constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  /** Ids of all these label sets; new ones are stored. Outside the transaction of the counts: a label set alone says nothing. */
  async idsOf(edges: ReadonlyMap<EdgeKey, EdgeLabels>): Promise<ReadonlyMap<EdgeKey, number>> {
    const ids = new Map<EdgeKey, number>();
    const unknown: [EdgeKey, EdgeLabels][] = [];
    for (const [key, labels] of edges) {
      const id = this.#ids.get(key);
      if (id === undefined) unknown.push([key, labels]);
      else ids.set(key, id);
    }
    if (unknown.length === 0) return ids;
    if (this.#ids.size + unknown.length > CACHE_MAX) this.#ids.clear();
    for (const [key, id] of await this.#store(unknown)) {
      this.#ids.set(key, id);
      ids.set(key, id);
    }
    return ids;
  }

  async #store(edges: readonly (readonly [EdgeKey, EdgeLabels])[]): Promise<[EdgeKey, number][]> {
    const hashes = edges.map(([key]) => createHash('sha256').update(key).digest());
    const column = <T>(value: (labels: EdgeLabels) => T): T[] => edges.map(([, labels]) => value(labels));
    await this.#pool.query(INSERT, [
      hashes,
      column((labels) => labels.reporter),
      column((labels) => labels.source.namespace),
      column((labels) => labels.source.service),
      column((labels) => labels.source.version),
      column((labels) => labels.source.workload),
      column((labels) => labels.destination.namespace),
      column((labels) => labels.destination.service),
      column((labels) => labels.destination.version),
      column((labels) => labels.destination.workload),
      column((labels) => labels.destination.port),
      column((labels) => labels.peerPrincipal),
      column((labels) => labels.protocol),
      column((labels) => labels.route),
      column((labels) => labels.mtls),
      column(isCounted),
    ]);
    const { rows } = await this.#pool.query<{ id: number; ordinal: string }>(SELECT, [hashes]);
    if (rows.length !== edges.length) throw new Error('telemetry: an edge was not stored');
    return rows.map(({ id, ordinal }) => {
      const edge = edges[Number(ordinal) - 1];
      if (edge === undefined) throw new Error('telemetry: an edge has no label set');
      return [edge[0], id];
    });
  }
}

const INSERT = `
  INSERT INTO telemetry.edge (
    key, reporter, source_namespace, source_service, source_version, source_workload,
    destination_namespace, destination_service, destination_version, destination_workload, destination_port,
    peer_principal, protocol, route, mtls, is_counted
  )
  SELECT * FROM unnest(
    $1::bytea[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
    $10::text[], $11::int[], $12::text[], $13::text[], $14::text[], $15::bool[], $16::bool[]
  ) AS incoming
  ORDER BY 1
  ON CONFLICT (key) DO NOTHING`;

const SELECT = `
  SELECT edge.id, wanted.ordinal
  FROM unnest($1::bytea[]) WITH ORDINALITY AS wanted (key, ordinal)
  JOIN telemetry.edge USING (key)`;
