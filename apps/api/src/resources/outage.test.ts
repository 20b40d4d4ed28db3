import type { ThrowAwayPostgres } from '@malha/embedded-postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DatabaseAway } from '../db/away.ts';
import { startTestDatabase } from '../db/testing.ts';
import { service, startReplica, type TestReplica, until } from './testing.ts';

let postgres: ThrowAwayPostgres;
let replica: TestReplica;

beforeAll(async () => {
  postgres = await startTestDatabase({ restart: true });
  replica = await startReplica(postgres.url);
}, 60_000);
afterAll(async () => {
  await replica.stop();
  await postgres.stop();
});

const write = (port: number) =>
  replica.store.apply({ author: 'ana', message: 'm', changes: [{ op: 'put', resource: service('a', port) }] });

test('with Postgres killed: reads go on from memory, writes are refused in words, and all heals by itself', async () => {
  await write(1);
  const killed = postgres.pid;
  process.kill(killed, 'SIGKILL');
  await until(() => !replica.feed.isConnected);

  expect((await replica.store.current()).resources).toHaveLength(1);
  await expect(write(2)).rejects.toThrow(DatabaseAway);

  await until(() => replica.feed.isConnected, 30_000);
  expect(postgres.pid).not.toBe(killed);
  const applied = await write(3);
  expect(applied.revision).toBeGreaterThanOrEqual(2);
  expect(replica.store.state.byKey.get('Service/shop/a')?.resource).toEqual(service('a', 3));
}, 60_000);
