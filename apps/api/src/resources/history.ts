// Revisions as the console shows them: who changed what, how far it has come, and the numbers before and after.
import { type Resource, toYaml } from '@malha/model';
import { orAway } from '../db/away.ts';
import { RevisionNotFound } from './errors.ts';
import type { ResourceRepository, RevisionRow } from './repository.ts';

export interface PropagationSummary {
  readonly total: number;
  readonly active: number;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
}

/** Golden signals of the mesh around a change; the telemetry module gives them. */
export interface GoldenAround<Golden> {
  readonly before: Golden | null;
  readonly after: Golden | null;
}

export interface HistoryOptions<Golden> {
  readonly repository: ResourceRepository;
  readonly propagationOf: (revision: number) => PropagationSummary | null;
  readonly goldenAround: (atMs: number) => Promise<GoldenAround<Golden>>;
}

export class History<Golden> {
  readonly #options: HistoryOptions<Golden>;

  constructor(options: HistoryOptions<Golden>) {
    this.#options = options;
  }

  /** Newest first. `cursor` is the last revision that the caller has. */
  async list(query: { cursor?: number | undefined; limit: number; namespace?: string | undefined }) {
    const { cursor, limit, namespace } = query;
    const rows = await orAway(() =>
      this.#options.repository.list({
        // One more than asked tells whether there is a next page.
        limit: limit + 1,
        ...(cursor === undefined ? {} : { before: cursor }),
        ...(namespace === undefined ? {} : { namespace }),
      }),
    );
    const items = rows.slice(0, limit).map((row) => this.#summaryOf(row));
    return { items, nextCursor: rows.length > limit ? (items.at(-1)?.revision ?? null) : null };
  }

  async get(revision: number) {
    const row = await orAway(() => this.#options.repository.readRevision(revision));
    if (!row) throw new RevisionNotFound(revision);
    const diff = await Promise.all(
      row.rows.map(async ({ key, op, resource, previousRevision }) => {
        const previous =
          previousRevision === 0
            ? undefined
            : await orAway(() => this.#options.repository.readObject(key, previousRevision));
        return { key, op, before: yamlOrNull(previous?.resource), after: yamlOrNull(resource) };
      }),
    );
    return { ...this.#summaryOf(row), diff, ...(await this.#options.goldenAround(row.createdAtMs)) };
  }

  #summaryOf({ rows: _, ...summary }: RevisionRow) {
    return { ...summary, propagation: this.#options.propagationOf(summary.revision) };
  }
}

function yamlOrNull(resource: Resource | undefined): string | null {
  return resource ? toYaml(resource) : null;
}
