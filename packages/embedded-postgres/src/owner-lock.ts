// Lock against two starters on one data folder: a file that names the living process that owns the server.
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { isErrno } from './binaries.ts';
import { EmbeddedPostgresError } from './errors.ts';
import { processStart } from './process-info.ts';

const ATTEMPTS_MAX = 5;

interface Owner {
  readonly pid: number;
  readonly start: string;
  /** Tells two locks of one process apart. */
  readonly token: string;
}

/** Takes the lock and returns how to give it back. A lock whose process is gone is taken over. */
export function takeOwnerLock(file: string): () => void {
  const own: Owner = {
    pid: process.pid,
    start: processStart(process.pid) ?? '',
    token: randomBytes(8).toString('hex'),
  };
  const draft = `${file}.${own.token}`;
  fs.writeFileSync(draft, JSON.stringify(own), { mode: 0o600 });
  try {
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      if (link(draft, file)) return () => release(file, own);
      const owner = read(file);
      if (owner && isAlive(owner)) throw inUse(file, owner);
      if (owner) removeStale(file, owner);
    }
    throw inUse(file, read(file));
  } finally {
    fs.rmSync(draft, { force: true });
  }
}

/** A hard link appears with its content, or not at all. */
function link(from: string, to: string): boolean {
  try {
    fs.linkSync(from, to);
    return true;
  } catch (error) {
    if (isErrno(error) && error.code === 'EEXIST') return false;
    throw error;
  }
}

/** Two starters may find the same stale lock: the one whose rename catches a newer lock puts it back. */
function removeStale(file: string, stale: Owner): void {
  const aside = `${file}.stale-${randomBytes(4).toString('hex')}`;
  try {
    fs.renameSync(file, aside);
  } catch (error) {
    if (isErrno(error) && error.code === 'ENOENT') return;
    throw error;
  }
  if (read(aside)?.token !== stale.token) link(aside, file);
  fs.rmSync(aside, { force: true });
}

function release(file: string, own: Owner): void {
  if (read(file)?.token === own.token) fs.rmSync(file, { force: true });
}

function isAlive(owner: Owner): boolean {
  return processStart(owner.pid) === owner.start;
}

function read(file: string): Owner | undefined {
  try {
    const value: unknown = JSON.parse(fs.readFileSync(file, 'utf8'));
    if (typeof value !== 'object' || value === null) return undefined;
    const { pid, start, token } = { pid: 0, start: '', token: '', ...value };
    return { pid: Number(pid), start: String(start), token: String(token) };
  } catch (error) {
    if (isErrno(error) && error.code === 'ENOENT') return undefined;
    // Written by nobody we know: an owner that is never alive.
    return { pid: 0, start: '-', token: '' };
  }
}

function inUse(file: string, owner: Owner | undefined): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    'MALHA5005',
    `The database in ${file.replace(/\/[^/]*$/, '')} is in use by process ${owner?.pid ?? '(just ended)'}.`,
    'Stop that Malha first, or give this one another MALHA_STATE_DIR.',
  );
}
