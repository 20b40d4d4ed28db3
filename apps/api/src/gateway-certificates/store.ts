// The certificates that gateways show, kept sealed in Postgres and opened in the memory of every replica.
import { type ServerCertificate, type ServerCertificateFacts, serverCertificateFacts } from '@malha/identity';
import type { StoredCertificate } from '@malha/policies';
import type pg from 'pg';
import type { Seal } from '../ca/seal.ts';
import type { NotificationFeed } from '../db/listener.ts';
import { CHANNELS } from '../db/postgres.ts';
import type { CertificateMaterial } from '../xds/dialects/dialect.ts';
import { type CertificateRow, deleteCertificate, selectCertificates, upsertCertificate } from './repository.ts';

export interface GatewayCertificate extends StoredCertificate {
  readonly facts: ServerCertificateFacts;
  readonly updatedAtMs: number;
  readonly updatedBy: string;
}

export interface CertificateStoreDeps {
  readonly pool: pg.Pool;
  readonly feed: Pick<NotificationFeed, 'on'>;
  readonly seal: Seal;
  /** A row cannot be opened; it is left out. */
  readonly onUnreadable: (name: string, error: unknown) => void;
  readonly onError: (error: unknown) => void;
}

interface Held {
  readonly row: CertificateRow;
  readonly certificate: GatewayCertificate;
  readonly material: CertificateMaterial;
}

export class CertificateStore {
  readonly #deps: CertificateStoreDeps;
  readonly #listeners = new Set<() => void>();
  #held: ReadonlyMap<string, Held> = new Map();
  #list: readonly GatewayCertificate[] = [];
  #stopListening: () => void = () => undefined;
  /** One reading after the other, so that an older one never comes last. */
  #last: Promise<void> = Promise.resolve();

  private constructor(deps: CertificateStoreDeps) {
    this.#deps = deps;
  }

  static async open(deps: CertificateStoreDeps): Promise<CertificateStore> {
    const store = new CertificateStore(deps);
    await store.reload();
    store.#stopListening = deps.feed.on(CHANNELS.certificates, () => void store.reload().catch(deps.onError));
    return store;
  }

  /** By namespace and name; the same object until something changes. */
  list(): readonly GatewayCertificate[] {
    return this.#list;
  }

  /** `name` is `<namespace>/<name>`. The same object until the certificate is replaced. */
  readonly materialOf = (name: string): CertificateMaterial | undefined => this.#held.get(name)?.material;

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async put(
    { namespace, name }: StoredName,
    { chainPem, privateKeyPem, facts }: ServerCertificate,
    actor: string,
  ): Promise<void> {
    const { pool, seal } = this.#deps;
    const sealed = seal.seal(Buffer.from(privateKeyPem, 'utf8'), sealContext({ namespace, name }, facts));
    await upsertCertificate(pool, { namespace, name, chain_pem: chainPem, sealed_key: sealed, updated_by: actor });
    await this.reload();
  }

  /** False when there was none. */
  async remove({ namespace, name }: StoredName): Promise<boolean> {
    const wasThere = await deleteCertificate(this.#deps.pool, namespace, name);
    await this.reload();
    return wasThere;
  }

  reload(): Promise<void> {
    this.#last = this.#last.catch(() => undefined).then(() => this.#reload());
    return this.#last;
  }

  stop(): void {
    this.#stopListening();
  }

  async #reload(): Promise<void> {
    const rows = await selectCertificates(this.#deps.pool);
    const held = new Map<string, Held>();
    for (const row of rows) {
      const name = `${row.namespace}/${row.name}`;
      const known = this.#held.get(name);
      const opened = known !== undefined && isSame(known.row, row) ? known : this.#open(row);
      if (opened !== undefined) held.set(name, opened);
    }
    const former = this.#held;
    if (held.size === former.size && [...held].every(([name, each]) => former.get(name) === each)) return;
    this.#held = held;
    this.#list = Array.from(held.values(), ({ certificate }) => certificate);
    for (const listener of this.#listeners) listener();
  }

  #open(row: CertificateRow): Held | undefined {
    const { namespace, name, chain_pem: chainPem } = row;
    try {
      const facts = serverCertificateFacts(chainPem);
      const key = this.#deps.seal.open(row.sealed_key, sealContext(row, facts));
      const { dnsNames, ipAddresses } = facts;
      const about = { namespace, name, hosts: [...dnsNames, ...ipAddresses] };
      return {
        row,
        certificate: { ...about, facts, updatedAtMs: row.updated_at.getTime(), updatedBy: row.updated_by },
        material: { chainPem, privateKeyPem: key.toString('utf8') },
      };
    } catch (error) {
      this.#deps.onUnreadable(`${namespace}/${name}`, error);
      return undefined;
    }
  }
}

type StoredName = Pick<StoredCertificate, 'namespace' | 'name'>;

/** The key opens only beside its own certificate, under its own name. */
function sealContext({ namespace, name }: StoredName, { fingerprint }: ServerCertificateFacts): string {
  return `gateway-certificate/${namespace}/${name}/${fingerprint}`;
}

/** Each sealing has a nonce of its own. */
function isSame(a: CertificateRow, b: CertificateRow): boolean {
  return a.sealed_key === b.sealed_key && a.chain_pem === b.chain_pem;
}
