// A migrated throw-away database for one test file.
import path from 'node:path';
import { startThrowAwayPostgres, type ThrowAwayPostgres } from '@malha/embedded-postgres';
import { deployMigrations } from './migrate.ts';

export const MIGRATIONS_DIR = path.resolve(import.meta.dirname, '../../../../prisma/migrations');

/** `restart`: the server comes back after a kill -9, as under `npm start`. */
export async function startTestDatabase(options: { readonly restart?: boolean } = {}): Promise<ThrowAwayPostgres> {
  const postgres = await startThrowAwayPostgres(options);
  try {
    await deployMigrations(postgres.url, MIGRATIONS_DIR);
  } catch (error) {
    await postgres.stop();
    throw error;
  }
  return postgres;
}
