// Brings node_modules and generated sources up to date; plain Node, because nothing is installed yet when it runs.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

export const ROOT = path.resolve(import.meta.dirname, '..', '..');
const NODE_MINIMUM = [20, 19];
const STAMP = path.join(ROOT, 'node_modules', '.malha-installed');

/** Ends the process in plain words when this Node is too old. */
export function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > NODE_MINIMUM[0] || (major === NODE_MINIMUM[0] && minor >= NODE_MINIMUM[1])) return;
  console.error(`Malha needs Node ${NODE_MINIMUM.join('.')} or newer; this is ${process.versions.node}.`);
  process.exit(1);
}

/** Runs `npm ci` when the lock file has changed since the last install; says so through `say`. */
export function ensureInstalled(say) {
  const lock = createHash('sha256')
    .update(fs.readFileSync(path.join(ROOT, 'package-lock.json')))
    .update(process.version)
    .digest('hex');
  const stamped = fs.existsSync(STAMP) ? fs.readFileSync(STAMP, 'utf8') : '';
  if (stamped !== lock) {
    say('installing packages (npm ci; about a minute)');
    run('npm', ['ci', '--include=dev', '--no-fund', '--no-audit'], 'npm ci failed; its output is above.');
    fs.writeFileSync(STAMP, lock);
    return;
  }
  run(process.execPath, ['scripts/generate.mjs'], 'generating sources failed; its output is above.');
}

function run(command, args, words) {
  const { status, error } = spawnSync(command, args, { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] });
  if (status === 0) return;
  console.error(`${words}${error ? ` (${error.message})` : ''}`);
  process.exit(1);
}
