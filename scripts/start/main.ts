// `npm start` after the installation: database, control plane, console and the bookstore, each brought up in turn.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type EmbeddedPostgres, EmbeddedPostgresError, startPostgres } from '@malha/embedded-postgres';
import { AdminClient } from './admin-client.ts';
import { applyBookstore, startBookstore } from './bookstore.ts';
import { checkDatabase } from './database-check.ts';
import { readOptions, type StartOptions, tilde } from './options.ts';
import { checkPorts } from './ports.ts';
import { StartError, say, sinceStart, step } from './progress.ts';
import { RunRecord } from './run-record.ts';
import { type LocalSecrets, localSecrets } from './secrets.ts';
import { type Child, Supervisor } from './supervisor.ts';

const ROOT = path.resolve(import.meta.dirname, '..', '..');
const READY_WITHIN_MS = 60_000;
const POLL_MS = 100;

const options = readOptionsOrExit();
fs.mkdirSync(options.stateDir, { recursive: true, mode: 0o700 });
const record = new RunRecord(path.join(options.stateDir, 'run.json'));
const supervisor = new Supervisor(record, path.join(options.stateDir, 'logs'));
let postgres: Promise<EmbeddedPostgres> | undefined;
let stopping = false;

process.on('SIGINT', () => void stop(0));
process.on('SIGTERM', () => void stop(0));

try {
  await main();
} catch (error) {
  if (!stopping) console.error(`\n${inWords(error)}\n`);
  await stop(1);
}

function inWords(error: unknown): string {
  if (error instanceof StartError || error instanceof EmbeddedPostgresError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function readOptionsOrExit(): StartOptions {
  try {
    return readOptions(ROOT, process.env, process.argv);
  } catch (error) {
    console.error(`\n${inWords(error)}\n`);
    process.exit(1);
  }
}

async function main(): Promise<void> {
  say('\nMalha\n');
  const earlier = record.runningStarter();
  if (earlier !== undefined) {
    throw new StartError(
      `Malha already runs from this folder (process ${earlier.pid}). Its console: http://localhost:${options.consolePort}`,
    );
  }
  const leftovers = await record.endLeftovers();
  if (leftovers.length > 0) say(`  ended what an earlier run left: ${leftovers.join(', ')}`);
  await checkPorts(wantedPorts(options));
  record.begin();
  await step('build what is stale', build);
  const databaseUrl = await step('Postgres', database);
  const admin = new AdminClient(path.join(options.stateDir, 'api.sock'));
  const secrets = localSecrets(path.join(options.stateDir, 'secrets.json'));
  const api = supervisor.start({
    name: 'control-plane',
    command: process.execPath,
    args: ['--enable-source-maps', path.join(ROOT, 'apps/api/dist/main.mjs')],
    env: {
      NODE_ENV: 'production',
      DATABASE_URL: databaseUrl,
      MALHA_STATE_DIR: options.stateDir,
      MALHA_API_PORT: String(options.apiPort),
      MALHA_XDS_PORT: String(options.xdsPort),
      MALHA_JOIN_PORT: String(options.joinPort),
      MALHA_METRICS_PORT: String(options.metricsPort),
      MALHA_XDS_PLAINTEXT_PORT: String(options.plaintextXdsPort),
      MALHA_OTLP_GRPC_PORT: String(options.otlpGrpcPort),
      MALHA_OTLP_HTTP_PORT: String(options.otlpHttpPort),
      MALHA_CONSOLE_URL: `http://localhost:${options.consolePort}`,
      NEXTAUTH_SECRET: secrets.nextAuthSecret,
      MALHA_INTERNAL_SECRET: secrets.internalSecret,
    },
    stopWithinMs: 5_000,
  });
  await step('control plane', () => until(api, async () => void (await admin.get('/status'))));
  if (options.withConsole) await step('console', () => startConsole(secrets));
  if (options.withBookstore) await step('bookstore, in the mesh', () => bookstore(admin));
  await printWelcome(admin);
}

async function startConsole(secrets: LocalSecrets): Promise<void> {
  const console_ = supervisor.start({
    name: 'console',
    command: process.execPath,
    args: [path.join(ROOT, 'apps/console/.next/standalone/apps/console/server.js')],
    env: {
      NODE_ENV: 'production',
      PORT: String(options.consolePort),
      HOSTNAME: '127.0.0.1',
      API_URL: `http://127.0.0.1:${options.apiPort}`,
      NEXTAUTH_URL: `http://localhost:${options.consolePort}`,
      NEXTAUTH_SECRET: secrets.nextAuthSecret,
      MALHA_INTERNAL_SECRET: secrets.internalSecret,
      NEXT_TELEMETRY_DISABLED: '1',
    },
    stopWithinMs: 3_000,
  });
  await until(console_, () => answers(`http://127.0.0.1:${options.consolePort}/sign-in`));
}

function wantedPorts(o: StartOptions) {
  return [
    ...(o.withConsole ? [{ port: o.consolePort, what: 'console', option: 'MALHA_CONSOLE_PORT' }] : []),
    { port: o.apiPort, what: 'api', option: 'MALHA_API_PORT' },
    { port: o.xdsPort, what: 'xDS', option: 'MALHA_XDS_PORT' },
    { port: o.joinPort, what: 'joining', option: 'MALHA_JOIN_PORT' },
    { port: o.metricsPort, what: 'metrics of the control plane', option: 'MALHA_METRICS_PORT' },
    { port: o.plaintextXdsPort, what: 'plaintext xDS', option: 'MALHA_XDS_PLAINTEXT_PORT' },
    { port: o.otlpGrpcPort, what: 'traces of applications, gRPC', option: 'MALHA_OTLP_GRPC_PORT' },
    { port: o.otlpHttpPort, what: 'traces of applications, HTTP', option: 'MALHA_OTLP_HTTP_PORT' },
    ...(o.withBookstore
      ? [{ port: o.shopperControlPort, what: 'load generator', option: 'SHOPPER_CONTROL_PORT' }]
      : []),
  ];
}

async function build(): Promise<void> {
  const turbo = path.join(ROOT, 'node_modules/.bin/turbo');
  const parts = options.withConsole ? [] : ['--filter=!@malha/console'];
  const child = spawn(turbo, ['run', 'build', '--output-logs=errors-only', ...parts], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TURBO_TELEMETRY_DISABLED: '1', NEXT_TELEMETRY_DISABLED: '1' },
  });
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (output += chunk));
  const code = await new Promise((resolve) => child.once('close', resolve));
  if (code !== 0) throw new StartError(`The build failed:\n${output}`);
}

async function database(): Promise<string> {
  if (options.databaseUrl !== undefined) {
    await checkDatabase(options.databaseUrl);
    return options.databaseUrl;
  }
  postgres = startPostgres({ dir: path.join(options.stateDir, 'postgres'), log: () => undefined });
  return (await postgres).url;
}

async function bookstore(admin: AdminClient): Promise<void> {
  await applyBookstore(admin, ROOT);
  const where = {
    root: ROOT,
    stateDir: options.stateDir,
    joinAddress: `127.0.0.1:${options.joinPort}`,
    controlPort: options.shopperControlPort,
    ratePerSecond: options.shopperRate,
  };
  await startBookstore(admin, supervisor, where, (proxies) => untilActive(admin, proxies));
}

async function untilActive(admin: AdminClient, wanted: number): Promise<void> {
  const deadline = performance.now() + READY_WITHIN_MS;
  for (;;) {
    const { proxies } = await admin.get<{ proxies: { active: number } }>('/status');
    if (proxies.active >= wanted) return;
    if (performance.now() > deadline) {
      throw new StartError(
        `Only ${proxies.active} of ${wanted} proxies came up within ${READY_WITHIN_MS / 1_000} s. ` +
          `Their logs: ${tilde(path.join(options.stateDir, 'logs'))}`,
      );
    }
    await sleep(POLL_MS);
  }
}

/** Waits until `probe` succeeds; a child that ends meanwhile is reported with the end of its log. */
async function until(child: Child, probe: () => Promise<void>): Promise<void> {
  const deadline = performance.now() + READY_WITHIN_MS;
  for (;;) {
    try {
      await probe();
      return;
    } catch (error) {
      if (child.lastExit !== undefined) {
        throw new StartError(`${child.name} ended (${child.lastExit}). The end of its log:\n\n${child.logTail()}`);
      }
      if (performance.now() > deadline) {
        const words = error instanceof Error ? error.message : String(error);
        throw new StartError(
          `${child.name} is not ready after ${READY_WITHIN_MS / 1_000} s (${words}).\n${child.logTail()}`,
        );
      }
      await sleep(POLL_MS);
    }
  }
}

function answers(url: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = http.get(url, { timeout: 2_000 }, (response) => {
      response.resume();
      if ((response.statusCode ?? 500) < 400) resolve();
      else reject(new Error(`${url} answered ${response.statusCode}`));
    });
    request.on('timeout', () => request.destroy(new Error(`${url} did not answer`)));
    request.on('error', reject);
  });
}

async function printWelcome(admin: AdminClient): Promise<void> {
  const first = await admin.get<{ email: string; password: string | null }>('/users/first');
  say(`\n  Ready after ${sinceStart()}.\n`);
  if (options.withConsole) say(`  Console   http://localhost:${options.consolePort}`);
  if (first.password === null) say(`  Sign in   as ${first.email}, with the password you have set`);
  else say(`  Sign in   ${first.email}\n  Password  ${first.password}   (change it in Settings)`);
  say(`  State     ${tilde(options.stateDir)} (logs in logs/)`);
  say('\n  Ctrl-C stops everything.\n');
}

async function stop(code: number): Promise<void> {
  if (stopping) return;
  stopping = true;
  say('\n  stopping');
  await supervisor.stopAll(['control-plane']);
  // Also one that is still starting.
  await postgres?.then((server) => server.stop()).catch(() => undefined);
  record.end();
  process.exit(code);
}
