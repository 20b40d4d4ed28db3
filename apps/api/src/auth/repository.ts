// Users, role bindings, API tokens and the audit log in Postgres.
import type { Database, Transaction } from '../db/client.ts';
import type { Prisma } from '../db/generated/client.ts';
import { CHANNELS } from '../db/postgres.ts';
import { EmailTaken, UserNotFound } from './errors.ts';
import type { Role } from './principal.ts';

/** Held while users are made or administrators change, so that two replicas cannot both be right. */
const USERS_LOCK = 5_011_002;

export interface UserRecord {
  readonly id: string;
  readonly email: string;
  readonly name: string;
  readonly role: Role;
  readonly namespaceRoles: Readonly<Record<string, Role>>;
  readonly isDisabled: boolean;
  readonly sessionVersion: number;
  readonly passwordHash: string;
  readonly createdAtMs: number;
  readonly lastSignInAtMs: number | null;
}

export interface UserChange {
  readonly role?: Role;
  readonly isDisabled?: boolean;
  readonly passwordHash?: string;
  /** Ends every session of the user. */
  readonly endsSessions?: boolean;
}

export interface AuditRow {
  readonly actor: string;
  readonly action: string;
  readonly target: string;
  readonly detail?: Prisma.InputJsonObject;
}

const WITH_BINDINGS = { bindings: true } as const;

export class UserRepository {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async findById(id: string): Promise<UserRecord | undefined> {
    const row = await this.#database.user.findUnique({ where: { id }, include: WITH_BINDINGS });
    return row ? toRecord(row) : undefined;
  }

  async findByEmail(email: string): Promise<UserRecord | undefined> {
    const where = { email: email.toLowerCase() };
    const row = await this.#database.user.findUnique({ where, include: WITH_BINDINGS });
    return row ? toRecord(row) : undefined;
  }

  async findByTokenHash(hash: string, nowMs: number): Promise<UserRecord | undefined> {
    const row = await this.#database.apiToken.findUnique({
      where: { hash, OR: [{ expiresAt: null }, { expiresAt: { gt: new Date(nowMs) } }] },
      include: { user: { include: WITH_BINDINGS } },
    });
    return row ? toRecord(row.user) : undefined;
  }

  async list(): Promise<UserRecord[]> {
    const rows = await this.#database.user.findMany({ include: WITH_BINDINGS, orderBy: { createdAt: 'asc' } });
    return rows.map(toRecord);
  }

  async signedIn(id: string): Promise<void> {
    await this.#database.user.update({ where: { id }, data: { lastSignInAt: new Date() } });
  }

  /** Runs `work` while no other replica changes users. */
  locked<T>(work: (users: LockedUsers) => Promise<T>): Promise<T> {
    return this.#database.$transaction(async (transaction) => {
      await transaction.$executeRaw`SELECT pg_advisory_xact_lock(${USERS_LOCK})`;
      return work(new LockedUsers(transaction));
    });
  }

  audit(entry: AuditRow): Promise<unknown> {
    return this.#database.auditEntry.create({ data: { ...entry } });
  }

  async listAudit(options: { readonly before?: bigint; readonly limit: number }) {
    const rows = await this.#database.auditEntry.findMany({
      where: options.before === undefined ? {} : { id: { lt: options.before } },
      orderBy: { id: 'desc' },
      take: options.limit,
    });
    return rows.map(({ id, at, ...entry }) => ({ ...entry, id: String(id), atMs: at.getTime() }));
  }

  async createToken(
    userId: string,
    token: { readonly name: string; readonly hash: string; readonly expiresAt: Date | null },
  ) {
    return this.#database.apiToken.create({ data: { userId, ...token } });
  }

  async listTokens(userId: string) {
    const rows = await this.#database.apiToken.findMany({ where: { userId }, orderBy: { createdAt: 'asc' } });
    return rows.map(({ id, name, createdAt, expiresAt }) => ({
      ...{ id, name, createdAtMs: createdAt.getTime() },
      expiresAtMs: expiresAt?.getTime() ?? null,
    }));
  }

  async deleteToken(userId: string, id: string): Promise<boolean> {
    const { count } = await this.#database.apiToken.deleteMany({ where: { id, userId } });
    return count > 0;
  }
}

/** What may only be done under the lock. Every change notifies the other replicas of the user. */
export class LockedUsers {
  readonly #transaction: Transaction;

  constructor(transaction: Transaction) {
    this.#transaction = transaction;
  }

  count(): Promise<number> {
    return this.#transaction.user.count();
  }

  /** Administrators who can sign in, without the given one. */
  countOtherAdministrators(id: string): Promise<number> {
    return this.#transaction.user.count({ where: { role: 'admin', isDisabled: false, id: { not: id } } });
  }

  async find(id: string): Promise<UserRecord> {
    const row = await this.#transaction.user.findUnique({ where: { id }, include: WITH_BINDINGS });
    if (!row) throw new UserNotFound();
    return toRecord(row);
  }

  async create(user: { email: string; name: string; role: Role; passwordHash: string }): Promise<UserRecord> {
    const email = user.email.toLowerCase();
    if (await this.#transaction.user.findUnique({ where: { email } })) throw new EmailTaken(email);
    return toRecord(await this.#transaction.user.create({ data: { ...user, email }, include: WITH_BINDINGS }));
  }

  async update(id: string, { endsSessions, ...change }: UserChange): Promise<void> {
    const versions = endsSessions ? { sessionVersion: { increment: 1 } } : {};
    await this.#transaction.user.update({ where: { id }, data: { ...change, ...versions } });
    await this.#notify(id);
  }

  /** `role` undefined takes the binding away. */
  async bind(userId: string, namespace: string, role: Role | undefined): Promise<void> {
    if (role === undefined) await this.#transaction.roleBinding.deleteMany({ where: { userId, namespace } });
    else {
      await this.#transaction.roleBinding.upsert({
        where: { userId_namespace: { userId, namespace } },
        create: { userId, namespace, role },
        update: { role },
      });
    }
    await this.#notify(userId);
  }

  async audit(entry: AuditRow): Promise<void> {
    await this.#transaction.auditEntry.create({ data: { ...entry } });
  }

  async #notify(id: string): Promise<void> {
    await this.#transaction.$executeRaw`SELECT pg_notify(${CHANNELS.sessions}, ${id})`;
  }
}

type UserRow = Prisma.UserGetPayload<{ include: typeof WITH_BINDINGS }>;

function toRecord(row: UserRow): UserRecord {
  const { bindings, createdAt, lastSignInAt, ...user } = row;
  return {
    ...user,
    namespaceRoles: Object.fromEntries(bindings.map(({ namespace, role }) => [namespace, role])),
    createdAtMs: createdAt.getTime(),
    lastSignInAtMs: lastSignInAt?.getTime() ?? null,
  };
}
