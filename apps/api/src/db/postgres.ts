// Plain connections for hot paths and LISTEN, beside the Prisma client.
import pg from 'pg';

const CONNECTIONS_MAX = 10;

/** Channels of NOTIFY. A notification is a hint to read; what counts is read by sequence. */
export const CHANNELS = {
  revision: 'malha_revision',
  registry: 'malha_registry',
  agents: 'malha_agents',
  sessions: 'malha_sessions',
  certificates: 'malha_certificates',
} as const;
export type Channel = (typeof CHANNELS)[keyof typeof CHANNELS];

export function createPool(url: string): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max: CONNECTIONS_MAX,
    connectionTimeoutMillis: 5_000,
    statement_timeout: 15_000,
    query_timeout: 16_000,
    keepAlive: true,
    application_name: 'malha-api',
  });
  // Emitted for idle connections when the server goes away. Without a listener the process would end.
  pool.on('error', () => undefined);
  // The same for connections that are in use, but have no query running: the next query reports it.
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}
