import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { startThrowAwayPostgres, type ThrowAwayPostgres } from '@malha/embedded-postgres';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { deployWhenReachable } from './deploy-when-reachable.ts';
import { deployMigrations, MigrationFailed } from './migrate.ts';
import { MIGRATIONS_DIR } from './testing.ts';

let postgres: ThrowAwayPostgres;
let url: string;
let folder: string;

beforeAll(async () => {
  postgres = await startThrowAwayPostgres();
}, 60_000);
afterAll(() => postgres.stop());

beforeEach(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'migrations-'));
  const name = `db_${path.basename(folder).replaceAll(/\W/g, '').toLowerCase()}`;
  await query(postgres.url, `CREATE DATABASE ${name}`);
  const own = new URL(postgres.url);
  own.pathname = `/${name}`;
  url = own.href;
  return () => fs.rmSync(folder, { recursive: true });
});

async function query(at: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client(at);
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

function write(name: string, sql: string): void {
  fs.mkdirSync(path.join(folder, name), { recursive: true });
  fs.writeFileSync(path.join(folder, name, 'migration.sql'), sql);
}

test('applies each migration once, in order, also with two starters at once', async () => {
  write('2_second', "INSERT INTO t VALUES ('b');");
  write('1_first', "CREATE TABLE t (v text); INSERT INTO t VALUES ('a');");
  const both = await Promise.all([deployMigrations(url, folder), deployMigrations(url, folder)]);
  expect(both.toSorted((a, b) => b.length - a.length)).toEqual([['1_first', '2_second'], []]);
  expect(await query(url, 'SELECT v FROM t')).toEqual([{ v: 'a' }, { v: 'b' }]);
  expect(await deployMigrations(url, folder)).toEqual([]);
});

test('leaves nothing of a failed migration, and refuses to go on until it is resolved', async () => {
  write('1_bad', 'CREATE TABLE half (v text); SELECT nonsense;');
  await expect(deployMigrations(url, folder)).rejects.toThrow(MigrationFailed);
  expect(await query(url, "SELECT to_regclass('half') AS half")).toEqual([{ half: null }]);
  await expect(deployMigrations(url, folder)).rejects.toThrow('1_bad failed before');
});

test('refuses a migration that was edited after it was applied', async () => {
  write('1_first', 'CREATE TABLE t (v text);');
  await deployMigrations(url, folder);
  write('1_first', 'CREATE TABLE t (v int);');
  await expect(deployMigrations(url, folder)).rejects.toThrow('1_first was changed');
});

test('the real migrations apply, and the audit log they make is append-only', async () => {
  expect((await deployMigrations(url, MIGRATIONS_DIR)).length).toBeGreaterThan(0);
  await query(url, "INSERT INTO audit_log (actor, action, target) VALUES ('a', 'b', 'c')");
  await expect(query(url, 'DELETE FROM audit_log')).rejects.toThrow('append-only');
  await expect(query(url, "UPDATE audit_log SET actor = 'x'")).rejects.toThrow('append-only');
  await expect(query(url, 'TRUNCATE audit_log')).rejects.toThrow('append-only');
});

test('a start while Postgres is away waits, and goes on when it answers', async () => {
  write('1_first', 'CREATE TABLE t (v text);');
  const unreachable = new URL(url);
  const reserved = net.createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => reserved.once('listening', resolve));
  const { port } = reserved.address() as net.AddressInfo;
  await new Promise((resolve) => reserved.close(resolve));
  unreachable.port = String(port);
  const waits: unknown[] = [];
  const onWaiting = (error: unknown) => waits.push(error);
  const deployed = deployWhenReachable({ url: unreachable.href, migrationsDir: folder, onWaiting });
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(waits).toHaveLength(1);
  // From now on the port leads to the server.
  const target = Number(new URL(url).port);
  const relay = net.createServer((inbound) => {
    const outbound = net.connect(target, '127.0.0.1');
    inbound.pipe(outbound).pipe(inbound);
    for (const socket of [inbound, outbound]) socket.on('error', () => undefined);
  });
  relay.listen(port, '127.0.0.1');
  expect(await deployed).toEqual(['1_first']);
  await new Promise((resolve) => relay.close(resolve));
});
