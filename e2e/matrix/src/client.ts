// The client of a case: sends a request as it stands there, over HTTP/1.1, HTTP/2 or as a gRPC call.
import http from 'node:http';
import http2 from 'node:http2';
import net from 'node:net';
import tls from 'node:tls';
import type { TestIdentity } from '@malha/testing/test-ca';
import { fieldsOf, ID_HEADER } from './backends.ts';
import type { CaseRequest } from './case.ts';
import { isOfLines, sendLine } from './greeter.ts';
import { grpcCodeOf } from './grpc-status.ts';
import { groupedByName } from './header-list.ts';
import type { Answered } from './outcome.ts';
import { openTunnel } from './tunnel-client.ts';
import { sendUpgrade } from './websocket-client.ts';

/** Where a request goes, and what the client proves there; plaintext without an identity. */
export interface Target {
  readonly address: string;
  readonly port: number;
  readonly tls?: { readonly identity?: TestIdentity; readonly serverName: string };
}

const CLOSED: Answered = { status: 'closed', headers: [] };
const DEADLINE_MS = 20_000;

/** One connection for each request. A connection that ends without an answer is an outcome, silence is an error. */
export async function send(target: Target, request: CaseRequest, id: string): Promise<Answered> {
  const isUpgrade = request.protocol === 'websocket';
  const isHttp1 = isUpgrade || request.protocol === undefined || request.protocol === 'http/1.1';
  const socket = connect(target, isHttp1 ? 'http/1.1' : 'h2');
  const deadline = setTimeout(() => socket.destroy(new SilenceError(request)), DEADLINE_MS);
  try {
    if (request.protocol === 'h2-websocket') return await openTunnel(socket, request, id);
    if (isOfLines(request)) return await sendLine(socket, request, id);
    if (isUpgrade) return await sendUpgrade(socket, request, id);
    return await (isHttp1 ? sendHttp1(socket, request, id) : sendHttp2(socket, request, id));
  } catch (error) {
    if (error instanceof SilenceError || !isClosing(error)) throw error;
    return CLOSED;
  } finally {
    clearTimeout(deadline);
    socket.destroy();
  }
}

class SilenceError extends Error {
  constructor({ method = 'GET', host, path = '/' }: CaseRequest) {
    super(`no answer to ${method} ${host}${path} within ${DEADLINE_MS} ms`);
  }
}

/** A peer that refuses a certificate or plaintext ends the connection, with an alert or without a word; no port is as good. */
function isClosing(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return ['ECONNREFUSED', 'ECONNRESET', 'EPIPE'].includes(code) || /^ERR_SSL|^ERR_HTTP2/.test(code);
}

function connect({ address, port, tls: secured }: Target, alpn: string): net.Socket {
  if (secured === undefined) return net.connect({ host: address, port, noDelay: true });
  const { identity, serverName } = secured;
  return tls.connect({
    host: address,
    port,
    servername: serverName,
    ALPNProtocols: [alpn],
    cert: identity?.certificateChainPem,
    key: identity?.privateKeyPem,
    ca: identity?.trustBundlePem,
    minVersion: 'TLSv1.3',
    // The server proves a SPIFFE ID, not a host name; what the client checks is no part of the matrix.
    rejectUnauthorized: false,
  });
}

function sendHttp1(socket: net.Socket, request: CaseRequest, id: string): Promise<Answered> {
  const { method = 'GET', host, path = '/', headers = [], body } = request;
  return new Promise((resolve, reject) => {
    socket.on('error', reject);
    const outgoing = http.request(
      {
        method,
        path,
        setHost: false,
        headers: ['Host', host, ID_HEADER, id, 'x-request-id', id, ...bodyFields(body), ...headers.flat()],
        createConnection: () => socket,
      },
      (incoming) => {
        incoming.on('error', reject);
        incoming.setEncoding('utf8');
        let text = '';
        incoming.on('data', (part: string) => {
          text += part;
        });
        const { statusCode: status = 0 } = incoming;
        incoming.on('end', () => resolve({ status, headers: fieldsOf(incoming.rawHeaders), body: text }));
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

function bodyFields(body: string | undefined): string[] {
  return body === undefined ? [] : ['content-length', String(Buffer.byteLength(body))];
}

function sendHttp2(socket: net.Socket, request: CaseRequest, id: string): Promise<Answered> {
  const { method = 'GET', host, path = '/', headers = [], body, protocol } = request;
  const isGrpc = protocol === 'grpc';
  return new Promise((resolve, reject) => {
    const session = http2.connect(`http://${host}`, { createConnection: () => socket });
    session.on('error', reject);
    const stream = session.request({
      ':method': isGrpc ? 'POST' : method,
      ':authority': host,
      ':path': path,
      [ID_HEADER]: id,
      'x-request-id': id,
      ...(isGrpc && { 'content-type': 'application/grpc', te: 'trailers' }),
      ...groupedByName(headers),
    });
    stream.on('error', reject);
    let answered: Answered = CLOSED;
    stream.on('response', (fields, _flags, ...[raw]: [string[]?]) => {
      answered = { status: fields[':status'] ?? 0, headers: fieldsOf(raw ?? flatten(fields)), ...grpcStatus(fields) };
    });
    stream.on('trailers', (fields) => {
      answered = { ...answered, ...grpcStatus(fields) };
    });
    stream.setEncoding('utf8');
    let text = '';
    stream.on('data', (part: string) => {
      text += part;
    });
    stream.on('close', () => {
      session.close();
      answered = { ...answered, body: text };
      resolve(isGrpc ? { ...answered, grpcStatus: answered.grpcStatus ?? grpcCodeOf(answered.status) } : answered);
    });
    stream.end(isGrpc ? Buffer.alloc(5) : body);
  });
}

function grpcStatus(fields: http2.IncomingHttpHeaders): Pick<Answered, 'grpcStatus'> {
  const code = fields['grpc-status'];
  return code === undefined ? {} : { grpcStatus: Number(code) };
}

function flatten(fields: http2.IncomingHttpHeaders): string[] {
  return Object.entries(fields).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value ?? '']).flatMap((each) => [name, String(each)]),
  );
}
