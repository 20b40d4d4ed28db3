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
  const said = isOpen ? await heard(stream, body) : '';
  stream.close(http2.constants.NGHTTP2_CANCEL);
  session.close();
  return { ...answered, status: isOpen ? 101 : status, body: said };
}

/** As much as went out. Nobody ends its half: Envoy takes that for the end of both. */
async function heard(stream: http2.ClientHttp2Stream, words: string): Promise<string> {
  let text = '';
  stream.write(words);
  while (text.length < words.length) text += String((await once(stream, 'data'))[0]);
  return text;
}
