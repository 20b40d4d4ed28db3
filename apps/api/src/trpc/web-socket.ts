// tRPC over WebSocket: origin, bounds on sockets and on what they leave unread, keepalive, end with the session.
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { applyWSSHandler } from '@trpc/server/adapters/ws';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Callers, EndReason } from './callers.ts';
import type { Context } from './context.ts';
import type { TrpcErrorReport } from './http.ts';
import type { Origins } from './origins.ts';
import type { AppRouter } from './root.ts';

const PING_EVERY_MS = 30_000;
const PONG_WITHIN_MS = 10_000;
const MESSAGE_MAX_BYTES = 4 * 1024 * 1024;
const SOCKETS_MAX = 2_000;
/** Tabs of one user. */
const SOCKETS_PER_USER_MAX = 50;
/** A reader that leaves this much unread is cut off; it comes back and reads anew. */
const UNREAD_MAX_BYTES = 16 * 1024 * 1024;
const UNREAD_CHECK_EVERY_MS = 1_000;
/** The event of `session.signedOut` goes out before the close. */
const CLOSE_DELAY_MS = 100;
/** Close codes for applications (RFC 6455 section 7.4.2). */
const CLOSE_CODES: Record<EndReason | 'too many', number> = {
  'session ended': 4401,
  'role changed': 4403,
  'too many': 4429,
};

export interface TrpcWebSocketOptions {
  readonly router: AppRouter;
  readonly callers: Callers;
  readonly origins: Origins;
  readonly onError: (report: TrpcErrorReport) => void;
}

export class TrpcWebSocket {
  readonly #options: TrpcWebSocketOptions;
  readonly #server = new WebSocketServer({ noServer: true, maxPayload: MESSAGE_MAX_BYTES, perMessageDeflate: false });
  readonly #handler: ReturnType<typeof applyWSSHandler>;
  readonly #perUser = new Map<string, number>();
  readonly #unreadCheck: NodeJS.Timeout;

  constructor(options: TrpcWebSocketOptions) {
    this.#options = options;
    this.#handler = applyWSSHandler({
      wss: this.#server,
      router: options.router,
      createContext: ({ req, res }) => this.#contextOf(req, res),
      keepAlive: { enabled: true, pingMs: PING_EVERY_MS, pongWaitMs: PONG_WITHIN_MS },
      onError: ({ error, path, type }) => options.onError({ error, path, type }),
    });
    this.#server.on('error', () => undefined);
    this.#unreadCheck = setInterval(() => this.#cutOffSlowReaders(), UNREAD_CHECK_EVERY_MS);
    this.#unreadCheck.unref();
  }

  get size(): number {
    return this.#server.clients.size;
  }

  /** Takes over an upgrade request for `/trpc`. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (!this.#options.origins.allows(request)) {
      refuse(socket, 403, 'Forbidden');
      return;
    }
    if (this.#server.clients.size >= SOCKETS_MAX) {
      refuse(socket, 503, 'Service Unavailable');
      return;
    }
    this.#server.handleUpgrade(request, socket, head, (client) => {
      client.on('error', () => undefined);
      this.#server.emit('connection', client, request);
    });
  }

  /** Asks every page to connect again (to another replica, or to this one when it is back). */
  drain(): void {
    this.#handler.broadcastReconnectNotification();
  }

  close(): void {
    clearInterval(this.#unreadCheck);
    for (const client of this.#server.clients) client.terminate();
    this.#server.close();
  }

  async #contextOf(request: IncomingMessage, client: WebSocket): Promise<Context> {
    const close = (reason: EndReason) => {
      setTimeout(() => client.close(CLOSE_CODES[reason], reason), CLOSE_DELAY_MS).unref();
    };
    const caller = await this.#options.callers.ofSocket(request.headers, close);
    const { userId } = caller;
    const count = userId === undefined ? 0 : (this.#perUser.get(userId) ?? 0) + 1;
    if (count > SOCKETS_PER_USER_MAX) client.close(CLOSE_CODES['too many'], 'too many sockets of one user');
    if (userId !== undefined) this.#perUser.set(userId, count);
    const onClosed = () => {
      caller.closed();
      if (userId !== undefined) this.#left(userId);
    };
    // It may have gone while the session was being read.
    if (client.readyState === client.CLOSED) onClosed();
    else client.once('close', onClosed);
    return caller.context;
  }

  #left(userId: string): void {
    const count = (this.#perUser.get(userId) ?? 1) - 1;
    if (count > 0) this.#perUser.set(userId, count);
    else this.#perUser.delete(userId);
  }

  #cutOffSlowReaders(): void {
    for (const client of this.#server.clients) if (client.bufferedAmount > UNREAD_MAX_BYTES) client.terminate();
  }
}

export function refuse(socket: Duplex, status: number, reason: string): void {
  socket.on('error', () => undefined);
  socket.end(`HTTP/1.1 ${status} ${reason}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
