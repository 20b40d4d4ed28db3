// Labels of edges by their id; labels never change, so what was read once is kept.
import type pg from 'pg';
import type { EdgeLabels, EdgeProtocol, Reporter } from '../report.ts';

const CACHE_MAX = 50_000;

interface EdgeRow {
  readonly id: number;
  readonly reporter: Reporter;
  readonly source_namespace: string;
  readonly source_service: string;
  readonly source_version: string;
  readonly source_workload: string;
  readonly destination_namespace: string;
  readonly destination_service: string;
  readonly destination_version: string;
  readonly destination_workload: string;
  readonly destination_port: number;
  readonly peer_principal: string;
  readonly protocol: EdgeProtocol;
  readonly route: string;
  readonly mtls: boolean;
}

export class EdgeDirectory {
  readonly #pool: pg.Pool;
  readonly #known = new Map<number, EdgeLabels>();

  constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  async labelsOf(ids: Iterable<number>): Promise<ReadonlyMap<number, EdgeLabels>> {
    const wanted = new Set(ids);
    const unknown = [...wanted].filter((id) => !this.#known.has(id));
    if (unknown.length > 0) {
      if (this.#known.size + unknown.length > CACHE_MAX) this.#known.clear();
      const { rows } = await this.#pool.query<EdgeRow>('SELECT * FROM telemetry.edge WHERE id = ANY($1::int[])', [
        [...wanted].filter((id) => !this.#known.has(id)),
      ]);
      for (const row of rows) this.#known.set(row.id, labelsOfRow(row));
    }
    const labels = new Map<number, EdgeLabels>();
    for (const id of wanted) {
      const known = this.#known.get(id);
      if (known !== undefined) labels.set(id, known);
    }
    return labels;
  }
}

function labelsOfRow(row: EdgeRow): EdgeLabels {
  return {
    reporter: row.reporter,
    source: {
      namespace: row.source_namespace,
      service: row.source_service,
      version: row.source_version,
      workload: row.source_workload,
    },
    destination: {
      namespace: row.destination_namespace,
      service: row.destination_service,
      version: row.destination_version,
      workload: row.destination_workload,
      port: row.destination_port,
    },
    peerPrincipal: row.peer_principal,
    protocol: row.protocol,
    route: row.route,
    mtls: row.mtls,
  };
}
