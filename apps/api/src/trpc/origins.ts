// Which pages may use the api with a browser's cookie.
import type { IncomingMessage } from 'node:http';

const LOOPBACK_NAMES = ['localhost', '127.0.0.1', '[::1]'];

export class Origins {
  readonly #allowed: ReadonlySet<string>;

  /** A console on a loopback name may be opened by each of them. */
  constructor(consoleOrigins: readonly string[]) {
    this.#allowed = new Set(consoleOrigins.flatMap(withLoopbackNames));
  }

  /**
   * Browsers send Origin with every WebSocket and every POST to another site; without one it is not a page that asks,
   * and a program has no cookie that it was not given.
   */
  allows(request: IncomingMessage): boolean {
    const { origin } = request.headers;
    return origin === undefined || this.#allowed.has(origin);
  }
}

function withLoopbackNames(origin: string): string[] {
  const url = new URL(origin);
  if (!LOOPBACK_NAMES.includes(url.hostname)) return [origin];
  return LOOPBACK_NAMES.map((name) => `${url.protocol}//${name}${url.port === '' ? '' : `:${url.port}`}`);
}
