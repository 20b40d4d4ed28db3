// Writes the lock entries that `npm ci` wants for platform packages of other systems.
// A registry mirror without them makes `npm install` leave them out, and `npm ci` then refuses the lock file.
// Run after each `npm install` that changes dependencies.
import fs from 'node:fs';

const FILE = 'package-lock.json';
const OS = {
  darwin: 'darwin',
  linux: 'linux',
  windows: 'win32',
  win32: 'win32',
  android: 'android',
  freebsd: 'freebsd',
  openbsd: 'openbsd',
  netbsd: 'netbsd',
  sunos: 'sunos',
  aix: 'aix',
  openharmony: 'openharmony',
};
const CPU = {
  x64: 'x64',
  64: 'x64',
  arm64: 'arm64',
  arm: 'arm',
  armv7: 'arm',
  ia32: 'ia32',
  s390x: 's390x',
  riscv64: 'riscv64',
  ppc64: 'ppc64',
  loong64: 'loong64',
};

const lock = JSON.parse(fs.readFileSync(FILE, 'utf8'));

/** Whether Node's lookup from the package at `at` finds `name` in the lock file. */
function isLocked(at, name) {
  const parts = at.split('/node_modules/');
  for (let depth = parts.length; depth >= 0; depth--) {
    const prefix = parts.slice(0, depth).join('/node_modules/');
    if (lock.packages[`${prefix === '' ? '' : `${prefix}/`}node_modules/${name}`]) return true;
  }
  return lock.packages[`node_modules/${name}`] !== undefined;
}

let added = 0;
for (const [at, entry] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    if (isLocked(at, name)) continue;
    const words = name.split('/').at(-1).split('-');
    const os = words.map((word) => OS[word]).find(Boolean);
    const cpu = words.map((word) => CPU[word]).find(Boolean);
    if (!os || !cpu || /[\^~<>*|]/.test(version)) {
      console.warn(`left out: ${name}@${version}`);
      continue;
    }
    const libc = os === 'linux' ? { libc: [words.includes('musl') ? 'musl' : 'glibc'] } : {};
    lock.packages[`node_modules/${name}`] = {
      version,
      cpu: [cpu],
      ...libc,
      ...(entry.dev ? { dev: true } : {}),
      optional: true,
      os: [os],
    };
    added++;
  }
}
const { '': root, ...rest } = lock.packages;
lock.packages = { '': root, ...Object.fromEntries(Object.entries(rest).sort(([a], [b]) => (a < b ? -1 : 1))) };
fs.writeFileSync(FILE, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`${added} lock entries added`);
