// Composition of the authority: certificates, join tokens, deny list, the control plane's own identity.
import path from 'node:path';
import type { Clock } from '@malha/traffic/clock';
import type pg from 'pg';
import type { Logger } from 'pino';
import { createPeerVerifier, type PeerOf } from '../agents/peer-identity.ts';
import { CHANNELS } from '../db/postgres.ts';
import { CertificateAuthority } from './authority.ts';
import { Denials } from './denials.ts';
import { JoinTokens } from './join-tokens.ts';
import { deleteExpired, type IssuedLeafRow, selectCurrentLeaves } from './repository.ts';
import { createSeal, type Seal } from './seal.ts';
import { loadSealKey } from './seal-key.ts';
import { ServerIdentity } from './server-identity.ts';

const REFRESH_EVERY_MS = 10 * 60_000;

export interface CaOptions {
  readonly pool: pg.Pool;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  readonly trustDomain: string;
  /** MALHA_SEAL_KEY; wins over `seal.key` in `stateDir`. */
  readonly sealKey?: string | undefined;
  readonly stateDir: string;
  /** How agents of other hosts reach this control plane, beside localhost. */
  readonly dnsNames?: readonly string[];
  readonly ipAddresses?: readonly string[];
}

export interface CaHandle {
  readonly authority: CertificateAuthority;
  readonly tokens: JoinTokens;
  readonly denials: Denials;
  readonly serverIdentity: ServerIdentity;
  /** Identity of the caller of a gRPC call on the member port. */
  readonly peerOf: PeerOf;
  /** The newest certificate of each workload that has not expired. */
  currentLeaves(): Promise<readonly IssuedLeafRow[]>;
  /** Called when another trust bundle is in force: agents renew, servers take it for new connections. */
  onTrustChange(listener: () => void): () => void;
  stop(): void;
}

/** Of the private keys in the database: those of the authority and of gateways. */
export async function openSeal({ sealKey, stateDir }: Pick<CaOptions, 'sealKey' | 'stateDir'>): Promise<Seal> {
  return createSeal(await loadSealKey({ sealKey, file: path.join(stateDir, 'seal.key') }));
}

export async function createCa(options: CaOptions): Promise<CaHandle> {
  const { pool, clock, random, trustDomain } = options;
  const logger = options.logger.child({ module: 'ca' });
  const onError = (error: unknown) => logger.warn({ err: error }, 'ca: a step failed and will be done again');
  const seal = await openSeal(options);
  const authority = await CertificateAuthority.open({ pool, seal, trustDomain, clock });
  const announce = async () => {
    await pool.query('SELECT pg_notify($1, $2)', [CHANNELS.agents, JSON.stringify({ kind: 'denials' })]);
  };
  const denials = await Denials.open({ pool, announce, onError });
  const { dnsNames = [], ipAddresses = [] } = options;
  const serverIdentity = await ServerIdentity.open({ authority, clock, random, dnsNames, ipAddresses, onError });
  const peerOf = createPeerVerifier({
    trustBundle: () => authority.trustBundle,
    clock,
    checkDenied: (identity, serial) => denials.check(identity, serial),
  });
  const trustListeners = new Set<() => void>();
  const refresh = async () => {
    const before = authority.trustBundle.pem;
    await authority.refresh();
    await deleteExpired(pool);
    if (authority.trustBundle.pem === before) return;
    await serverIdentity.renew();
    for (const listener of trustListeners) listener();
  };
  const timer = setInterval(() => void refresh().catch(onError), REFRESH_EVERY_MS);
  timer.unref();
  logger.info({ trustDomain, pin: authority.pin }, 'certificate authority ready');
  return {
    authority,
    tokens: new JoinTokens(pool, trustDomain),
    denials,
    serverIdentity,
    peerOf,
    currentLeaves: () => selectCurrentLeaves(pool),
    onTrustChange(listener) {
      trustListeners.add(listener);
      return () => trustListeners.delete(listener);
    },
    stop() {
      clearInterval(timer);
      denials.stop();
      serverIdentity.stop();
    },
  };
}
