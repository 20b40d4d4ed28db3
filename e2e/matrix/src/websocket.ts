// Both ends of a WebSocket case: the handshake of RFC 6455, then bytes that the backend sends back as they come.
import { createHash } from 'node:crypto';
import http from 'node:http';
import type net from 'node:net';
import type { Duplex } from 'node:stream';
import { BACKEND_HEADERS, fieldsOf, ID_HEADER } from './backends.ts';
import type { Answer, CaseRequest } from './case.ts';
import type { Answered } from './client.ts';
import type { SeenRequest } from './outcome.ts';

const KEY = Buffer.from('the matrix key 1').toString('base64');
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

function acceptOf(key: string): string {
  return createHash('sha1').update(`${key}${GUID}`).digest('base64');
}

/** The body of the answer is what came back through the tunnel; an answer that is no upgrade is taken as it is. */
export function sendUpgrade(socket: net.Socket, request: CaseRequest, id: string): Promise<Answered> {
  const { host, path = '/', headers = [], body = '' } = request;
  return new Promise((resolve, reject) => {
    socket.on('error', reject);
    const handshake = ['Connection', 'Upgrade', 'Upgrade', 'websocket', 'Sec-WebSocket-Version', '13'];
    const own = ['Host', host, ID_HEADER, id, 'x-request-id', id, 'Sec-WebSocket-Key', KEY];
    const outgoing = http.request({
      path,
      setHost: false,
      headers: [...own, ...handshake, ...headers.flat()],
      createConnection: () => socket,
    });
    outgoing.on('error', reject);
    outgoing.on('response', (incoming) => {
      incoming.resume();
      incoming.on('error', reject);
      incoming.on('end', () =>
        resolve({ status: incoming.statusCode ?? 0, headers: fieldsOf(incoming.rawHeaders), body: '' }),
      );
    });
    outgoing.on('upgrade', (incoming, tunnel, first) => {
      if (incoming.headers['sec-websocket-accept'] !== acceptOf(KEY)) {
        reject(new Error('the handshake is not of this request'));
        return;
      }
      const answered = { status: incoming.statusCode ?? 0, headers: fieldsOf(incoming.rawHeaders) };
      let text = first.toString();
      const finish = () => {
        if (text.length >= body.length) resolve({ ...answered, body: text });
      };
      tunnel.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        finish();
      });
      tunnel.on('end', () => resolve({ ...answered, body: text }));
      tunnel.write(body);
      finish();
    });
    outgoing.end();
  });
}

export interface UpgradeScript {
  readonly seen: SeenRequest[];
  readonly answer: Answer;
}

/** `backend` answers 101 and sends back what it gets, unless the case scripts a status. */
export function serveUpgrades(server: http.Server, backend: string, scriptOf: (id: string) => UpgradeScript): void {
  server.on('upgrade', (request: http.IncomingMessage, socket: Duplex, first: Buffer) => {
    socket.on('error', () => undefined);
    const script = scriptOf(String(request.headers[ID_HEADER] ?? ''));
    script.seen.push({
      backend,
      method: request.method ?? '',
      path: request.url ?? '',
      host: request.headers.host ?? '',
      headers: fieldsOf(request.rawHeaders),
      body: '',
    });
    const fields = Object.entries(BACKEND_HEADERS).map(([name, value]) => `${name}: ${value}\r\n`);
    const { answer } = script;
    if (typeof answer === 'number' && answer !== 200) {
      socket.end(`HTTP/1.1 ${answer} Refused\r\n${fields.join('')}content-length: 0\r\n\r\n`);
      return;
    }
    const accept = acceptOf(String(request.headers['sec-websocket-key'] ?? ''));
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\n${fields.join('')}\r\n`,
    );
    socket.write(first);
    socket.pipe(socket);
  });
}
