// The local admin socket: whoever may open the file (mode 0600) is an administrator of this control plane.
import { once } from 'node:events';
import { chmod, mkdir, rm } from 'node:fs/promises';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { DomainError } from '../errors.ts';
import { sendFailure, sendJson } from './http-json.ts';
import type { Operations } from './operations.ts';
import { handleRoute } from './routes.ts';

const PROBE_TIMEOUT_MS = 1_000;
const AUTHOR_LENGTH_MAX = 200;

export class AdminSocketTaken extends DomainError {
  override readonly name = 'AdminSocketTaken';
  constructor(file: string) {
    super(
      'conflict',
      'MALHA5031',
      `Another control plane answers on ${file}: stop it, or use another MALHA_STATE_DIR.`,
    );
  }
}

export interface AdminSocketOptions {
  readonly file: string;
  readonly operations: Operations;
  readonly onUnexpected: (error: unknown) => void;
}

export interface AdminSocket {
  close(): Promise<void>;
}

export async function openAdminSocket({ file, operations, onUnexpected }: AdminSocketOptions): Promise<AdminSocket> {
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  if (await answers(file)) throw new AdminSocketTaken(file);
  // Left by a process that was killed.
  await rm(file, { force: true });
  const server = http.createServer({ requestTimeout: 30_000 }, (request, response) => {
    serve(operations, request, response).catch((error: unknown) => sendFailure(response, error, onUnexpected));
  });
  server.listen(file);
  await once(server, 'listening');
  await chmod(file, 0o600);
  return {
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function serve(operations: Operations, request: http.IncomingMessage, response: http.ServerResponse) {
  const url = new URL(request.url ?? '/', 'http://local');
  const author = request.headers['x-malha-author'];
  const name = typeof author === 'string' && author.trim() !== '' ? author.trim().slice(0, AUTHOR_LENGTH_MAX) : 'local';
  if (url.pathname === '/users/first' && (request.method === 'GET' || request.method === 'POST')) {
    sendJson(response, 200, await operations.firstSignIn());
    return;
  }
  if (await handleRoute(operations, { type: 'local', author: name }, request, response, url)) return;
  sendJson(response, 404, { code: 'MALHA5034', message: `There is no ${request.method} ${url.pathname}.` });
}

function answers(file: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(file);
    const done = (isThere: boolean) => {
      socket.destroy();
      resolve(isThere);
    };
    socket.setTimeout(PROBE_TIMEOUT_MS, () => done(true));
    socket.once('connect', () => done(true));
    socket.once('error', () => done(false));
  });
}
