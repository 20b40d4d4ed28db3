// Builds the console and puts its static files into the standalone folder, so that server.js there serves alone.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const app = path.join(import.meta.dirname, '..');
const next = createRequire(import.meta.url).resolve('next/dist/bin/next');
const env = { ...process.env, NEXT_TELEMETRY_DISABLED: '1' };

const { status } = spawnSync(process.execPath, [next, 'build', app], { stdio: 'inherit', env });
if (status !== 0) process.exit(status ?? 1);

const standalone = path.join(app, '.next/standalone/apps/console');
cpSync(path.join(app, '.next/static'), path.join(standalone, '.next/static'), { recursive: true });
if (existsSync(path.join(app, 'public')))
  cpSync(path.join(app, 'public'), path.join(standalone, 'public'), { recursive: true });
