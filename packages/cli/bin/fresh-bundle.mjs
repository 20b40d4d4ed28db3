// Finds the bundle of an entry, and has it built when a source is newer. The check costs a few hundred `stat` calls.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const root = path.resolve(import.meta.dirname, '../../..');
const dist = path.resolve(import.meta.dirname, '../dist');

/** URL of the bundle's module. Ends the process with a message when it cannot be built. */
export function freshBundle(entry) {
  if (!isFresh()) build();
  const current = fs.readFileSync(path.join(dist, 'current'), 'utf8').trim();
  return pathToFileURL(path.join(dist, current, `${entry}.mjs`)).href;
}

/** An image or package without sources carries only the bundle; what is there is then current. */
export function isFresh() {
  let inputs;
  try {
    inputs = JSON.parse(fs.readFileSync(path.join(dist, 'inputs.json'), 'utf8'));
  } catch {
    return false;
  }
  if (!fs.existsSync(path.join(root, 'packages/cli/src/main.ts'))) return true;
  return Object.entries(inputs).every(([file, signature]) => signatureOf(file) === signature);
}

/** Size and time of change of a file below the root; undefined when it is away. */
export function signatureOf(file) {
  const stat = fs.statSync(path.join(root, file), { throwIfNoEntry: false });
  return stat === undefined ? undefined : `${stat.size} ${stat.mtimeMs}`;
}

// In a process of its own, so that the bundler's memory does not stay with a proxy for its life.
function build() {
  const { status } = spawnSync(process.execPath, [path.join(import.meta.dirname, 'bundle.mjs')], {
    stdio: ['ignore', 2, 2],
  });
  if (status !== 0) process.exit(1);
}
