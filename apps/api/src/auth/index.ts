// Composition of users, sign-in and sessions.
import type { Clock } from '@malha/traffic/clock';
import type { Database } from '../db/client.ts';
import type { NotificationFeed } from '../db/listener.ts';
import { FirstAdministrator } from './first-administrator.ts';
import { UserRepository } from './repository.ts';
import { Sessions } from './sessions.ts';
import { SignIn } from './sign-in.ts';
import { Users } from './users.ts';

export interface AuthOptions {
  readonly database: Database;
  readonly feed: NotificationFeed;
  readonly clock: Clock;
  readonly stateDir: string;
}

export function createAuth({ database, feed, clock, stateDir }: AuthOptions) {
  const repository = new UserRepository(database);
  return {
    repository,
    users: new Users(repository),
    signIn: new SignIn(repository, clock),
    sessions: new Sessions({ users: repository, feed, monotonic: () => clock.monotonic() }),
    firstAdministrator: new FirstAdministrator(repository, stateDir),
  };
}

export type Auth = ReturnType<typeof createAuth>;
