// The little HTTP server that all services of the bookstore share.
import http from 'node:http';
import type { MeshClient } from './mesh-client.ts';

export interface Call {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: unknown;
}

export interface Reply {
  readonly status?: number;
  readonly body: unknown;
}

export interface ServiceContext {
  readonly mesh: MeshClient;
  readonly version: string;
  /** In [0, 1); drives the failures and delays that make the example worth looking at. */
  readonly random: () => number;
}

export type Handler = (call: Call) => Promise<Reply>;

const BODY_MAX_BYTES = 64 * 1024;

/** An answer of another service that the caller cannot do without. */
export class Unavailable extends Error {
  constructor(
    readonly service: string,
    readonly status: number,
  ) {
    super(`${service} answered ${status}`);
  }
}

export function serve(name: string, version: string, handler: Handler): http.Server {
  return http.createServer((request, response) => {
    answer(request, handler)
      .catch((error: unknown): Reply => {
        if (error instanceof Unavailable) return { status: 502, body: { error: error.message } };
        return { status: 500, body: { error: error instanceof Error ? error.message : String(error) } };
      })
      .then((reply) => {
        const body = JSON.stringify(reply.body);
        response.writeHead(reply.status ?? 200, {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
          'x-served-by': `${name}-${version}`,
        });
        response.end(body);
      });
  });
}

async function answer(request: http.IncomingMessage, handler: Handler): Promise<Reply> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > BODY_MAX_BYTES) return { status: 413, body: { error: `body over ${BODY_MAX_BYTES} bytes` } };
    chunks.push(chunk);
  }
  const url = new URL(request.url ?? '/', 'http://bookstore');
  const text = Buffer.concat(chunks).toString('utf8');
  return handler({
    method: request.method ?? 'GET',
    path: url.pathname,
    query: url.searchParams,
    headers: request.headers,
    body: text === '' ? undefined : JSON.parse(text),
  });
}

export function notFound(path: string): Reply {
  return { status: 404, body: { error: `nothing at ${path}` } };
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
