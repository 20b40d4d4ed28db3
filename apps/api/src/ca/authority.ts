// The mesh's certificate authority: root and issuing certificates shared by all replicas, and the leaves it signs.
import type { KeyObject } from 'node:crypto';
import {
  type Authority,
  generateKeyPair,
  issueIssuing,
  issueLeaf,
  issueRoot,
  LEAF_LIFETIME_MS,
  parsePrivateKey,
  parseTrustBundle,
  privateKeyPem,
  readCertificate,
  spkiPin,
  type TrustBundle,
} from '@malha/identity';
import type { Clock } from '@malha/traffic/clock';
import type pg from 'pg';
import { CaError } from './errors.ts';
import {
  type AuthorityRow,
  insertAuthority,
  insertIssued,
  inTransaction,
  lockAuthorities,
  type Queryable,
  selectAuthorities,
} from './repository.ts';
import type { Seal } from './seal.ts';

/** An issuing authority signs during the first two thirds of its life; then the next one does. */
const SIGNING_SHARE = 2 / 3;

export interface AuthorityDeps {
  readonly pool: pg.Pool;
  readonly seal: Seal;
  readonly trustDomain: string;
  readonly clock: Clock;
}

export interface LeafOrder {
  readonly spiffeId: string;
  readonly publicKey: KeyObject;
  readonly lifetimeMs?: number;
  readonly dnsNames?: readonly string[];
  readonly ipAddresses?: readonly string[];
}

export interface Leaf {
  /** Leaf first; the root is not included. */
  readonly chainPem: readonly string[];
  readonly spiffeId: string;
  readonly serial: string;
  readonly issuerSerial: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

export interface AuthorityCertificate {
  readonly subject: string;
  readonly serial: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly spkiSha256: string;
}

interface Loaded {
  readonly issuing: Authority & { readonly serial: string; readonly notAfterMs: number };
  readonly rootPem: string;
  readonly bundle: TrustBundle;
}

export class CertificateAuthority {
  readonly trustDomain: string;
  readonly #deps: AuthorityDeps;
  #loaded: Loaded;

  private constructor(deps: AuthorityDeps, loaded: Loaded) {
    this.trustDomain = deps.trustDomain;
    this.#deps = deps;
    this.#loaded = loaded;
  }

  /** Loads the authorities of the trust domain; makes what is missing, once for all replicas. */
  static async open(deps: AuthorityDeps): Promise<CertificateAuthority> {
    return new CertificateAuthority(deps, await load(deps));
  }

  get trustBundle(): TrustBundle {
    return this.#loaded.bundle;
  }

  /** CA pin: `sha256:…` of the newest root's public key. */
  get pin(): string {
    return spkiPin(readCertificate(this.#loaded.rootPem));
  }

  describe(): { trustDomain: string; root: AuthorityCertificate; issuing: AuthorityCertificate } {
    return {
      trustDomain: this.trustDomain,
      root: describeCertificate(this.#loaded.rootPem),
      issuing: describeCertificate(this.#loaded.issuing.certificatePem),
    };
  }

  /** Signs a leaf and records it. */
  async issue(order: LeafOrder, workload: string | undefined): Promise<Leaf> {
    const leaf = this.sign(order);
    await this.record(leaf, workload, this.#deps.pool);
    return leaf;
  }

  /** A certificate that was not recorded must not leave the process. */
  sign(order: LeafOrder): Leaf {
    const nowMs = this.#deps.clock.now();
    const { issuing } = this.#loaded;
    const lifetimeMs = Math.min(order.lifetimeMs ?? LEAF_LIFETIME_MS, issuing.notAfterMs - nowMs);
    const { pem, serial, notBeforeMs, notAfterMs } = issueLeaf(issuing, { ...order, nowMs, lifetimeMs });
    const { spiffeId } = order;
    const chainPem = [pem, issuing.certificatePem];
    return { chainPem, spiffeId, serial, issuerSerial: issuing.serial, notBeforeMs, notAfterMs };
  }

  /** In the ledger; `workload` as `namespace/name`, undefined for the control plane itself. */
  record(leaf: Leaf, workload: string | undefined, db: Queryable): Promise<void> {
    return insertIssued(db, { ...leaf, workload });
  }

  /** Reads the authorities anew, and makes the next issuing one when it is time. To be called now and then. */
  async refresh(): Promise<void> {
    this.#loaded = await load(this.#deps);
  }
}

async function load(deps: AuthorityDeps): Promise<Loaded> {
  const rows = await selectAuthorities(deps.pool, deps.trustDomain);
  const usable = choose(rows, deps.clock.now());
  if (usable !== undefined) return toLoaded(deps, rows, usable);
  return inTransaction(deps.pool, async (client) => {
    await lockAuthorities(client);
    await createMissing(deps, client);
    const created = await selectAuthorities(client, deps.trustDomain);
    const chosen = choose(created, deps.clock.now());
    if (chosen === undefined) throw new CaError('unavailable', 'MALHA3021', 'the new authority cannot be read back');
    return toLoaded(deps, created, chosen);
  });
}

interface Chosen {
  readonly root: AuthorityRow;
  readonly issuing: AuthorityRow;
}

/** The newest root that is valid, and the newest issuing authority that still signs. */
function choose(rows: readonly AuthorityRow[], nowMs: number): Chosen | undefined {
  const root = rows.find((row) => row.role === 'root' && row.not_after.getTime() > nowMs);
  const issuing = rows.find((row) => row.role === 'issuing' && renewAtMs(row) > nowMs);
  return root === undefined || issuing === undefined ? undefined : { root, issuing };
}

function renewAtMs(row: AuthorityRow): number {
  const notBeforeMs = row.not_before.getTime();
  return notBeforeMs + (row.not_after.getTime() - notBeforeMs) * SIGNING_SHARE;
}

async function createMissing(deps: AuthorityDeps, client: pg.PoolClient): Promise<void> {
  const { trustDomain, seal, clock } = deps;
  const rows = await selectAuthorities(client, trustDomain);
  const nowMs = clock.now();
  if (choose(rows, nowMs) !== undefined) return;
  const row = rows.find((candidate) => candidate.role === 'root' && candidate.not_after.getTime() > nowMs);
  let root: Authority;
  if (row === undefined) {
    const keys = generateKeyPair();
    const issued = issueRoot(trustDomain, keys, nowMs);
    root = { certificatePem: issued.pem, keys };
    await insertAuthority(client, trustDomain, toRow('root', issued, seal, privateKeyPem(keys)));
  } else {
    root = toAuthority(row, seal);
  }
  const keys = generateKeyPair();
  const issued = issueIssuing(trustDomain, root, keys.publicKey, nowMs);
  await insertAuthority(client, trustDomain, toRow('issuing', issued, seal, privateKeyPem(keys)));
}

function toRow(
  role: 'root' | 'issuing',
  issued: { pem: string; serial: string; notBeforeMs: number; notAfterMs: number },
  seal: Seal,
  keyPem: string,
): AuthorityRow {
  return {
    role,
    serial: issued.serial,
    certificate_pem: issued.pem,
    sealed_key: seal.seal(Buffer.from(keyPem, 'utf8'), sealContext(issued.serial)),
    not_before: new Date(issued.notBeforeMs),
    not_after: new Date(issued.notAfterMs),
  };
}

function toAuthority(row: AuthorityRow, seal: Seal): Authority {
  const keys = parsePrivateKey(seal.open(row.sealed_key, sealContext(row.serial)).toString('utf8'));
  return { certificatePem: row.certificate_pem, keys };
}

function sealContext(serial: string): string {
  return `certificate-authority/${serial}`;
}

/** The root's private key is not opened here: only making an issuing authority needs it. */
function toLoaded(deps: AuthorityDeps, rows: readonly AuthorityRow[], chosen: Chosen): Loaded {
  const nowMs = deps.clock.now();
  const roots = rows.filter((row) => row.role === 'root' && row.not_after.getTime() > nowMs);
  return {
    issuing: {
      ...toAuthority(chosen.issuing, deps.seal),
      serial: chosen.issuing.serial,
      notAfterMs: chosen.issuing.not_after.getTime(),
    },
    rootPem: chosen.root.certificate_pem,
    bundle: parseTrustBundle(roots.map((row) => row.certificate_pem).join('')),
  };
}

function describeCertificate(pem: string): AuthorityCertificate {
  const certificate = readCertificate(pem);
  return {
    subject: certificate.subject.split('\n').reverse().join(', '),
    serial: certificate.serialNumber.toLowerCase(),
    notBeforeMs: Date.parse(certificate.validFrom),
    notAfterMs: Date.parse(certificate.validTo),
    spkiSha256: spkiPin(certificate),
  };
}
