// Joining and renewal: who gets which certificate. The identity comes from the token or the client certificate, never
// from the request, which gives only a key.
import { parseCsr } from '@malha/identity';
import type { Clock } from '@malha/traffic/clock';
import type pg from 'pg';
import type { Peer } from '../agents/peer-identity.ts';
import type { Reservation, WorkloadReservation } from '../registry/reservation.ts';
import type { CertificateAuthority, Leaf } from './authority.ts';
import type { Denials } from './denials.ts';
import { CaError } from './errors.ts';
import type { JoinTokens } from './join-tokens.ts';
import { RateLimiter } from './rate-limiter.ts';
import { inTransaction, selectIssued } from './repository.ts';

/** A host may start a few hundred workloads at once. */
const JOIN_LIMIT = { burst: 300, perSecond: 50 };
/** Guessing is hopeless at 256 bits; this keeps the cost of trying low. */
const FAILED_JOIN_LIMIT = { burst: 30, perSecond: 1 };
const RENEW_LIMIT = { burst: 10, perSecond: 0.2 };
/** Signing and the transaction take milliseconds; more at once would only queue for connections. */
const JOINS_IN_FLIGHT_MAX = 64;
const OUTBOUND_PORT = 15_001;
const INBOUND_PORT = 15_006;
const ADMIN_PORT = 15_000;

export interface JoinOrder {
  readonly token: string;
  readonly callerAddress: string;
  readonly csrPem: string;
  readonly service: { readonly namespace: string; readonly name: string };
  readonly version: string;
  readonly ports: readonly { readonly port: number; readonly appAddress: string }[];
  readonly workloadName: string | undefined;
  readonly hostname: string;
  readonly model: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly sameHost: boolean;
  readonly currentAddress: string | undefined;
}

export interface JoinAnswer {
  readonly certificateChainPem: readonly string[];
  readonly trustBundlePem: string;
  readonly workload: string;
  readonly address: string;
  readonly trustDomain: string;
  readonly controlPlane: string;
  readonly outboundPort: number;
  readonly inboundPort: number;
  readonly adminPort: number;
}

export interface EnrolmentDeps {
  readonly pool: pg.Pool;
  readonly authority: CertificateAuthority;
  readonly tokens: JoinTokens;
  readonly denials: Denials;
  readonly clock: Clock;
  /** Names the workload and gives it an address, in the transaction that consumes the token. */
  readonly reserve: (client: pg.PoolClient, wanted: WorkloadReservation) => Promise<Reservation>;
  /** `host:port` of the member port as agents reach it. */
  readonly controlPlaneAddress: () => string;
  readonly onIssued?: ((reason: IssuedFor) => void) | undefined;
}

export type IssuedFor = 'join' | 'renewal';

export class Enrolment {
  readonly #deps: EnrolmentDeps;
  readonly #joins: RateLimiter;
  readonly #failedJoins: RateLimiter;
  readonly #renewals: RateLimiter;
  #joinsInFlight = 0;

  constructor(deps: EnrolmentDeps) {
    this.#deps = deps;
    this.#joins = new RateLimiter(JOIN_LIMIT, deps.clock);
    this.#failedJoins = new RateLimiter(FAILED_JOIN_LIMIT, deps.clock);
    this.#renewals = new RateLimiter(RENEW_LIMIT, deps.clock);
  }

  async join(order: JoinOrder): Promise<JoinAnswer> {
    const caller = order.callerAddress;
    if (!this.#failedJoins.hasLeft(caller) || !this.#joins.tryTake(caller)) throw tooMany('joins from this address');
    if (this.#joinsInFlight >= JOINS_IN_FLIGHT_MAX) throw tooMany('joins at this moment');
    this.#joinsInFlight += 1;
    try {
      return await this.#join(order);
    } catch (error) {
      if (error instanceof CaError && error.kind === 'unauthenticated') this.#failedJoins.tryTake(caller);
      throw error;
    } finally {
      this.#joinsInFlight -= 1;
    }
  }

  async #join(order: JoinOrder): Promise<JoinAnswer> {
    const { authority, tokens, denials, pool, reserve } = this.#deps;
    const request = parseCsr(order.csrPem);
    const { reservation, leaf } = await inTransaction(pool, async (client) => {
      const permission = await tokens.consume(client, order.token, order.service);
      checkNames(request.uris, permission.spiffeId);
      denials.checkIdentity(permission.spiffeId);
      const { publicKey } = request;
      const leaf = authority.sign({ spiffeId: permission.spiffeId, publicKey });
      // Last, since it takes a lock that all joins share.
      const { name, address } = await reserve(client, { ...order, ...permission, service: permission.service });
      const workload = `${permission.namespace}/${name}`;
      await authority.record(leaf, workload, client);
      return { reservation: { workload, address }, leaf };
    });
    this.#deps.onIssued?.('join');
    return {
      certificateChainPem: leaf.chainPem,
      trustBundlePem: authority.trustBundle.pem,
      workload: reservation.workload,
      address: reservation.address,
      trustDomain: authority.trustDomain,
      controlPlane: this.#deps.controlPlaneAddress(),
      outboundPort: OUTBOUND_PORT,
      inboundPort: INBOUND_PORT,
      adminPort: ADMIN_PORT,
    };
  }

  /** A new certificate for the identity and workload of the presented one. */
  async renew(peer: Peer, csrPem: string): Promise<Leaf & { readonly trustBundlePem: string }> {
    const { authority, pool } = this.#deps;
    if (!this.#renewals.tryTake(peer.identity.id + peer.serial)) throw tooMany('renewals of this certificate');
    const request = parseCsr(csrPem);
    checkNames(request.uris, peer.identity.id);
    const issued = await selectIssued(pool, peer.serial);
    if (issued === undefined || issued.spiffe_id !== peer.identity.id || issued.workload === null) {
      throw new CaError(
        'forbidden',
        'MALHA3024',
        'only a certificate that this authority gave to a workload is renewed',
      );
    }
    const { publicKey } = request;
    const leaf = await authority.issue({ spiffeId: peer.identity.id, publicKey }, issued.workload);
    this.#deps.onIssued?.('renewal');
    return { ...leaf, trustBundlePem: authority.trustBundle.pem };
  }
}

/** A request may name its own identity or none. */
function checkNames(uris: readonly string[], spiffeId: string): void {
  const other = uris.find((uri) => uri !== spiffeId);
  if (other === undefined) return;
  throw new CaError(
    'forbidden',
    'MALHA3024',
    `the request asks for ${JSON.stringify(other)}, the caller is ${spiffeId}`,
  );
}

function tooMany(what: string): CaError {
  return new CaError('rate-limited', 'MALHA3026', `too many ${what}: try again later`);
}
