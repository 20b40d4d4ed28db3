// Embedded Postgres: the real server from npm packages, as a child of this process.
export { EmbeddedPostgresError, type PostgresErrorCode } from './errors.ts';
export { type EmbeddedPostgres, type PostgresOptions, startPostgres } from './launcher.ts';
export { startThrowAwayPostgres, type ThrowAwayPostgres } from './throw-away.ts';
