// A small HTTP server for operators and probes: fixed paths, no bodies taken, nothing a browser's page could trigger.
import http from 'node:http';
import { isIP } from 'node:net';

const HEAD_TIMEOUT_MS = 5_000;
const CONNECTIONS_MAX = 64;

export interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

export interface Route {
  readonly method: 'GET' | 'POST';
  readonly help: string;
  handle(): Answer | Promise<Answer>;
}

export type Routes = Readonly<Record<string, Route>>;

export interface HttpEndpoint {
  readonly port: number;
  close(): void;
}

export const json = (value: unknown, status = 200): Answer => ({
  status,
  contentType: 'application/json',
  body: `${JSON.stringify(value, encodeOddities, 2)}\n`,
});

export const text = (body: string, status = 200): Answer => ({
  status,
  contentType: 'text/plain; charset=utf-8',
  body,
});

export function openHttpEndpoint(address: string, port: number, routes: Routes): Promise<HttpEndpoint> {
  const server = http.createServer({ maxHeaderSize: 8 * 1024 }, (request, response) => {
    void answer(routes, request).then((result) => {
      const body = Buffer.from(result.body);
      response.writeHead(result.status, {
        'content-type': result.contentType,
        'content-length': body.length,
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        ...(result.status === 405 ? { allow: allowed(routes, request) } : {}),
      });
      response.end(request.method === 'HEAD' ? undefined : body);
    });
  });
  server.headersTimeout = HEAD_TIMEOUT_MS;
  server.requestTimeout = HEAD_TIMEOUT_MS;
  server.maxConnections = CONNECTIONS_MAX;
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: address, port }, () => {
      const bound = server.address();
      resolve({
        port: typeof bound === 'object' && bound !== null ? bound.port : port,
        close() {
          server.close();
          server.closeAllConnections();
        },
      });
    });
  });
}

async function answer(routes: Routes, request: http.IncomingMessage): Promise<Answer> {
  request.resume();
  const route = routes[pathOf(request)];
  if (!isDirect(request)) return text('only for direct use: by address, not from a web page\n', 403);
  if (route === undefined) return text('not found; see /help\n', 404);
  const method = request.method === 'HEAD' ? 'GET' : request.method;
  if (method !== route.method) return text(`use ${route.method}\n`, 405);
  try {
    return await route.handle();
  } catch (error) {
    return text(`${error instanceof Error ? error.message : String(error)}\n`, 500);
  }
}

function allowed(routes: Routes, request: http.IncomingMessage): string {
  return routes[pathOf(request)]?.method ?? 'GET';
}

function pathOf(request: http.IncomingMessage): string {
  return (request.url ?? '').split('?', 1)[0] ?? '';
}

/**
 * A page in the operator's browser can reach loopback addresses: by a cross-site request (it carries Origin) or by a
 * name of its own that resolves here (its Host is no address). Both are refused.
 */
function isDirect(request: http.IncomingMessage): boolean {
  if (request.headers.origin !== undefined) return false;
  const site = request.headers['sec-fetch-site'];
  if (site !== undefined && site !== 'none' && site !== 'same-origin') return false;
  const host = /^(?:\[([^\]]+)\]|([^:]+))(?::\d+)?$/.exec(request.headers.host ?? '');
  const name = host?.[1] ?? host?.[2] ?? '';
  return name === 'localhost' || isIP(name) !== 0;
}

/** Values that JSON does not know, as people read them. */
function encodeOddities(_: string, value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (value instanceof Map) return Object.fromEntries(value);
  if (value instanceof Set) return [...value];
  if (value instanceof Float64Array || value instanceof Uint32Array) return [...value];
  return value;
}
