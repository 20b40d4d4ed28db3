// The client of a WebSocket case: the handshake of RFC 6455, then bytes through the tunnel.
import http from 'node:http';
import type net from 'node:net';
import { fieldsOf, ID_HEADER } from './backends.ts';
import type { CaseRequest } from './case.ts';
import type { Answered } from './outcome.ts';
import { acceptOf } from './websocket-backend.ts';

const KEY = Buffer.from('the matrix key 1').toString('base64');

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
