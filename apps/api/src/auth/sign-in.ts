// Checking a password for the console's sign-in, within bounds on tries and on the work that they cause.
import type { Clock } from '@malha/traffic/clock';
import { RateLimiter } from '../ca/rate-limiter.ts';
import { orAway } from '../db/away.ts';
import { TooManyTries } from './errors.ts';
import { generatePassword, hashPassword, PASSWORD_LENGTH_MAX, verifyPassword } from './password.ts';
import type { Role } from './principal.ts';
import type { UserRepository } from './repository.ts';

/** Failed tries of one name. */
const TRIES_PER_NAME = { burst: 8, perSecond: 1 / 10 };
/** All tries: each costs about 110 ms of a thread. */
const TRIES = { burst: 40, perSecond: 8 };

export interface VerifiedUser {
  readonly id: string;
  readonly email: string;
  readonly name: string;
  readonly role: Role;
  readonly sessionVersion: number;
}

export class SignIn {
  readonly #users: UserRepository;
  readonly #byName: RateLimiter;
  readonly #all: RateLimiter;
  /** Checked for unknown names, so that the time of an answer does not tell whether a name exists. */
  #decoy: Promise<string> | undefined;

  constructor(users: UserRepository, clock: Clock) {
    this.#users = users;
    this.#byName = new RateLimiter(TRIES_PER_NAME, clock);
    this.#all = new RateLimiter(TRIES, clock);
  }

  /** Undefined when name and password do not fit; throws TooManyTries. Successes do not count against a name. */
  async verify(email: string, password: string): Promise<VerifiedUser | undefined> {
    const name = email.trim().toLowerCase();
    if (!this.#byName.hasLeft(name) || !this.#all.tryTake('all')) throw new TooManyTries();
    const user = await orAway(() => this.#users.findByEmail(name));
    const hash = user?.passwordHash ?? (await this.#decoyHash());
    const fits = await verifyPassword(password.slice(0, PASSWORD_LENGTH_MAX), hash);
    if (!user || user.isDisabled || !fits) {
      this.#byName.tryTake(name);
      await orAway(() => this.#users.audit({ actor: name, action: 'session.refused', target: name }));
      return undefined;
    }
    await orAway(() => this.#users.signedIn(user.id));
    await orAway(() => this.#users.audit({ actor: user.email, action: 'session.signIn', target: user.email }));
    const { id, role, sessionVersion } = user;
    return { id, email: user.email, name: user.name, role, sessionVersion };
  }

  #decoyHash(): Promise<string> {
    this.#decoy ??= hashPassword(generatePassword());
    return this.#decoy;
  }
}
