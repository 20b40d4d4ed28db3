// Bundles the CLI and the data plane into dist/, everything inside: one file to read is less memory and a faster start.
import fs from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import { isFresh, signatureOf } from './fresh-bundle.mjs';

const root = path.resolve(import.meta.dirname, '../../..');
const dist = path.resolve(import.meta.dirname, '../dist');
const lock = path.join(dist, 'lock');
const LOCK_WAIT_MS = 120_000;
const LOCK_POLL_MS = 50;
/** Bundles that a running process may still load parts of. */
const KEEP_MS = 24 * 3_600_000;

fs.mkdirSync(dist, { recursive: true });
await acquire();
try {
  // Another process may have built while this one waited.
  if (!isFresh()) await bundle();
} catch (error) {
  const isBuildFailure = Array.isArray(error?.errors);
  console.error(`malha: cannot build its bundle${isBuildFailure ? ' (see above)' : `: ${error?.message ?? error}`}`);
  if (!fs.existsSync(path.join(root, 'packages/xds/src/generated'))) {
    console.error('malha: generated sources are missing; run "npm install" or "npm run generate" in the repository');
  }
  process.exitCode = 1;
} finally {
  fs.rmSync(lock, { force: true });
}

async function bundle() {
  const startedMs = Date.now();
  const name = `${startedMs.toString(36)}-${process.pid}`;
  const outdir = path.join(dist, name);
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: {
      cli: 'packages/cli/src/main.ts',
      dataplane: 'apps/dataplane/src/main.ts',
      'worker-main': 'apps/dataplane/src/worker-main.ts',
    },
    outdir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    minifyWhitespace: true,
    minifySyntax: true,
    metafile: true,
    logLevel: 'warning',
    legalComments: 'none',
    // Packages in CommonJS ask for Node's own modules by require.
    banner: {
      js: "import { createRequire as nodeRequire } from 'node:module';const require = nodeRequire(import.meta.url);",
    },
  });
  const sources = Object.keys(metafile.inputs).filter((file) => !file.includes('node_modules/'));
  const inputs = [...sources, 'package-lock.json', 'packages/cli/bin/bundle.mjs'];
  // Signatures before the build would miss a change during it only if times had no resolution; newer files count as stale.
  const changed = inputs.filter((file) => fs.statSync(path.join(root, file)).mtimeMs > startedMs);
  const signatures = inputs.map((file) => [
    file,
    changed.includes(file) ? 'changed while building' : signatureOf(file),
  ]);
  replaceFile('inputs.json', JSON.stringify(Object.fromEntries(signatures)));
  replaceFile('current', name);
  removeOld(name);
}

function replaceFile(name, text) {
  const next = path.join(dist, `${name}.${process.pid}`);
  fs.writeFileSync(next, text);
  fs.renameSync(next, path.join(dist, name));
}

function removeOld(current) {
  for (const name of fs.readdirSync(dist)) {
    const folder = path.join(dist, name);
    const stat = fs.statSync(folder, { throwIfNoEntry: false });
    if (name !== current && stat?.isDirectory() && Date.now() - stat.mtimeMs > KEEP_MS) {
      fs.rmSync(folder, { recursive: true, force: true });
    }
  }
}

/** One builder at a time; the lock of a builder that died is taken over. */
async function acquire() {
  const untilMs = Date.now() + LOCK_WAIT_MS;
  for (;;) {
    try {
      fs.writeFileSync(lock, String(process.pid), { flag: 'wx' });
      return;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (!isAlive(Number(readLock()))) fs.rmSync(lock, { force: true });
    else if (Date.now() > untilMs) throw new Error(`another build (process ${readLock()}) does not end`);
    await new Promise((resolve) => setTimeout(resolve, LOCK_POLL_MS));
  }
}

function readLock() {
  try {
    return fs.readFileSync(lock, 'utf8');
  } catch {
    return '';
  }
}

function isAlive(pid) {
  // Empty while its owner is writing it.
  if (!(pid > 0)) return Date.now() - (fs.statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? 0) < 1000;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
