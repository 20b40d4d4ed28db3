// Failures of the embedded Postgres, in words for whoever started it.

export type PostgresErrorCode =
  | 'MALHA5001' // no binaries for this system
  | 'MALHA5002' // runs as root and cannot stop being root
  | 'MALHA5003' // initdb failed
  | 'MALHA5004' // port taken
  | 'MALHA5005' // another process owns the data
  | 'MALHA5006' // data of another major version
  | 'MALHA5007' // the server ended while starting
  | 'MALHA5008'; // the server did not become ready in time

export class EmbeddedPostgresError extends Error {
  override readonly name = 'EmbeddedPostgresError';
  readonly code: PostgresErrorCode;
  /** What the operator can do about it. */
  readonly remedy: string;

  constructor(code: PostgresErrorCode, message: string, remedy: string, cause?: unknown) {
    super(`${code}: ${message} ${remedy}`, cause === undefined ? undefined : { cause });
    this.code = code;
    this.remedy = remedy;
  }
}
