// The client of a WebSocket case over HTTP/2: an extended CONNECT (RFC 8441), then bytes both ways.
import { once } from 'node:events';
import http2 from 'node:http2';
import type net from 'node:net';
import { fieldsOf, ID_HEADER } from './backends.ts';
import type { CaseRequest } from './case.ts';
import { groupedByName } from './header-list.ts';
import type { Answered } from './outcome.ts';

/** As a browser: only where the SETTINGS allow it, and without a key. A tunnel that opens is 101 here, as over HTTP/1.1. */
export async function openTunnel(socket: net.Socket, request: CaseRequest, id: string): Promise<Answered> {
  const { host, path = '/', headers = [], body = '' } = request;
  const session = http2.connect(`http://${host}`, { createConnection: () => socket });
  session.on('error', () => undefined);
  await once(session, 'remoteSettings');
  if (session.remoteSettings.enableConnectProtocol !== true) throw new Error('no SETTINGS_ENABLE_CONNECT_PROTOCOL');
  const stream = session.request({
    ':method': 'CONNECT',
    ':protocol': 'websocket',
    ':scheme': 'http',
    ':authority': host,
    ':path': path,
    'sec-websocket-version': '13',
    [ID_HEADER]: id,
    'x-request-id': id,
    ...groupedByName(headers),
  });
  const [fields] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders];
  const answered = { headers: fieldsOf(Object.entries(fields).flatMap(([name, value]) => [name, String(value)])) };
  const status = Number(fields[':status']);
  const isOpen = status === 200;
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  stream.end(isOpen ? body : undefined);
  await once(stream, 'close');
  session.close();
  return { ...answered, status: isOpen ? 101 : status, body: isOpen ? Buffer.concat(chunks).toString() : '' };
}
