// Makes the first administrator of a fresh mesh, and keeps the generated password readable until it was used once.
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { generatePassword, hashPassword } from './password.ts';
import type { UserRepository } from './repository.ts';

export interface FirstSignIn {
  readonly email: string;
  /** Null once somebody signed in, or when another replica made the user. */
  readonly password: string | null;
}

export class FirstAdministrator {
  readonly #users: UserRepository;
  readonly #file: string;

  /** `stateDir` has mode 0700. */
  constructor(users: UserRepository, stateDir: string) {
    this.#users = users;
    this.#file = path.join(stateDir, 'first-sign-in');
  }

  /** True when there was no user at all. Two replicas that start at once make one between them. */
  async ensure(email: string): Promise<boolean> {
    const password = generatePassword();
    const passwordHash = await hashPassword(password);
    return this.#users.locked(async (users) => {
      if ((await users.count()) > 0) return false;
      const user = await users.create({ email, name: 'Administrator', role: 'admin', passwordHash });
      await users.audit({ actor: 'system', action: 'users.create', target: user.email, detail: { role: 'admin' } });
      // Before the commit: a user whose password nobody knows would be worse than a file without a user.
      await mkdir(path.dirname(this.#file), { recursive: true, mode: 0o700 });
      await writeFile(this.#file, password, { mode: 0o600 });
      return true;
    });
  }

  async read(): Promise<FirstSignIn> {
    const users = await this.#users.list();
    const first = users.find(({ role }) => role === 'admin') ?? users[0];
    if (!first) return { email: '', password: null };
    // A reset or a change of the password raises the session version.
    if (first.lastSignInAtMs !== null || first.sessionVersion > 1) {
      await rm(this.#file, { force: true });
      return { email: first.email, password: null };
    }
    const password = await readFile(this.#file, 'utf8').catch(() => null);
    return { email: first.email, password };
  }
}
