// Decides under which user the server runs: Postgres refuses uid 0, and a container or a CI often is uid 0.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import type { Binaries } from './binaries.ts';
import { EmbeddedPostgresError } from './errors.ts';

/**
 * direct: as ourselves. setuid: as an existing unprivileged user. userns: in a user namespace in which our own uid is
 * called 65534, so that files keep their owner; needed where the tree lies under a folder that only root may enter.
 */
export type RunAs =
  | { readonly mode: 'direct' }
  | { readonly mode: 'setuid'; readonly uid: number; readonly gid: number }
  | { readonly mode: 'userns' };

export interface Invocation {
  readonly command: string;
  readonly args: readonly string[];
  readonly identity: { readonly uid?: number; readonly gid?: number };
}

/** Fixed, so that a user's PG* variables or locale change nothing. */
export const CHILD_ENV = {
  LC_ALL: 'C',
  LANG: 'C',
  TZ: 'UTC',
  PATH: '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin',
  NODE_ENV: 'production',
} as const;

const UNPRIVILEGED_USERS = ['postgres', 'nobody'];
/** Needs a line in /etc/passwd: initdb looks its user up. */
const NAMESPACE_UID = '65534';

export function chooseRunAs(dataDir: string, binaries: Binaries): RunAs {
  if (process.getuid?.() !== 0) return { mode: 'direct' };
  const existing = fs.statSync(dataDir, { throwIfNoEntry: false });
  if (existing && existing.uid !== 0) return { mode: 'setuid', uid: existing.uid, gid: existing.gid };
  if (!existing) {
    const user = UNPRIVILEGED_USERS.map(findUser).find((found) => found !== undefined);
    if (user && canReach(user, path.dirname(dataDir), binaries)) return { mode: 'setuid', ...user };
  }
  if (canUnshare(binaries)) return { mode: 'userns' };
  throw new EmbeddedPostgresError(
    'MALHA5002',
    `Postgres does not run as root, and no other user may enter ${path.dirname(dataDir)}.`,
    'Start Malha as a normal user, put MALHA_STATE_DIR in a folder that others may enter (chmod o+x), or set DATABASE_URL.',
  );
}

export function invocation(runAs: RunAs, command: string, args: readonly string[]): Invocation {
  switch (runAs.mode) {
    case 'direct':
      return { command, args, identity: {} };
    case 'setuid':
      return { command, args, identity: { uid: runAs.uid, gid: runAs.gid } };
    case 'userns': {
      const map = ['--user', `--map-user=${NAMESPACE_UID}`, `--map-group=${NAMESPACE_UID}`];
      return { command: 'unshare', args: [...map, command, ...args], identity: {} };
    }
  }
}

/** Gives a file or folder to the user that the server runs as. */
export function giveTo(runAs: RunAs, file: string): void {
  if (runAs.mode === 'setuid') fs.chownSync(file, runAs.uid, runAs.gid);
}

function findUser(name: string): { uid: number; gid: number } | undefined {
  const line = fs
    .readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${name}:`));
  const [, , uid, gid] = line?.split(':') ?? [];
  return uid === undefined || gid === undefined || uid === '0' ? undefined : { uid: Number(uid), gid: Number(gid) };
}

function canReach(user: { uid: number; gid: number }, dir: string, binaries: Binaries): boolean {
  const options = { ...user, cwd: '/', env: CHILD_ENV, timeout: 10_000 };
  const enters = spawnSync('/bin/sh', ['-c', 'cd -- "$1"', 'sh', dir], options);
  return enters.status === 0 && spawnSync(binaries.postgres, ['-V'], options).status === 0;
}

function canUnshare(binaries: Binaries): boolean {
  const { command, args } = invocation({ mode: 'userns' }, binaries.postgres, ['-V']);
  return spawnSync(command, args, { cwd: '/', env: CHILD_ENV, timeout: 10_000 }).status === 0;
}
