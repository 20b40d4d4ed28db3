// Writes the generated sources that are not in git: xDS types from the protos in npm packages, and the Prisma client.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
const steps = [
  { needs: 'packages/xds/scripts/generate.mjs', command: [process.execPath, 'packages/xds/scripts/generate.mjs'] },
  { needs: 'prisma/schema.prisma', command: [process.execPath, 'node_modules/prisma/build/index.js', 'generate'] },
];
for (const { needs, command } of steps) {
  if (!fs.existsSync(path.join(root, needs))) continue;
  const { status } = spawnSync(command[0], command.slice(1), { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) {
    console.error(`generate: ${command.slice(1).join(' ')} failed`);
    process.exit(1);
  }
}
