// The Prisma client. Its types stay in repository.ts files.
import { PrismaPg } from '@prisma/adapter-pg';
import { PrismaClient } from './generated/client.ts';

const CONNECTIONS_MAX = 10;
const CONNECT_TIMEOUT_MS = 5_000;
/** Longer than any query of ours needs; a hung server must not hold a caller for ever. */
const STATEMENT_TIMEOUT_MS = 15_000;

export type Database = PrismaClient;
/** A client inside `database.$transaction(async (transaction) => …)`. */
export type Transaction = Parameters<Parameters<PrismaClient['$transaction']>[0]>[0];

export function createDatabase(url: string): Database {
  const adapter = new PrismaPg(
    {
      connectionString: url,
      max: CONNECTIONS_MAX,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      statement_timeout: STATEMENT_TIMEOUT_MS,
      query_timeout: STATEMENT_TIMEOUT_MS + 1_000,
      application_name: 'malha-api',
    },
    // An idle connection that breaks is replaced by the pool; the next query reports if the server is away.
    { onPoolError: () => undefined, onConnectionError: () => undefined },
  );
  return new PrismaClient({ adapter });
}
