// Whether a session still counts: the user as Postgres has it, kept in memory and dropped when a replica says so.
import { isDatabaseAway } from '../db/away.ts';
import type { NotificationFeed } from '../db/listener.ts';
import { CHANNELS } from '../db/postgres.ts';
import type { Principal } from './principal.ts';
import type { UserRecord, UserRepository } from './repository.ts';

/** Beside the notifications; a lost one is made good after this time. */
const FRESH_MS = 10_000;
const USERS_MAX = 10_000;

/** What a cookie claims. */
export interface SessionClaim {
  readonly userId: string;
  readonly sessionVersion: number;
  /** Of the cookie. */
  readonly expiresAtMs: number;
}

interface CachedUser {
  readonly user: UserRecord | undefined;
  readonly readAtMs: number;
}

export interface SessionsOptions {
  readonly users: Pick<UserRepository, 'findById'>;
  readonly feed: Pick<NotificationFeed, 'on'>;
  /** Milliseconds of a clock that never goes back. */
  readonly monotonic: () => number;
}

export class Sessions {
  readonly #options: SessionsOptions;
  readonly #cache = new Map<string, CachedUser>();
  readonly #reading = new Map<string, Promise<UserRecord | undefined>>();
  readonly #listeners = new Set<(userId: string | undefined) => void>();
  readonly #stopListening: () => void;

  constructor(options: SessionsOptions) {
    this.#options = options;
    this.#stopListening = options.feed.on(CHANNELS.sessions, (userId) => this.#invalidate(userId));
  }

  /** The caller, or undefined when the session has ended: the user is gone, disabled, or has a new session version. */
  async resolve(claim: Pick<SessionClaim, 'userId' | 'sessionVersion'>): Promise<Principal | undefined> {
    const user = await this.#find(claim.userId);
    if (!user || user.isDisabled || user.sessionVersion !== claim.sessionVersion) return undefined;
    return principalOf(user);
  }

  /** Tells which user changed; undefined = any may have. */
  onChange(listener: (userId: string | undefined) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  stop(): void {
    this.#stopListening();
  }

  async #find(id: string): Promise<UserRecord | undefined> {
    const cached = this.#cache.get(id);
    if (cached && this.#options.monotonic() - cached.readAtMs < FRESH_MS) return cached.user;
    try {
      return await this.#read(id);
    } catch (error) {
      // With Postgres away, who was signed in may go on reading; nothing can be written then anyway.
      if (cached && isDatabaseAway(error)) return cached.user;
      throw error;
    }
  }

  /** Calls of one user at the same time share one query. */
  #read(id: string): Promise<UserRecord | undefined> {
    const running = this.#reading.get(id);
    if (running) return running;
    const reading = this.#options.users
      .findById(id)
      .then((user) => {
        // An invalidation meanwhile has removed this entry: what was read may be old then.
        if (this.#reading.get(id) === reading) this.#remember(id, user);
        return user;
      })
      .finally(() => {
        if (this.#reading.get(id) === reading) this.#reading.delete(id);
      });
    this.#reading.set(id, reading);
    return reading;
  }

  #remember(id: string, user: UserRecord | undefined): void {
    this.#cache.delete(id);
    this.#cache.set(id, { user, readAtMs: this.#options.monotonic() });
    const [oldest] = this.#cache.keys();
    if (this.#cache.size > USERS_MAX && oldest !== undefined) this.#cache.delete(oldest);
  }

  #invalidate(userId: string | undefined): void {
    const ids = userId === undefined ? [...this.#cache.keys()] : [userId];
    for (const id of ids) {
      const cached = this.#cache.get(id);
      // Stale, not gone: it is still the best answer when Postgres is away.
      if (cached) this.#cache.set(id, { ...cached, readAtMs: Number.NEGATIVE_INFINITY });
      this.#reading.delete(id);
    }
    for (const listener of this.#listeners) listener(userId);
  }
}

export function principalOf({ id, email, name, role, namespaceRoles }: UserRecord): Principal {
  return { id, email, name, role, namespaceRoles };
}
