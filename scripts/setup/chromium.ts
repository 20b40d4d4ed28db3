// Finds a Chromium for the browser tests; on Debian as root it installs one, elsewhere it says how.
import { type SpawnSyncOptions, spawnSync } from 'node:child_process';
import fs from 'node:fs';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

export function findChromium(): string | undefined {
  if (process.env.CHROMIUM_PATH) return process.env.CHROMIUM_PATH;
  return PLACES.find((place) => fs.existsSync(place));
}

/** Path of a Chromium; ends the process with the remedy when there is none. */
export function ensureChromium(): string {
  const found = findChromium();
  if (found !== undefined) return found;
  const isDebianRoot = process.getuid?.() === 0 && fs.existsSync('/usr/bin/apt-get');
  if (isDebianRoot) {
    console.log('installing Debian’s Chromium for the browser tests');
    const quiet: SpawnSyncOptions = {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    };

    spawnSync('apt-get', ['update', '-q'], quiet);
    spawnSync('apt-get', ['install', '-y', '-q', '--no-install-recommends', 'chromium'], quiet);
    const installed = findChromium();
    if (installed !== undefined) return installed;
  }
  console.error(
    'No Chromium found for the browser tests. Install one (Debian: apt-get install chromium) or set CHROMIUM_PATH.',
  );
  process.exit(1);
}
