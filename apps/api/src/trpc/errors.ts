// The one place where failures become tRPC errors.
import { randomUUID } from 'node:crypto';
import type { TRPC_ERROR_CODE_KEY, TRPCDefaultErrorShape } from '@trpc/server';
import { TRPCError } from '@trpc/server';
import { getHTTPStatusCodeFromError } from '@trpc/server/http';
import { TRPC_ERROR_CODES_BY_KEY } from '@trpc/server/rpc';
import { ZodError } from 'zod';
import { domainErrorOf, type FailureKind } from '../errors.ts';

const CODES: Record<FailureKind, TRPC_ERROR_CODE_KEY> = {
  invalid: 'BAD_REQUEST',
  unauthenticated: 'UNAUTHORIZED',
  forbidden: 'FORBIDDEN',
  'not-found': 'NOT_FOUND',
  conflict: 'CONFLICT',
  'rate-limited': 'TOO_MANY_REQUESTS',
  unavailable: 'SERVICE_UNAVAILABLE',
};

/** `data` of an error as the console gets it. Domain data (`conflict`, `findings`…) stands beside the common fields. */
export interface ErrorData extends Record<string, unknown> {
  readonly code: TRPC_ERROR_CODE_KEY;
  readonly httpStatus: number;
  readonly path?: string;
  /** MALHAxxxx, listed in docs/errors.md. */
  readonly malhaCode?: string;
  /** Wrong inputs, with their paths. */
  readonly issues?: readonly { readonly path: string; readonly message: string }[];
  /** Finds the log line of an unexpected failure. */
  readonly reference?: string;
}

/** Gives a domain failure its tRPC code, for callers inside the process and for the adapters. */
export function toTrpcError(error: TRPCError): TRPCError {
  const domain = domainErrorOf(error.cause);
  if (!domain || error.code === CODES[domain.kind]) return error;
  return new TRPCError({ code: CODES[domain.kind], message: domain.message, cause: domain });
}

const references = new WeakMap<Error, string>();

/** A short id that stands both in the answer and in the log line of an unexpected error. */
export function referenceOf(error: Error): string {
  const known = references.get(error);
  if (known) return known;
  const reference = randomUUID().slice(0, 8);
  references.set(error, reference);
  return reference;
}

export function formatError(shape: TRPCDefaultErrorShape, original: TRPCError) {
  const error = toTrpcError(original);
  const domain = domainErrorOf(error.cause);
  const path = shape.data.path === undefined ? {} : { path: shape.data.path };
  const common = { code: error.code, httpStatus: getHTTPStatusCodeFromError(error), ...path };
  const code = TRPC_ERROR_CODES_BY_KEY[error.code];
  const answer = (
    message: string,
    data: Record<string, unknown>,
  ): { code: typeof code; message: string; data: ErrorData } => ({
    code,
    message,
    data: { ...data, ...common },
  });

  if (domain) return answer(domain.message, { ...domain.data, malhaCode: domain.code });
  if (error.cause instanceof ZodError) {
    const issues = error.cause.issues.map((issue) => ({ path: issue.path.join('.'), message: issue.message }));
    return answer('The input is not valid.', { issues });
  }
  if (error.code === 'INTERNAL_SERVER_ERROR') {
    // The message may hold SQL or addresses: it is logged, the caller gets its reference.
    const reference = referenceOf(original);
    return answer(`The control plane failed on this. Its log has the reason under ${reference}.`, { reference });
  }
  return answer(error.message, {});
}
