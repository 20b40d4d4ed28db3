// tRPC over HTTP, and what every unexpected failure of a procedure leaves in the log.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TRPCError } from '@trpc/server';
import { createHTTPHandler } from '@trpc/server/adapters/standalone';
import type { Logger } from 'pino';
import type { Callers } from './callers.ts';
import { referenceOf, toTrpcError } from './errors.ts';
import type { Origins } from './origins.ts';
import type { AppRouter } from './root.ts';

export const TRPC_PATH = '/trpc/';
const BODY_MAX_BYTES = 4 * 1024 * 1024;
const BATCH_MAX = 50;

export interface TrpcErrorReport {
  readonly error: TRPCError;
  readonly path: string | undefined;
  readonly type: string;
}

export interface TrpcHttpOptions {
  readonly router: AppRouter;
  readonly callers: Callers;
  readonly origins: Origins;
  readonly onError: (report: TrpcErrorReport) => void;
}

export function createTrpcHandler({ router, callers, origins, onError }: TrpcHttpOptions) {
  const handle = createHTTPHandler({
    router,
    createContext: ({ req }) => callers.ofRequest(req.headers),
    basePath: TRPC_PATH,
    maxBodySize: BODY_MAX_BYTES,
    maxBatchSize: BATCH_MAX,
    // Drafts are too long for a URL: reading with them comes as POST, from the same origin only.
    allowMethodOverride: true,
    onError: ({ error, path, type }) => onError({ error, path, type }),
  });
  return (request: IncomingMessage, response: ServerResponse): void => {
    // A GET of another site cannot be read there; anything else could act.
    if (request.method !== 'GET' && !origins.allows(request)) {
      response.writeHead(403, { 'content-type': 'text/plain' }).end('This page may not use the control plane.');
      return;
    }
    response.setHeader('cache-control', 'no-store');
    handle(request, response);
  };
}

/** What the caller is told in words is no log line; what it is told by reference is. */
export function createErrorReporter(logger: Logger): (report: TrpcErrorReport) => void {
  return ({ error, path, type }) => {
    const converted = toTrpcError(error);
    if (converted.code !== 'INTERNAL_SERVER_ERROR') return;
    logger.error({ err: error.cause ?? error, path, type, reference: referenceOf(error) }, 'a procedure failed');
  };
}
