// Says in plain words what is wrong with DATABASE_URL, before anything waits for it.
import pg from 'pg';
import { StartError } from './progress.ts';

const CONNECT_TIMEOUT_MS = 5_000;
const POSTGRES_MIN = 140_000;

export async function checkDatabase(url: string): Promise<void> {
  const where = describe(url);
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
  client.on('error', () => undefined);
  let version: number;
  try {
    await client.connect();
    const { rows } = await client.query<{ server_version_num: string }>('SHOW server_version_num');
    version = Number(rows[0]?.server_version_num);
  } catch (error) {
    throw new StartError(`DATABASE_URL: ${reasonOf(error)} (${where}).\n${remedyOf(error)}`);
  } finally {
    await client.end().catch(() => undefined);
  }
  if (version < POSTGRES_MIN) {
    throw new StartError(`DATABASE_URL: Malha needs Postgres 14 or newer; ${where} is older (${version}).`);
  }
}

/** The address without the password. */
function describe(url: string): string {
  if (!/^postgres(ql)?:\/\//.test(url)) {
    throw new StartError('DATABASE_URL must look like postgresql://user:password@host:5432/database.');
  }
  try {
    const { hostname, port, pathname } = new URL(url);
    return `${hostname}:${port === '' ? '5432' : port}${pathname}`;
  } catch {
    throw new StartError('DATABASE_URL is not a valid address: special characters in the password must be %-encoded.');
  }
}

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
}

function reasonOf(error: unknown): string {
  switch (codeOf(error)) {
    case 'ECONNREFUSED':
      return 'no Postgres listens there';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'there is no host of this name';
    case '28P01':
    case '28000':
      return 'Postgres does not accept this user and password';
    case '3D000':
      return 'the database does not exist';
    default:
      return error instanceof Error ? error.message : String(error);
  }
}

function remedyOf(error: unknown): string {
  if (codeOf(error) === '3D000') return 'Create it (createdb), or name another one.';
  return 'Correct it, or unset it: Malha then runs a Postgres of its own.';
}
