// The applications of the stage: they answer what a case scripts, and keep what they saw of each request.
import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import net, { type AddressInfo, type Server } from 'node:net';
import { createTestCa } from '@malha/testing/test-ca';
import type { Answer, AnswerDetails } from './case.ts';
import { startCounter } from './counter.ts';
import { createGreeter, type Greeter } from './greeter.ts';
import type { Fields, SeenRequest } from './outcome.ts';
import { APPLICATIONS, type Application, backendName, COUNTER } from './stage.ts';
import { serveTunnel } from './tunnel-backend.ts';
import { serveUpgrades } from './websocket-backend.ts';

/** Names a request to the backends, so that its answers and attempts are told from others. */
export const ID_HEADER = 'x-matrix-id';

/** Response headers of every backend: something to replace, to append to and to remove. */
export const BACKEND_HEADERS: Readonly<Record<string, string>> = {
  'content-type': 'text/plain',
  'x-base': 'backend',
  'x-drop': 'backend',
};

export interface Backends {
  readonly appPort: (name: string, port: number) => number;
  /** From now on the answers to requests with this id. */
  script(id: string, answers: readonly Answer[]): void;
  /** When so many requests with this id were seen, or the time is over. */
  arrived(id: string, count: number, withinMs: number): Promise<void>;
  /** Gives the answers that are held of all requests that are on their way, also of those that have not arrived. */
  release(): void;
  /** What was seen of a request; forgets it. */
  take(id: string): SeenRequest[];
  close(): Promise<void>;
}

type Incoming = http.IncomingMessage | http2.Http2ServerRequest;
type Outgoing = http.ServerResponse | http2.Http2ServerResponse;

/** What a line of text has of one. */
const NO_REQUEST = { method: '', path: '', host: '', headers: [], body: '' };

class Script {
  readonly seen: SeenRequest[] = [];
  readonly released: Promise<void>;
  readonly #answers: readonly Answer[];
  #release: () => void = () => undefined;

  constructor(answers: readonly Answer[]) {
    this.#answers = answers;
    this.released = new Promise((resolve) => {
      this.#release = resolve;
    });
  }

  release(): void {
    this.#release();
  }

  /** Of the attempt that `seen` ends with. */
  get answer(): Answer {
    return this.#answers[this.seen.length - 1] ?? this.#answers.at(-1) ?? 200;
  }
}

export async function startBackends(): Promise<Backends> {
  const scripts = new Map<string, Script>();
  const ports = new Map<string, number>();
  const servers: Server[] = [];
  const greeters: Greeter[] = [];
  const scriptOf = (id: string) => {
    const script = scripts.get(id) ?? new Script([]);
    scripts.set(id, script);
    return script;
  };
  for (const application of APPLICATIONS) {
    const backend = backendName(application.name, application.port);
    if (application.protocol === 'lines') {
      const greeter = createGreeter((id) => scriptOf(id).seen.push({ ...NO_REQUEST, backend }));
      ports.set(backend, await listen(greeter.server));
      greeters.push(greeter);
      continue;
    }
    const server = serverOf(application, (request, response) => void serve(backend, request, response, scriptOf));
    const seen = (request: Incoming): Answer => {
      const script = scriptOf(String(request.headers[ID_HEADER] ?? ''));
      script.seen.push(seenBy(backend, request, ''));
      return script.answer;
    };
    if (server instanceof http.Server) serveUpgrades(server, { headers: BACKEND_HEADERS, seen });
    server.on('connect', (request: http2.Http2ServerRequest, response: http2.Http2ServerResponse) => {
      if ('stream' in request) serveTunnel(response.stream, BACKEND_HEADERS, seen(request));
    });
    ports.set(backend, await listen(server));
    servers.push(server);
  }
  const counter = await startCounter();
  if (counter !== undefined) ports.set(COUNTER, counter.port);
  const closed = await closedPort();
  return {
    appPort: (name, port) => ports.get(backendName(name, port)) ?? closed,
    script: (id, answers) => void scripts.set(id, new Script(answers)),
    arrived: async (id, count, withinMs) => {
      const end = performance.now() + withinMs;
      while ((scripts.get(id)?.seen.length ?? 0) < count && performance.now() < end) {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
    release: () => {
      for (const script of scripts.values()) script.release();
    },
    take: (id) => {
      const seen = scripts.get(id)?.seen ?? [];
      scripts.delete(id);
      return seen;
    },
    close: async () => {
      await counter?.close();
      for (const greeter of greeters) {
        greeter.closeAllConnections();
        await new Promise((resolve) => greeter.server.close(resolve));
      }
      for (const server of servers) {
        if (server instanceof http.Server || server instanceof https.Server) server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }
    },
  };
}

function serverOf({ protocol }: Application, serve: (request: Incoming, response: Outgoing) => void): Server {
  if (protocol === 'https') {
    const { certificateChainPem: cert, privateKeyPem: key } = createTestCa('sealed.example').issue('shop', 'sealed');
    return https.createServer({ cert, key }, serve);
  }
  return protocol === 'h2'
    ? http2.createServer({ settings: { enableConnectProtocol: true } }, serve)
    : http.createServer({ keepAliveTimeout: 60_000 }, serve);
}

function seenBy(backend: string, request: Incoming, body: string): SeenRequest {
  return {
    backend,
    // Over HTTP/2 a tunnel is asked for by CONNECT: the same handshake.
    method: request.method === 'CONNECT' ? 'GET' : (request.method ?? ''),
    path: request.url ?? '',
    host: String(request.headers[':authority'] ?? request.headers.host ?? ''),
    headers: fieldsOf(request.rawHeaders),
    body,
  };
}

async function serve(
  backend: string,
  request: Incoming,
  response: Outgoing,
  scriptOf: (id: string) => Script,
): Promise<void> {
  const chunks: Buffer[] = [];
  request.on('error', () => undefined);
  response.on('error', () => undefined);
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const script = scriptOf(String(request.headers[ID_HEADER] ?? ''));
  script.seen.push(seenBy(backend, request, Buffer.concat(chunks).toString()));
  const scripted = isOut(request.url ?? '', backend) ? 503 : answerFrom(backend, script.answer);
  if (typeof scripted === 'object' && scripted.held === true) await script.released;
  await answer(scripted, request, response);
}

/** Probes carry no id to script an answer for: `/out/<backend>` is a path that this backend, or `all`, answers with 503. */
function isOut(target: string, backend: string): boolean {
  const path = target.split('?')[0];
  return path === `/out/${backend}` || path === '/out/all';
}

/** Some answers are those of certain backends only. */
export function answerFrom(backend: string, scripted: Answer): Answer {
  if (typeof scripted !== 'object' || scripted.from === undefined) return scripted;
  return scripted.from.includes(backend) ? scripted : 200;
}

async function answer(scripted: Answer, request: Incoming, response: Outgoing): Promise<void> {
  if (scripted === 'reset') {
    request.socket.destroy();
    return;
  }
  const {
    status = 200,
    delayMs = 0,
    headers = {},
    grpcStatus,
  }: AnswerDetails = typeof scripted === 'number' ? { status: scripted } : scripted;
  if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
  const isGrpc = String(request.headers['content-type'] ?? '').startsWith('application/grpc');
  if (isGrpc && 'stream' in response) {
    if (grpcStatus === undefined) answerGrpc(response, headers);
    else failGrpc(response, grpcStatus, headers);
    return;
  }
  response.writeHead(status, { ...BACKEND_HEADERS, ...headers });
  if (status === 204 || status === 304) response.end();
  else response.end('answer');
}

/** An empty message and the code of `grpc-status` among the scripted headers, 0 without one. */
function answerGrpc(response: http2.Http2ServerResponse, headers: Readonly<Record<string, string>>): void {
  const { 'grpc-status': code = '0', ...rest } = headers;
  response.writeHead(200, { ...BACKEND_HEADERS, 'content-type': 'application/grpc', ...rest });
  response.addTrailers({ 'grpc-status': code });
  response.end(Buffer.alloc(5));
}

function failGrpc(response: http2.Http2ServerResponse, code: number, headers: Readonly<Record<string, string>>): void {
  if (response.stream.destroyed) return;
  const fields = { ...BACKEND_HEADERS, 'content-type': 'application/grpc', 'grpc-status': String(code), ...headers };
  response.stream.respond({ ':status': 200, ...fields }, { endStream: true });
}

export function fieldsOf(raw: readonly string[]): Fields {
  const fields: [string, string][] = [];
  for (let index = 0; index < raw.length; index += 2) {
    fields.push([(raw[index] ?? '').toLowerCase(), raw[index + 1] ?? '']);
  }
  return fields;
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return (server.address() as AddressInfo).port;
}

async function closedPort(): Promise<number> {
  const server = net.createServer();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}
