import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type EmbeddedPostgres, startPostgres } from './launcher.ts';
import { processStart } from './process-info.ts';

const IS_ROOT = process.getuid?.() === 0;
const PACKAGE = path.resolve(import.meta.dirname, '..');
let dir: string;
const running: EmbeddedPostgres[] = [];

beforeEach(() => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'launcher-'));
  fs.chmodSync(dir, 0o711);
});
afterEach(async () => {
  for (const server of running.splice(0)) await server.stop();
  fs.rmSync(dir, { recursive: true, force: true });
});

async function start(options: Partial<Parameters<typeof startPostgres>[0]> = {}): Promise<EmbeddedPostgres> {
  const server = await startPostgres({ dir: path.join(dir, 'pg'), durable: false, restart: false, ...options });
  running.push(server);
  return server;
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

const isGone = (pid: number) => processStart(pid) === undefined;

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error('not in time');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

test('data and port survive a stop; the password is in a file of mode 0600 and is needed', async () => {
  const first = await start();
  await query(first.url, "CREATE TABLE t AS SELECT 'kept' AS v");
  const { port, pid } = first;
  await first.stop();
  expect(isGone(pid)).toBe(true);
  const second = await start();
  expect(second.port).toBe(port);
  expect(await query(second.url, 'SELECT v FROM t')).toEqual([{ v: 'kept' }]);
  expect(fs.statSync(path.join(dir, 'pg/password')).mode & 0o777).toBe(0o600);
  await expect(query(second.url.replace(/:[^:@]+@/, ':wrong@'), 'SELECT 1')).rejects.toThrow('password authentication');
}, 60_000);

test('commits are durable by default, and only TCP on loopback leads in', async () => {
  const server = await start({ durable: true });
  const rows = await query(
    server.url,
    `SELECT name, setting FROM pg_settings
      WHERE name IN ('fsync', 'synchronous_commit', 'full_page_writes', 'listen_addresses', 'unix_socket_directories', 'data_checksums')
      ORDER BY name`,
  );
  expect(rows).toEqual([
    { name: 'data_checksums', setting: 'on' },
    { name: 'fsync', setting: 'on' },
    { name: 'full_page_writes', setting: 'on' },
    { name: 'listen_addresses', setting: '127.0.0.1' },
    { name: 'synchronous_commit', setting: 'on' },
    { name: 'unix_socket_directories', setting: '' },
  ]);
}, 60_000);

test('a second starter is refused while the first one lives', async () => {
  const first = await start();
  const other = script(`await startPostgres({ dir: ${JSON.stringify(path.join(dir, 'pg'))}, durable: false });`);
  expect(other.status).not.toBe(0);
  expect(other.stderr).toContain('MALHA5005');
  expect(other.stderr).toContain(String(process.pid));
  expect(isGone(first.pid)).toBe(false);
}, 60_000);

test('after kill -9 of the starter, the next one takes over the server that still runs', async () => {
  const child = spawn(
    process.execPath,
    [
      '--import',
      'tsx',
      '--input-type=module',
      '-e',
      source(`
    const server = await startPostgres({ dir: ${JSON.stringify(path.join(dir, 'pg'))}, durable: false });
    console.log(server.pid);
    setInterval(() => {}, 1000);`),
    ],
    { cwd: PACKAGE, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const pid = await new Promise<number>((resolve) => child.stdout.once('data', (data) => resolve(Number(data))));
  child.kill('SIGKILL');
  await new Promise((resolve) => child.once('exit', resolve));
  expect(isGone(pid)).toBe(false);
  const server = await start();
  expect(server).toMatchObject({ isTakenOver: true, pid });
  expect(await query(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  await server.stop();
  expect(isGone(pid)).toBe(true);
}, 60_000);

test('a killed server comes back on the same port with everything that was committed', async () => {
  const server = await start({ restart: true });
  await query(server.url, 'CREATE TABLE t AS SELECT 1 AS v');
  const { pid, port } = server;
  process.kill(pid, 'SIGKILL');
  await until(async () =>
    query(server.url, 'SELECT v FROM t').then(
      () => true,
      () => false,
    ),
  );
  expect(server.port).toBe(port);
  expect(server.pid).not.toBe(pid);
}, 60_000);

test('a pid file left by a crash, whose pid is now another program, does not stop the start', async () => {
  const first = await start();
  const file = path.join(dir, 'pg/data/postmaster.pid');
  const text = fs.readFileSync(file, 'utf8');
  await first.stop();
  fs.writeFileSync(file, text.replace(/^\d+/, String(process.pid)));
  const second = await start();
  expect(second.isTakenOver).toBe(false);
}, 60_000);

test('a taken port is named in plain words', async () => {
  const server = net.createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as net.AddressInfo;
  await expect(start({ port })).rejects.toMatchObject({
    code: 'MALHA5004',
    message: expect.stringContaining(String(port)),
  });
  server.close();
}, 60_000);

test('data of another major version is left alone, with a word of what to do', async () => {
  fs.mkdirSync(path.join(dir, 'pg/data'), { recursive: true });
  fs.writeFileSync(path.join(dir, 'pg/data/PG_VERSION'), '12\n');
  await expect(start()).rejects.toMatchObject({ code: 'MALHA5006' });
  expect(fs.readFileSync(path.join(dir, 'pg/data/PG_VERSION'), 'utf8')).toBe('12\n');
});

test.runIf(IS_ROOT)(
  'as root, the server runs as another user; under a closed folder, in a user namespace',
  async () => {
    const open = await start();
    expect(open.mode).toBe('setuid');
    expect(fs.statSync(`/proc/${open.pid}`).uid).not.toBe(0);
    await open.stop();
    fs.chmodSync(dir, 0o700);
    const closed = await start({ dir: path.join(dir, 'closed') });
    expect(closed.mode).toBe('userns');
    expect(await query(closed.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  },
  60_000,
);

test.runIf(IS_ROOT)(
  'as a normal user, it runs as that user',
  () => {
    const nobody = { uid: 65_534, gid: 65_534 };
    fs.chownSync(dir, nobody.uid, nobody.gid);
    const { stdout, stderr } = script(
      `const server = await startPostgres({ dir: ${JSON.stringify(path.join(dir, 'own'))}, durable: false });
     console.log(server.mode);
     await server.stop();`,
      { ...nobody, env: { PATH: process.env.PATH, HOME: dir, TMPDIR: dir, NODE_ENV: 'test' } },
    );
    expect({ mode: stdout.trim(), stderr }).toEqual({ mode: 'direct', stderr: '' });
  },
  60_000,
);

function source(body: string): string {
  return `import { startPostgres } from ${JSON.stringify(path.join(PACKAGE, 'src/index.ts'))};\n${body}`;
}

function script(body: string, options: { uid?: number; gid?: number; env?: NodeJS.ProcessEnv } = {}) {
  const args = ['--import', 'tsx', '--input-type=module', '-e', source(body)];
  return spawnSync(process.execPath, args, { cwd: PACKAGE, encoding: 'utf8', timeout: 50_000, ...options });
}
