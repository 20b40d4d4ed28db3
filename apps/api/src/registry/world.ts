// The registry as this replica knows it: a copy of the database, kept up by sequence; notifications are only hints.
import type pg from 'pg';
import { selectChangedSince, selectSequence } from './repository.ts';
import { type RegisteredWorkload, toResource, type WorkloadRow } from './workload-row.ts';

export interface RegistrySnapshot {
  readonly sequence: number;
  /** Live and draining workloads, ordered by namespace and name. Unchanged ones are the same objects as before. */
  readonly workloads: readonly RegisteredWorkload[];
}

interface Entry {
  readonly row: WorkloadRow;
  readonly resource: RegisteredWorkload;
}

export class RegistryWorld {
  readonly #pool: pg.Pool;
  readonly #onError: (error: unknown) => void;
  readonly #listeners = new Set<(snapshot: RegistrySnapshot) => void>();
  #entries = new Map<string, Entry>();
  #snapshot: RegistrySnapshot = { sequence: 0, workloads: [] };
  #running: Promise<void> | undefined;
  #isWanted = false;
  #isReloadWanted = false;

  constructor(pool: pg.Pool, onError: (error: unknown) => void) {
    this.#pool = pool;
    this.#onError = onError;
  }

  snapshot(): RegistrySnapshot {
    return this.#snapshot;
  }

  onChange(listener: (snapshot: RegistrySnapshot) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Reads what changed; resolves when everything committed before the call is in the snapshot. Calls during a read are
   * answered by one more read. `reload` reads everything, for after a lost connection or a restored database.
   */
  sync(options: { readonly reload?: boolean } = {}): Promise<void> {
    this.#isWanted = true;
    this.#isReloadWanted ||= options.reload ?? false;
    this.#running ??= this.#drain().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #drain(): Promise<void> {
    while (this.#isWanted) {
      this.#isWanted = false;
      const isReload = this.#isReloadWanted;
      this.#isReloadWanted = false;
      try {
        await this.#read(isReload);
      } catch (error) {
        this.#isReloadWanted ||= isReload;
        throw error;
      }
    }
  }

  async #read(isReload: boolean): Promise<void> {
    const known = isReload ? 0 : this.#snapshot.sequence;
    // In this order: rows that change between the two reads are read again by the notification of their change.
    const sequence = await selectSequence(this.#pool);
    const rows = await selectChangedSince(this.#pool, known);
    if (rows.length === 0 && !isReload) return;
    const entries = isReload ? new Map<string, Entry>() : new Map(this.#entries);
    for (const row of rows) this.#take(entries, row);
    this.#publish(
      entries,
      rows.reduce((highest, row) => Math.max(highest, Number(row.sequence)), isReload ? sequence : known),
    );
  }

  #take(entries: Map<string, Entry>, row: WorkloadRow): void {
    const key = `${row.namespace}/${row.name}`;
    entries.delete(key);
    if (row.state !== 'live' && row.state !== 'draining') return;
    const before = this.#entries.get(key);
    if (before?.row.sequence === row.sequence) return void entries.set(key, before);
    try {
      entries.set(key, { row, resource: toResource(row) });
    } catch (error) {
      // Written by a newer version, or by hand: left out rather than breaking the world for all others.
      this.#onError(error);
    }
  }

  #publish(entries: Map<string, Entry>, sequence: number): void {
    const isSame = sequence === this.#snapshot.sequence && entries.size === this.#entries.size;
    this.#entries = entries;
    if (isSame) return;
    const sorted = [...entries].sort(([a], [b]) => (a < b ? -1 : 1));
    this.#snapshot = { sequence, workloads: sorted.map(([, entry]) => entry.resource) };
    for (const listener of this.#listeners) listener(this.#snapshot);
  }
}
