// The backend of a WebSocket case: the handshake of RFC 6455, then bytes that go back as they come.
import { createHash } from 'node:crypto';
import type http from 'node:http';
import type { Duplex } from 'node:stream';
import type { Answer } from './case.ts';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

export function acceptOf(key: string): string {
  return createHash('sha1').update(`${key}${GUID}`).digest('base64');
}

export interface UpgradeOptions {
  readonly headers: Readonly<Record<string, string>>;
  /** Keeps the request, and says what is scripted for it. */
  readonly seen: (request: http.IncomingMessage) => Answer;
}

/** Answers 101, unless the case scripts a status. */
export function serveUpgrades(server: http.Server, { headers, seen }: UpgradeOptions): void {
  const fields = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  server.on('upgrade', (request: http.IncomingMessage, socket: Duplex, first: Buffer) => {
    socket.on('error', () => undefined);
    const answer = seen(request);
    if (typeof answer === 'number' && answer !== 200) {
      socket.end(`HTTP/1.1 ${answer} Refused\r\n${fields.join('')}content-length: 0\r\n\r\n`);
      return;
    }
    const accept = acceptOf(String(request.headers['sec-websocket-key'] ?? ''));
    const handshake = `Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\n`;
    socket.write(`HTTP/1.1 101 Switching Protocols\r\n${handshake}${fields.join('')}\r\n`);
    socket.write(first);
    socket.pipe(socket);
  });
}
