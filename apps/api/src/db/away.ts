// Tells "Postgres is away" from every other failure, in one place.
import { DomainError } from '../errors.ts';

/** Prisma: unreachable, timed out, closed, no pooled connection, transaction not started. */
const PRISMA_CODES = new Set(['P1001', 'P1002', 'P1008', 'P1017', 'P2024', 'P2028']);
const SYSTEM_CODES = new Set([
  ...['ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT', 'EPIPE', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN'],
  // Shutting down, crashed, starting up (class 57P); too many connections; class 08 is matched by its prefix.
  ...['57P01', '57P02', '57P03', '53300'],
]);
const MESSAGES =
  /connection terminated|connection timeout|timeout exceeded when trying to connect|query read timeout|server closed the connection|connection is closed|closed the connection/i;

export class DatabaseAway extends DomainError {
  override readonly name = 'DatabaseAway';
  constructor(cause: unknown, outcome: 'nothing stored' | 'unknown' = 'nothing stored') {
    const words =
      outcome === 'unknown'
        ? 'Postgres went away while the change was being stored; it may or may not be there. Look at Changes when it is back.'
        : 'Postgres is away, so nothing can be changed now. Traffic goes on with the last configuration.';
    super('unavailable', 'MALHA5020', words, { cause, data: { database: 'away', outcome } });
  }
}

export function isDatabaseAway(error: unknown): boolean {
  for (let cause = error, depth = 0; typeof cause === 'object' && cause !== null && depth < 6; depth++) {
    if (cause instanceof DatabaseAway || isAwayCode(codeOf(cause))) return true;
    if (cause instanceof Error && MESSAGES.test(cause.message)) return true;
    if (cause instanceof AggregateError && cause.errors.some(isDatabaseAway)) return true;
    cause = causeOf(cause);
  }
  return false;
}

/** Runs work on the database; what fails because Postgres is away becomes `DatabaseAway`. */
export async function orAway<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof DomainError || !isDatabaseAway(error)) throw error;
    throw new DatabaseAway(error);
  }
}

/** Prisma keeps what the server said under `meta`; its own code for that may be any. */
function causeOf(error: object): unknown {
  if ('cause' in error && error.cause !== undefined) return error.cause;
  if (!('meta' in error) || typeof error.meta !== 'object' || error.meta === null) return undefined;
  return 'driverAdapterError' in error.meta ? error.meta.driverAdapterError : undefined;
}

function codeOf(error: object): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : '';
}

function isAwayCode(code: string): boolean {
  return PRISMA_CODES.has(code) || SYSTEM_CODES.has(code) || /^08[0-9A-Z]{3}$/.test(code);
}
