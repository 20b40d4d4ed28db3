// Raw bytes to a port and back, and an upstream that shows exactly which bytes reached it.
import { connect, createServer, type Server, type Socket } from 'node:net';

/**
 * Sends pieces one after another; resolves with all that came back when the other side closes, `until` matches it, or
 * `quietMs` passed in silence.
 */
export function exchangeBytes(
  port: number,
  pieces: string | readonly string[],
  options: { readonly quietMs?: number; readonly end?: boolean; readonly gapMs?: number; readonly until?: RegExp } = {},
): Promise<{ text: string; closed: boolean }> {
  const list = typeof pieces === 'string' ? [pieces] : pieces;
  return new Promise((resolve) => {
    let text = '';
    let quiet: NodeJS.Timeout | undefined;
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    const finish = (closed: boolean) => {
      clearTimeout(quiet);
      socket.destroy();
      resolve({ text, closed });
    };
    const wait = () => {
      clearTimeout(quiet);
      quiet = setTimeout(() => finish(false), options.quietMs ?? 250);
    };
    socket.on('connect', async () => {
      for (const [index, piece] of list.entries()) {
        if (index > 0) await new Promise((done) => setTimeout(done, options.gapMs ?? 5));
        if (socket.destroyed) return;
        socket.write(piece, 'latin1');
      }
      if (options.end === true) socket.end();
      wait();
    });
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      if (options.until?.test(text)) finish(false);
      else wait();
    });
    socket.on('end', () => finish(true));
    socket.on('error', () => finish(true));
  });
}

/** Of this century, unlike that of `OK`. */
const OWN_DATE = /^date: \w{3}, \d{2} \w{3} 20\d{2} [\d:]{8} GMT\r\n/gm;

/** The same without the Date that the proxy adds where the upstream says none: for what is compared byte by byte. */
export async function exchangeUndated(...exchange: Parameters<typeof exchangeBytes>): ReturnType<typeof exchangeBytes> {
  const { text, closed } = await exchangeBytes(...exchange);
  return { text: text.replaceAll(OWN_DATE, ''), closed };
}

export interface RawUpstream {
  readonly port: number;
  /** All bytes that arrived, over all connections. */
  received(): string;
  connections(): number;
  close(): void;
}

/** `answer` gets each connection's whole text so far and the chunk number; what it returns is written. */
export async function rawUpstream(answer: (socket: Socket, text: string) => void): Promise<RawUpstream> {
  let received = '';
  let connections = 0;
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    connections++;
    sockets.add(socket);
    let text = '';
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString('latin1');
      text += chunk.toString('latin1');
      answer(socket, text);
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the upstream has no port');
  return {
    port: address.port,
    received: () => received,
    connections: () => connections,
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

/** With a Date, as applications send one: the proxy adds what is missing. */
export const OK = 'HTTP/1.1 200 OK\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\r\ncontent-length: 2\r\n\r\nok';

/** Answers each complete request head (without body) with 200 and `ok`. */
export function answerOk(socket: Socket, text: string): void {
  if (text.endsWith('\r\n\r\n')) socket.write(OK);
}
