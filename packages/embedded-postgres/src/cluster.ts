// The data folder: made once by initdb, complete or not at all, with a generated password.
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Binaries } from './binaries.ts';
import { EmbeddedPostgresError } from './errors.ts';
import { CHILD_ENV, giveTo, invocation, type RunAs } from './run-as.ts';

const execFileAsync = promisify(execFile);
const INITDB_TIMEOUT_MS = 120_000;

export interface ClusterFiles {
  readonly data: string;
  readonly password: string;
}

export async function ensureCluster(
  files: ClusterFiles,
  binaries: Binaries,
  runAs: RunAs,
  isDurable: boolean,
): Promise<void> {
  const versionFile = path.join(files.data, 'PG_VERSION');
  if (fs.existsSync(versionFile)) {
    const found = fs.readFileSync(versionFile, 'utf8').trim();
    if (found === binaries.major) return;
    throw new EmbeddedPostgresError(
      'MALHA5006',
      `The data in ${files.data} is of Postgres ${found}, the installed one is ${binaries.major}.`,
      `Dump it with Postgres ${found} and restore it, or move the folder away to begin anew.`,
    );
  }
  await createCluster(files, binaries, runAs, isDurable);
}

export function readPassword(files: ClusterFiles): string {
  return fs.readFileSync(files.password, 'utf8').trim();
}

/** initdb writes into a folder beside and is renamed at the end: a half-made cluster is never taken for a whole one. */
async function createCluster(files: ClusterFiles, binaries: Binaries, runAs: RunAs, isDurable: boolean): Promise<void> {
  const draft = `${files.data}.new`;
  fs.rmSync(draft, { recursive: true, force: true });
  fs.mkdirSync(draft, { mode: 0o700 });
  giveTo(runAs, draft);
  const password = randomBytes(24).toString('base64url');
  fs.writeFileSync(files.password, `${password}\n`, { mode: 0o600 });
  await initdb(draft, password, binaries, runAs, isDurable);
  fs.rmSync(files.data, { recursive: true, force: true });
  fs.renameSync(draft, files.data);
  // The password must reach the disk together with the cluster that knows it.
  if (isDurable) for (const file of [files.password, path.dirname(files.data)]) syncPath(file);
}

async function initdb(dir: string, password: string, binaries: Binaries, runAs: RunAs, isDurable: boolean) {
  // A file of the server's own user: under Node, /dev/stdin is a socket, which initdb cannot open.
  const secret = fs.mkdtempSync(path.join(os.tmpdir(), 'malha-initdb-'));
  const passwordFile = path.join(secret, 'password');
  try {
    fs.writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
    for (const file of [secret, passwordFile]) giveTo(runAs, file);
    const args = [
      ...['-D', dir, '-U', 'postgres', '-E', 'UTF8', '--locale=C', '--auth=scram-sha-256'],
      ...[`--pwfile=${passwordFile}`, '--data-checksums', '--no-instructions', ...(isDurable ? [] : ['--no-sync'])],
    ];
    const run = invocation(runAs, binaries.initdb, args);
    const options = { ...run.identity, cwd: '/', env: CHILD_ENV, timeout: INITDB_TIMEOUT_MS };
    await execFileAsync(run.command, [...run.args], options);
  } catch (error) {
    const output = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : String(error);
    throw new EmbeddedPostgresError(
      'MALHA5003',
      `Postgres could not make its data folder: ${output}`,
      'Check free space and rights of the folder.',
      error,
    );
  } finally {
    fs.rmSync(secret, { recursive: true, force: true });
  }
}

function syncPath(file: string): void {
  const fd = fs.openSync(file, 'r');
  try {
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}
