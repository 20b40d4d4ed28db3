import { startThrowAwayPostgres } from '@malha/embedded-postgres';
import { expect, test } from 'vitest';
import { createPool } from './postgres.ts';

test('a server killed between two queries of a transaction fails the second, not the process', async () => {
  const postgres = await startThrowAwayPostgres();
  const pool = createPool(postgres.url);
  try {
    const client = await pool.connect();
    await client.query('BEGIN');
    const gone = new Promise((resolve) => client.once('end', resolve));
    process.kill(postgres.pid, 'SIGKILL');
    await gone;
    await expect(client.query('SELECT 1')).rejects.toThrow();
    client.release(true);
  } finally {
    await pool.end();
    await postgres.stop();
  }
}, 60_000);
