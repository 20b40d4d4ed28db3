// Who is behind a connection: reads the cookie once, asks for the session anew on each call, ends sockets with sessions.

import type { IncomingHttpHeaders } from 'node:http';
import { isDeepStrictEqual } from 'node:util';
import { readSessionCookie } from '../auth/cookie.ts';
import type { Principal } from '../auth/principal.ts';
import type { SessionClaim, Sessions } from '../auth/sessions.ts';
import type { Context } from './context.ts';

export interface CallersOptions {
  readonly sessions: Sessions;
  readonly sessionSecret: string;
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
  readonly onError: (error: unknown) => void;
}

/** One open socket. */
interface OpenSocket {
  readonly claim: SessionClaim;
  readonly ended: AbortController;
  readonly close: (reason: EndReason) => void;
  principal: Principal | undefined;
}

export type EndReason = 'session ended' | 'role changed';

export interface SocketCaller {
  readonly context: Context;
  /** Undefined for a socket without a session. */
  readonly userId: string | undefined;
  /** Tells that the socket is closed. */
  closed(): void;
}

const NEVER = new AbortController().signal;
/** 24.8 days. */
const TIMER_MAX_MS = 2_147_483_647;

export class Callers {
  readonly #options: CallersOptions;
  readonly #sockets = new Set<OpenSocket>();
  readonly #stopListening: () => void;

  constructor(options: CallersOptions) {
    this.#options = options;
    this.#stopListening = options.sessions.onChange((userId) => void this.#recheck(userId));
  }

  async ofRequest(headers: IncomingHttpHeaders): Promise<Context> {
    const claim = await readSessionCookie(headers, this.#options.sessionSecret);
    return { authenticate: () => this.#resolve(claim), sessionEnded: NEVER };
  }

  /** `close` is called when the session ends or its roles change; the console connects again by itself. */
  async ofSocket(headers: IncomingHttpHeaders, close: (reason: EndReason) => void): Promise<SocketCaller> {
    const claim = await readSessionCookie(headers, this.#options.sessionSecret);
    const principal = await this.#resolve(claim);
    if (!claim || !principal) {
      const context = { authenticate: async () => undefined, sessionEnded: NEVER };
      return { context, userId: undefined, closed: () => undefined };
    }
    const socket: OpenSocket = { claim, close, principal, ended: new AbortController() };
    this.#sockets.add(socket);
    // Beyond what a timer can hold it would fire at once; a socket that old has long been closed by the console.
    const lifeMs = Math.min(claim.expiresAtMs - this.#options.now(), TIMER_MAX_MS);
    const expiry = setTimeout(() => this.#end(socket, 'session ended'), lifeMs);
    expiry.unref();
    return {
      context: { authenticate: () => this.#resolve(claim), sessionEnded: socket.ended.signal },
      userId: claim.userId,
      closed: () => {
        clearTimeout(expiry);
        this.#sockets.delete(socket);
      },
    };
  }

  stop(): void {
    this.#stopListening();
  }

  async #resolve(claim: SessionClaim | undefined): Promise<Principal | undefined> {
    if (!claim || claim.expiresAtMs <= this.#options.now()) return undefined;
    return this.#options.sessions.resolve(claim);
  }

  async #recheck(userId: string | undefined): Promise<void> {
    const concerned = [...this.#sockets].filter(({ claim }) => userId === undefined || claim.userId === userId);
    for (const socket of concerned) {
      try {
        const principal = await this.#resolve(socket.claim);
        if (!principal) this.#end(socket, 'session ended');
        else if (!isDeepStrictEqual(principal, socket.principal)) this.#end(socket, 'role changed');
      } catch (error) {
        // Postgres is away: asked again when the notifications are back, and by each call.
        this.#options.onError(error);
      }
    }
  }

  #end(socket: OpenSocket, reason: EndReason): void {
    if (!this.#sockets.delete(socket)) return;
    socket.ended.abort(reason);
    socket.close(reason);
  }
}
