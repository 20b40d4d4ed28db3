// Deny list: identities and certificates that the control plane no longer serves, kept in memory on every replica.
import type { SpiffeIdentity } from '@malha/identity';
import type pg from 'pg';
import { CaError } from './errors.ts';
import { type DenialRow, deleteDenial, insertDenial, selectDenials } from './repository.ts';

/** Other replicas hear of a change by NOTIFY; this is the fallback. */
const RELOAD_EVERY_MS = 30_000;

export interface Denial {
  readonly kind: 'identity' | 'serial';
  /** SPIFFE ID, or serial in hex. */
  readonly value: string;
  readonly reason: string;
  readonly createdAtMs: number;
  readonly createdBy: string;
}

export interface DenialsDeps {
  readonly pool: pg.Pool;
  /** Tells other replicas; see `reload`. */
  readonly announce: () => Promise<void>;
  readonly onError: (error: unknown) => void;
}

export class Denials {
  readonly #deps: DenialsDeps;
  readonly #listeners = new Set<() => void>();
  #list: readonly Denial[] = [];
  #keys: ReadonlySet<string> = new Set();
  #timer: NodeJS.Timeout | undefined;

  private constructor(deps: DenialsDeps) {
    this.#deps = deps;
  }

  static async open(deps: DenialsDeps): Promise<Denials> {
    const denials = new Denials(deps);
    await denials.reload();
    denials.#timer = setInterval(() => void denials.reload().catch(deps.onError), RELOAD_EVERY_MS);
    denials.#timer.unref();
    return denials;
  }

  /** Throws MALHA3025 when the identity or this certificate of it is denied. */
  check(identity: SpiffeIdentity, serial: string): void {
    this.checkIdentity(identity.id);
    if (this.#keys.has(`serial ${serial}`)) throw denied(`the certificate ${serial} of ${identity.id} is denied`);
  }

  checkIdentity(spiffeId: string): void {
    if (this.#keys.has(`identity ${spiffeId}`)) throw denied(`the identity ${spiffeId} is denied`);
  }

  list(): readonly Denial[] {
    return this.#list;
  }

  /** Called after each change of the list: open sessions are judged anew. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async add(kind: Denial['kind'], value: string, reason: string, actor: string): Promise<void> {
    await insertDenial(this.#deps.pool, { kind, value, reason, created_by: actor });
    await this.#changed();
  }

  async remove(kind: Denial['kind'], value: string): Promise<void> {
    await deleteDenial(this.#deps.pool, kind, value);
    await this.#changed();
  }

  async reload(): Promise<void> {
    const rows = await selectDenials(this.#deps.pool);
    const keys = new Set(rows.map((row) => `${row.kind} ${row.value}`));
    const isSame = keys.size === this.#keys.size && [...keys].every((key) => this.#keys.has(key));
    this.#list = rows.map(toDenial);
    this.#keys = keys;
    if (!isSame) for (const listener of this.#listeners) listener();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #changed(): Promise<void> {
    await this.reload();
    await this.#deps.announce();
  }
}

function toDenial(row: DenialRow): Denial {
  const { kind, value, reason } = row;
  return { kind, value, reason, createdAtMs: row.created_at.getTime(), createdBy: row.created_by };
}

function denied(message: string): CaError {
  return new CaError('forbidden', 'MALHA3025', message);
}
