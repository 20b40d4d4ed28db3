// The whole control plane in this process, on a throw-away database and free ports.
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import type { ThrowAwayPostgres } from '@malha/embedded-postgres';
import { createTRPCClient, createWSClient, httpLink, splitLink, wsLink } from '@trpc/client';
import { encode } from 'next-auth/jwt';
import pino from 'pino';
import superjson from 'superjson';
import { WebSocket } from 'ws';
import { type App, startApp } from '../src/app.ts';
import { readConfig } from '../src/config.ts';
import { startTestDatabase } from '../src/db/testing.ts';
import type { AppRouter } from '../src/trpc/root.ts';

const SESSION_SECRET = 'session-secret-of-the-tests';
const INTERNAL_SECRET = 'internal-secret-of-the-tests';

export interface Answer {
  readonly status: number;
  /** JSON, of many shapes: each test parses or compares its own. */
  readonly body: unknown;
}

export interface StartedApp {
  readonly postgres: ThrowAwayPostgres;
  readonly app: App;
  readonly url: string;
  readonly socket: string;
  /** Another replica on the same database. */
  startReplica(): Promise<StartedApp>;
  verifyPassword(email: string, password: string, secret?: string): Promise<Answer>;
  cookieOf(user: { id: string; sessionVersion: number }, maxAgeSeconds?: number): Promise<string>;
  client(cookie: string | undefined): TestClient;
  admin(method: string, target: string, body?: string, headers?: Record<string, string>): Promise<Answer>;
  stop(): Promise<void>;
}

export interface TestClient {
  readonly trpc: ReturnType<typeof createTRPCClient<AppRouter>>;
  /** Of the WebSocket, in order. */
  readonly closeCodes: readonly number[];
  close(): Promise<void>;
}

export async function startedApp(): Promise<StartedApp> {
  const postgres = await startTestDatabase({ restart: true });
  try {
    return await start(postgres, true);
  } catch (error) {
    await postgres.stop();
    throw error;
  }
}

async function start(postgres: ThrowAwayPostgres, ownsPostgres: boolean): Promise<StartedApp> {
  const stateDir = fs.mkdtempSync(path.join(os.tmpdir(), 'malha-api-'));
  const anyPort = ['API', 'XDS', 'JOIN', 'XDS_PLAINTEXT', 'METRICS', 'OTLP_GRPC', 'OTLP_HTTP'];
  const config = readConfig(
    {
      ...Object.fromEntries(anyPort.map((name) => [`MALHA_${name}_PORT`, '0'])),
      DATABASE_URL: postgres.url,
      MALHA_STATE_DIR: stateDir,
      MALHA_SEAL_KEY: Buffer.alloc(32, 7).toString('base64'),
      NEXTAUTH_SECRET: SESSION_SECRET,
      MALHA_INTERNAL_SECRET: INTERNAL_SECRET,
      MALHA_CONSOLE_URL: 'http://localhost:4400',
      MALHA_DRAIN_MS: '500',
    },
    stateDir,
  );
  const clock = { now: () => Date.now(), monotonic: () => performance.now() };
  const app = await startApp({ config, logger: pino({ level: 'silent' }), clock, random: Math.random });
  const url = `http://127.0.0.1:${app.ports.api}`;
  const socket = path.join(stateDir, 'api.sock');
  return {
    ...{ postgres, app, url, socket },
    startReplica: () => start(postgres, false),
    async verifyPassword(email, password, secret = INTERNAL_SECRET) {
      const response = await fetch(`${url}/internal/verify-password`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-malha-internal': secret },
        body: JSON.stringify({ email, password }),
      });
      return { status: response.status, body: await response.json() };
    },
    async cookieOf({ id, sessionVersion }, maxAge = 3_600) {
      const token = await encode({ token: { sub: id, sessionVersion }, secret: SESSION_SECRET, maxAge });
      return `next-auth.session-token=${token}`;
    },
    client: (cookie) => createClient(url, cookie),
    admin: (method, target, body, headers) => request(socket, method, target, body, headers),
    async stop() {
      await app.stop();
      if (ownsPostgres) await postgres.stop();
      fs.rmSync(stateDir, { recursive: true, force: true });
    },
  };
}

function createClient(url: string, cookie: string | undefined): TestClient {
  const headers = cookie === undefined ? {} : { cookie };
  const closeCodes: number[] = [];
  class SocketWithCookie extends WebSocket {
    constructor(address: string) {
      super(address, { headers: { ...headers, origin: 'http://localhost:4400' } });
      this.on('close', (code) => closeCodes.push(code));
    }
  }
  const socket = createWSClient({
    url: `${url.replace('http', 'ws')}/trpc`,
    WebSocket: SocketWithCookie as unknown as typeof globalThis.WebSocket,
    lazy: { enabled: true, closeMs: 10_000 },
    retryDelayMs: () => 20,
  });
  const trpc = createTRPCClient<AppRouter>({
    links: [
      splitLink({
        condition: ({ type }) => type === 'subscription',
        true: wsLink({ client: socket, transformer: superjson }),
        false: httpLink({ url: `${url}/trpc`, transformer: superjson, headers }),
      }),
    ],
  });
  return { trpc, closeCodes, close: async () => void (await socket.close()) };
}

function request(
  socketPath: string,
  method: string,
  target: string,
  body?: string,
  headers: Record<string, string> = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = http.request({ socketPath, method, path: target, headers, timeout: 10_000 }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, body: JSON.parse(Buffer.concat(chunks).toString()) });
      });
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error('no answer')));
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
