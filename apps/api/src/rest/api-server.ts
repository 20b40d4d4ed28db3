// The HTTP server on the api's port: tRPC, REST, the console's password check, health.
import { timingSafeEqual } from 'node:crypto';
import http from 'node:http';
import { isIP } from 'node:net';
import { z } from 'zod';
import { NotSignedIn, type Principal } from '../auth/principal.ts';
import type { UserRepository } from '../auth/repository.ts';
import { principalOf } from '../auth/sessions.ts';
import type { SignIn } from '../auth/sign-in.ts';
import { hashToken } from '../auth/users.ts';
import { orAway } from '../db/away.ts';
import type { Callers } from '../trpc/callers.ts';
import { TRPC_PATH } from '../trpc/http.ts';
import type { Origins } from '../trpc/origins.ts';
import { refuse, type TrpcWebSocket } from '../trpc/web-socket.ts';
import { readJson, sendFailure, sendJson } from './http-json.ts';
import { listen } from './open-port.ts';
import type { Operations } from './operations.ts';
import { handleRoute } from './routes.ts';

const API_PREFIX = '/api/v1';
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;
const KEEP_ALIVE_MS = 65_000;
const CONNECTIONS_MAX = 10_000;
const CREDENTIALS_MAX_BYTES = 4_096;

const credentials = z.object({ email: z.string().max(254), password: z.string().max(1_000) });

export interface ApiServerOptions {
  readonly host: string;
  readonly port: number;
  readonly internalSecret: string;
  readonly trpc: (request: http.IncomingMessage, response: http.ServerResponse) => void;
  readonly webSocket: TrpcWebSocket;
  readonly callers: Callers;
  readonly origins: Origins;
  readonly signIn: SignIn;
  readonly users: UserRepository;
  readonly operations: Operations;
  readonly now: () => number;
  /** Whether this replica can serve: resources and registry were read once. */
  readonly isReady: () => boolean;
  readonly onUnexpected: (error: unknown) => void;
}

export class ApiServer {
  readonly #options: ApiServerOptions;
  readonly #server: http.Server;

  constructor(options: ApiServerOptions) {
    this.#options = options;
    const timeouts = { headersTimeout: HEADERS_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS };
    this.#server = http.createServer({ ...timeouts, keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
      this.#serve(request, response).catch((error: unknown) => sendFailure(response, error, options.onUnexpected));
    });
    this.#server.maxConnections = CONNECTIONS_MAX;
    this.#server.on('upgrade', (request, socket, head) => {
      const [path] = (request.url ?? '').split('?');
      if (path === '/trpc' || path === TRPC_PATH) options.webSocket.handleUpgrade(request, socket, head);
      else refuse(socket, 404, 'Not Found');
    });
  }

  listen(): Promise<{ readonly port: number }> {
    const { host, port } = this.#options;
    return listen(this.#server, host, port);
  }

  /** Accepts nothing more; calls in flight have `deadlineMs` to finish. */
  async drain(deadlineMs: number): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#options.webSocket.drain();
    this.#options.webSocket.close();
    this.#server.closeIdleConnections();
    const timer = setTimeout(() => this.#server.closeAllConnections(), deadlineMs);
    await closed;
    clearTimeout(timer);
  }

  async #serve(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://api');
    const { pathname } = url;
    if (pathname.startsWith(TRPC_PATH)) return this.#options.trpc(request, response);
    if (pathname === '/healthz') return sendJson(response, 200, { status: 'ok' });
    if (pathname === '/readyz') {
      const isReady = this.#options.isReady();
      return sendJson(response, isReady ? 200 : 503, { status: isReady ? 'ready' : 'starting' });
    }
    if (pathname === '/internal/verify-password') return this.#verifyPassword(request, response);
    if (pathname.startsWith(`${API_PREFIX}/`)) return this.#rest(request, response, url);
    sendJson(response, 404, { code: 'MALHA5034', message: `There is no ${pathname}.` });
  }

  async #rest(request: http.IncomingMessage, response: http.ServerResponse, url: URL): Promise<void> {
    if (request.method !== 'GET' && !this.#options.origins.allows(request)) {
      return sendJson(response, 403, { code: 'MALHA5041', message: 'This page may not use the control plane.' });
    }
    const principal = await this.#principalOf(request);
    if (!principal) throw new NotSignedIn();
    url.pathname = url.pathname.slice(API_PREFIX.length);
    const isKnown = await handleRoute(this.#options.operations, { type: 'user', principal }, request, response, url);
    if (!isKnown)
      sendJson(response, 404, { code: 'MALHA5034', message: `There is no ${request.method} ${url.pathname}.` });
  }

  /** A bearer token, else the console's cookie. */
  async #principalOf(request: http.IncomingMessage): Promise<Principal | undefined> {
    const [, token] = /^Bearer +(malha_[A-Za-z0-9_-]{43})$/i.exec(request.headers.authorization ?? '') ?? [];
    if (token === undefined) {
      if (request.headers.authorization !== undefined) return undefined;
      return (await this.#options.callers.ofRequest(request.headers)).authenticate();
    }
    const user = await orAway(() => this.#options.users.findByTokenHash(hashToken(token), this.#options.now()));
    return user && !user.isDisabled ? principalOf(user) : undefined;
  }

  /** Only for the console beside this process, which has the secret. */
  async #verifyPassword(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const secret = request.headers['x-malha-internal'];
    const isConsole = typeof secret === 'string' && isSame(secret, this.#options.internalSecret);
    if (!isConsole || request.method !== 'POST' || !isLoopback(request.socket.remoteAddress)) {
      return sendJson(response, 404, { code: 'MALHA5034', message: 'There is no such path.' });
    }
    const { email, password } = credentials.parse(await readJson(request, CREDENTIALS_MAX_BYTES));
    const user = await this.#options.signIn.verify(email, password);
    if (user) sendJson(response, 200, user);
    else sendJson(response, 401, { code: 'MALHA5040', message: 'Name and password do not fit.' });
  }
}

function isSame(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function isLoopback(address: string | undefined): boolean {
  if (address === undefined || isIP(address) === 0) return false;
  return address === '::1' || /^(::ffff:)?127\./.test(address);
}
