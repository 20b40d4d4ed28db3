// The base of every failure that a caller of the api can do something about; the edges (tRPC, REST) convert it.

/** What kind of answer a failure is, independent of the protocol. */
export type FailureKind =
  | 'invalid'
  | 'unauthenticated'
  | 'forbidden'
  | 'not-found'
  | 'conflict'
  | 'rate-limited'
  | 'unavailable';

export class DomainError extends Error {
  override readonly name: string = 'DomainError';
  /** Stable, listed in docs/errors.md: `MALHA5020`. */
  readonly code: string;
  readonly kind: FailureKind;
  /** What a program needs to go on, such as the current revision of a conflict. Sent to the caller. */
  readonly data: Readonly<Record<string, unknown>>;

  constructor(
    kind: FailureKind,
    code: string,
    message: string,
    options: { readonly data?: Readonly<Record<string, unknown>>; readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.kind = kind;
    this.code = code;
    this.data = options.data ?? {};
  }
}

/** The domain error behind a wrapped one, if there is any. */
export function domainErrorOf(error: unknown): DomainError | undefined {
  for (let cause = error, depth = 0; cause instanceof Error && depth < 5; cause = cause.cause, depth++) {
    if (cause instanceof DomainError) return cause;
  }
  return undefined;
}
