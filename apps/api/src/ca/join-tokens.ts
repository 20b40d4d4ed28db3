// Join tokens: an operator's permission for one workload identity to get its first certificate.
import { createHash, randomBytes } from 'node:crypto';
import { spiffeIdentity } from '@malha/identity';
import { MESH_NAMESPACE } from '@malha/model';
import type pg from 'pg';
import { CaError } from './errors.ts';
import type { Queryable } from './repository.ts';

export const TOKEN_TTL_DEFAULT_SECONDS = 600;
export const TOKEN_TTL_MAX_SECONDS = 30 * 86_400;
export const TOKEN_USES_MAX = 1_000;
const ID_BYTES = 12;
const SECRET_BYTES = 32;
/** `mjt_` + 16 characters of id + `.` + 43 characters of secret. */
const TOKEN = /^mjt_([A-Za-z0-9_-]{16})\.([A-Za-z0-9_-]{43})$/;
const LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

export interface TokenOrder {
  readonly namespace: string;
  readonly service: string;
  /** The service's name unless given. */
  readonly serviceAccount?: string | undefined;
  readonly ttlSeconds?: number | undefined;
  readonly uses?: number | undefined;
}

export interface MintedToken {
  readonly id: string;
  readonly token: string;
  readonly spiffeId: string;
  readonly expiresAtMs: number;
}

/** What a token permits. */
export interface Permission {
  readonly id: string;
  readonly spiffeId: string;
  readonly namespace: string;
  readonly service: string;
  readonly serviceAccount: string;
}

export interface TokenSummary {
  readonly id: string;
  readonly spiffeId: string;
  readonly expiresAtMs: number;
  readonly usedAtMs: number | null;
  readonly revokedAtMs: number | null;
  readonly usesLeft: number;
  readonly createdBy: string;
}

interface TokenRow {
  readonly id: string;
  readonly spiffe_id: string;
  readonly namespace: string;
  readonly service: string;
  readonly service_account: string;
  readonly uses_left: number;
  readonly expires_at: Date;
  readonly used_at: Date | null;
  readonly revoked_at: Date | null;
  readonly created_by: string;
}

export class JoinTokens {
  readonly #pool: pg.Pool;
  readonly #trustDomain: string;

  constructor(pool: pg.Pool, trustDomain: string) {
    this.#pool = pool;
    this.#trustDomain = trustDomain;
  }

  /** The token is returned once; the database keeps the SHA-256 of its secret. */
  async mint(order: TokenOrder, createdBy: string): Promise<MintedToken> {
    const { namespace, service, serviceAccount = service, ttlSeconds = TOKEN_TTL_DEFAULT_SECONDS, uses = 1 } = order;
    checkOrder({ namespace, service, serviceAccount, ttlSeconds, uses });
    const spiffeId = spiffeIdentity(this.#trustDomain, namespace, serviceAccount).id;
    const id = randomBytes(ID_BYTES).toString('base64url');
    const secret = randomBytes(SECRET_BYTES).toString('base64url');
    const { rows } = await this.#pool.query<{ expires_at: Date }>(
      `INSERT INTO join_tokens
         (id, secret_hash, spiffe_id, namespace, service, service_account, uses_left, expires_at, created_by)
       VALUES ($1, $2, $3, $4, $5, $6, $7, now() + make_interval(secs => $8), $9) RETURNING expires_at`,
      [id, sha256(secret), spiffeId, namespace, service, serviceAccount, uses, ttlSeconds, createdBy],
    );
    return { id, token: `mjt_${id}.${secret}`, spiffeId, expiresAtMs: rows[0]?.expires_at.getTime() ?? 0 };
  }

  /**
   * Takes one use of the token, in one statement: of two racing callers exactly one gets the last use.
   * Run it in the transaction that registers the workload, so that a failed join gives the use back.
   */
  async consume(db: Queryable, token: string, service: { namespace: string; name: string }): Promise<Permission> {
    const [, id, secret] = TOKEN.exec(token) ?? [];
    if (id === undefined || secret === undefined) throw refused('it is not a join token');
    const { rows } = await db.query<TokenRow>(
      `UPDATE join_tokens SET uses_left = uses_left - 1, used_at = now()
        WHERE id = $1 AND secret_hash = $2 AND namespace = $3 AND service = $4
          AND uses_left > 0 AND revoked_at IS NULL AND expires_at > now()
        RETURNING *`,
      [id, sha256(secret), service.namespace, service.name],
    );
    const [row] = rows;
    if (row === undefined) throw await this.#explain(db, id, secret, service);
    return {
      id,
      spiffeId: row.spiffe_id,
      namespace: row.namespace,
      service: row.service,
      serviceAccount: row.service_account,
    };
  }

  /** Newest first. */
  async list(): Promise<TokenSummary[]> {
    const { rows } = await this.#pool.query<TokenRow>(
      'SELECT * FROM join_tokens ORDER BY created_at DESC, id LIMIT 1000',
    );
    return rows.map((row) => ({
      id: row.id,
      spiffeId: row.spiffe_id,
      expiresAtMs: row.expires_at.getTime(),
      usedAtMs: row.used_at?.getTime() ?? null,
      revokedAtMs: row.revoked_at?.getTime() ?? null,
      usesLeft: row.uses_left,
      createdBy: row.created_by,
    }));
  }

  async revoke(id: string): Promise<void> {
    const { rowCount } = await this.#pool.query(
      'UPDATE join_tokens SET revoked_at = coalesce(revoked_at, now()) WHERE id = $1',
      [id],
    );
    if (rowCount === 0) throw new CaError('not-found', 'MALHA3022', 'there is no join token of this id');
  }

  /** The reason is told only to who knows the secret. */
  async #explain(db: Queryable, id: string, secret: string, service: { namespace: string; name: string }) {
    const { rows } = await db.query<TokenRow & { is_expired: boolean }>(
      'SELECT *, expires_at <= now() AS is_expired FROM join_tokens WHERE id = $1 AND secret_hash = $2',
      [id, sha256(secret)],
    );
    const [row] = rows;
    if (row === undefined) return refused('it is not known');
    if (row.revoked_at !== null) return refused('it was revoked');
    if (row.is_expired) return refused(`it expired at ${row.expires_at.toISOString()}`);
    if (row.namespace !== service.namespace || row.service !== service.name) {
      return refused(`it is for the service ${row.namespace}/${row.service}, not ${service.namespace}/${service.name}`);
    }
    return refused('it was already used');
  }
}

function checkOrder(order: Required<{ [K in keyof TokenOrder]: NonNullable<TokenOrder[K]> }>): void {
  for (const field of ['namespace', 'service', 'serviceAccount'] as const) {
    if (!LABEL.test(order[field])) throw invalid(`${field} ${JSON.stringify(order[field])} is not a name`);
  }
  if (order.namespace === MESH_NAMESPACE) throw invalid(`the namespace ${MESH_NAMESPACE} is the control plane's own`);
  if (!Number.isInteger(order.ttlSeconds) || order.ttlSeconds < 1 || order.ttlSeconds > TOKEN_TTL_MAX_SECONDS) {
    throw invalid(`ttlSeconds must be 1 to ${TOKEN_TTL_MAX_SECONDS}`);
  }
  if (!Number.isInteger(order.uses) || order.uses < 1 || order.uses > TOKEN_USES_MAX) {
    throw invalid(`uses must be 1 to ${TOKEN_USES_MAX}`);
  }
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function refused(why: string): CaError {
  return new CaError('unauthenticated', 'MALHA3022', `join token refused: ${why}`);
}

function invalid(why: string): CaError {
  return new CaError('invalid', 'MALHA3023', why);
}
