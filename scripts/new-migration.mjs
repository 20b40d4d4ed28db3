// Writes a migration from the difference between prisma/migrations and prisma/schema.prisma:
//   node scripts/new-migration.mjs NAME
// Works against a throw-away Postgres, then generates the client anew.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { register } from 'tsx/esm/api';

const root = path.resolve(import.meta.dirname, '..');
const [name] = process.argv.slice(2);
if (!name || !/^[a-z][a-z0-9_]*$/.test(name)) {
  console.error('usage: node scripts/new-migration.mjs NAME   (lower case letters, digits and "_")');
  process.exit(2);
}

register();
const { startThrowAwayPostgres } = await import('@malha/embedded-postgres');
const postgres = await startThrowAwayPostgres();
try {
  process.exitCode = migrate();
} finally {
  await postgres.stop();
}

function migrate() {
  const from = ['--from-migrations', 'prisma/migrations'];
  const diff = prisma(['migrate', 'diff', ...from, '--to-schema', 'prisma/schema.prisma', '--script', '--exit-code']);
  if (diff.status === 0) {
    console.log('The migrations already say what the schema says.');
    return 0;
  }
  // --exit-code: 0 = empty, 1 = error, 2 = not empty.
  if (diff.status !== 2) {
    console.error(diff.stderr || diff.stdout);
    return 1;
  }
  const stamp = new Date().toISOString().replace(/\D/g, '').slice(0, 14);
  const folder = path.join(root, 'prisma/migrations', `${stamp}_${name}`);
  fs.mkdirSync(folder);
  fs.writeFileSync(path.join(folder, 'migration.sql'), diff.stdout);
  console.log(path.relative(root, path.join(folder, 'migration.sql')));
  const generate = prisma(['generate']);
  if (generate.status !== 0) console.error(generate.stderr);
  return generate.status === 0 ? 0 : 1;
}

function prisma(args) {
  return spawnSync(process.execPath, ['node_modules/prisma/build/index.js', ...args], {
    cwd: root,
    env: { ...process.env, DATABASE_URL: postgres.url, NO_COLOR: '1' },
    encoding: 'utf8',
  });
}
