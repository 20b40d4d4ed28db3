// Managing users: each change is audited, ends or refreshes sessions, and never leaves the mesh without an administrator.
import { createHash, randomBytes } from 'node:crypto';
import { orAway } from '../db/away.ts';
import { LastAdministrator, PasswordRefused, UserNotFound } from './errors.ts';
import {
  generatePassword,
  hashPassword,
  PASSWORD_LENGTH_MAX,
  PASSWORD_LENGTH_MIN,
  verifyPassword,
} from './password.ts';
import type { Role } from './principal.ts';
import type { LockedUsers, UserRecord, UserRepository } from './repository.ts';

export interface UserSummary {
  readonly id: string;
  readonly email: string;
  readonly name: string;
  readonly role: Role;
  readonly namespaceRoles: Readonly<Record<string, Role>>;
  readonly isDisabled: boolean;
  readonly createdAtMs: number;
  readonly lastSignInAtMs: number | null;
}

export class Users {
  readonly #repository: UserRepository;

  constructor(repository: UserRepository) {
    this.#repository = repository;
  }

  async list(): Promise<UserSummary[]> {
    return (await orAway(() => this.#repository.list())).map(summaryOf);
  }

  /** The password is generated and given back only here. */
  async create(actor: string, input: { email: string; name: string; role: Role }) {
    const password = generatePassword();
    const passwordHash = await hashPassword(password);
    const user = await this.#locked(async (users) => {
      const created = await users.create({ ...input, passwordHash });
      await users.audit({ actor, action: 'users.create', target: created.email, detail: { role: input.role } });
      return created;
    });
    return { user: summaryOf(user), password };
  }

  /** In one namespace, or without one in the whole mesh. `role` undefined takes the role in the namespace away. */
  async setRole(actor: string, input: { id: string; role?: Role | undefined; namespace?: string | undefined }) {
    const { id, role, namespace } = input;
    await this.#locked(async (users) => {
      const user = await users.find(id);
      if (namespace !== undefined) await users.bind(id, namespace, role);
      else if (role !== undefined) {
        if (role !== 'admin') await requireOtherAdministrator(users, user);
        await users.update(id, { role });
      }
      const detail = { role: role ?? null, namespace: namespace ?? null };
      await users.audit({ actor, action: 'users.setRole', target: user.email, detail });
    });
  }

  async disable(actor: string, id: string, isDisabled: boolean): Promise<void> {
    await this.#locked(async (users) => {
      const user = await users.find(id);
      if (isDisabled) await requireOtherAdministrator(users, user);
      await users.update(id, { isDisabled, endsSessions: true });
      await users.audit({ actor, action: isDisabled ? 'users.disable' : 'users.enable', target: user.email });
    });
  }

  /** Ends the user's sessions. */
  async resetPassword(actor: string, id: string): Promise<{ password: string }> {
    const password = generatePassword();
    const passwordHash = await hashPassword(password);
    await this.#locked(async (users) => {
      const user = await users.find(id);
      await users.update(id, { passwordHash, endsSessions: true });
      await users.audit({ actor, action: 'users.resetPassword', target: user.email });
    });
    return { password };
  }

  /** By the user itself; all its sessions end, also the one that asks. */
  async changePassword(id: string, current: string, next: string): Promise<void> {
    if (next.length < PASSWORD_LENGTH_MIN || next.length > PASSWORD_LENGTH_MAX) {
      throw new PasswordRefused(`A password has ${PASSWORD_LENGTH_MIN} to ${PASSWORD_LENGTH_MAX} characters.`);
    }
    const user = await orAway(() => this.#repository.findById(id));
    if (!user) throw new UserNotFound();
    if (!(await verifyPassword(current, user.passwordHash))) {
      throw new PasswordRefused('The current password does not fit.');
    }
    const passwordHash = await hashPassword(next);
    await this.#locked(async (users) => {
      await users.update(id, { passwordHash, endsSessions: true });
      await users.audit({ actor: user.email, action: 'users.changePassword', target: user.email });
    });
  }

  /** A bearer token for the REST API with the rights of its user; only its hash is kept. */
  async createToken(user: { id: string; email: string }, name: string, ttlDays: number | undefined) {
    const token = `malha_${randomBytes(32).toString('base64url')}`;
    const expiresAt = ttlDays === undefined ? null : new Date(Date.now() + ttlDays * 86_400_000);
    const { id } = await orAway(() =>
      this.#repository.createToken(user.id, { name, hash: hashToken(token), expiresAt }),
    );
    await this.#repository.audit({ actor: user.email, action: 'apiTokens.create', target: name });
    return { id, token, expiresAtMs: expiresAt?.getTime() ?? null };
  }

  #locked<T>(work: (users: LockedUsers) => Promise<T>): Promise<T> {
    return orAway(() => this.#repository.locked(work));
  }
}

export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

async function requireOtherAdministrator(users: LockedUsers, user: UserRecord): Promise<void> {
  if (user.role !== 'admin' || user.isDisabled) return;
  if ((await users.countOtherAdministrators(user.id)) === 0) throw new LastAdministrator();
}

export function summaryOf(user: UserRecord): UserSummary {
  const { id, email, name, role, namespaceRoles, isDisabled, createdAtMs, lastSignInAtMs } = user;
  return { id, email, name, role, namespaceRoles, isDisabled, createdAtMs, lastSignInAtMs };
}
