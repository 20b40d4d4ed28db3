// OTLP over HTTP for applications of this machine: POST /v1/traces, protobuf or JSON, plain or gzip.
// https://opentelemetry.io/docs/specs/otlp/#otlphttp
import http from 'node:http';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { status } from '@grpc/grpc-js';
import { readBounded } from '../../rest/bounded-body.ts';
import { listen, type OpenPort } from '../../rest/open-port.ts';
import type { OtlpFailure } from './failure.ts';
import { encodeStatus } from './status-message.ts';

const LOOPBACK = '127.0.0.1';
const PATH = '/v1/traces';
const HEADERS_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 10_000;
const CONNECTIONS_MAX = 256;
/** Of one request, sent and unpacked: a batch of 512 spans is far below. */
const BODY_MAX_BYTES = 8 * 1024 * 1024;
/** Requests whose bodies are held at a time; each holds at most twice the size above. */
const IN_FLIGHT_MAX = 16;
const RETRY_AFTER_SECONDS = '1';

const ENCODINGS = { 'application/x-protobuf': 'protobuf', 'application/json': 'json' } as const;
type ContentType = keyof typeof ENCODINGS;

/** A retryable code is one that the specification of OTLP/HTTP lists: 429, 502, 503, 504. */
const HTTP_STATUS: Readonly<Partial<Record<status, number>>> = {
  [status.INVALID_ARGUMENT]: 400,
  [status.UNAUTHENTICATED]: 401,
  [status.PERMISSION_DENIED]: 403,
  [status.RESOURCE_EXHAUSTED]: 429,
  [status.UNAVAILABLE]: 503,
};

const unzip = promisify(gunzip);

export interface OtlpHttpOptions {
  /** 0 = any free one. */
  readonly port: number;
  /** Undefined = stored. */
  readonly receive: (request: Buffer, encoding: 'protobuf' | 'json') => Promise<OtlpFailure | undefined>;
}

/** What is wrong with a request before its content is looked at. */
class Refused extends Error {
  constructor(
    readonly httpStatus: number,
    message: string,
  ) {
    super(message);
  }
}

export function startOtlpHttpServer({ port, receive }: OtlpHttpOptions): Promise<OpenPort> {
  let inFlight = 0;
  const timeouts = { headersTimeout: HEADERS_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS };
  const server = http.createServer(timeouts, (request, response) => {
    inFlight += 1;
    const work = inFlight > IN_FLIGHT_MAX ? refuseCrowd(request, response) : serve(request, response, receive);
    work
      .catch((error: unknown) => refuse(request, response, error))
      .finally(() => {
        inFlight -= 1;
      });
  });
  server.maxConnections = CONNECTIONS_MAX;
  return listen(server, LOOPBACK, port);
}

async function refuseCrowd(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
  const contentType = checkHead(request);
  request.resume();
  const details = 'MALHA5072: too many requests at a time, try again';
  answerFailure(response, contentType, { code: status.UNAVAILABLE, details });
}

async function serve(
  request: http.IncomingMessage,
  response: http.ServerResponse,
  receive: OtlpHttpOptions['receive'],
): Promise<void> {
  const contentType = checkHead(request);
  const body = await readBody(request);
  const failure = await receive(body, ENCODINGS[contentType]);
  if (failure === undefined) {
    // An ExportTraceServiceResponse without fields.
    answer(response, 200, contentType, contentType === 'application/json' ? '{}' : '');
    return;
  }
  answerFailure(response, contentType, failure);
}

function checkHead({ url = '', method, headers }: http.IncomingMessage): ContentType {
  // A web page is no application of this machine.
  if (headers.origin !== undefined) throw new Refused(403, 'requests of web pages are not taken');
  const [path] = url.split('?', 1);
  if (path !== PATH) throw new Refused(404, `only ${PATH} is here: the mesh takes traces of applications`);
  if (method !== 'POST') throw new Refused(405, 'use POST');
  const contentType = contentTypeOf(headers);
  if (contentType === undefined) {
    throw new Refused(415, `the content type must be ${Object.keys(ENCODINGS).join(' or ')}`);
  }
  return contentType;
}

function contentTypeOf(headers: http.IncomingHttpHeaders): ContentType | undefined {
  const [type = ''] = (headers['content-type'] ?? '').split(';', 1);
  const name = type.trim().toLowerCase();
  return name === 'application/x-protobuf' || name === 'application/json' ? name : undefined;
}

async function readBody(request: http.IncomingMessage): Promise<Buffer> {
  const coding = request.headers['content-encoding'] ?? 'identity';
  if (coding !== 'identity' && coding !== 'gzip') throw new Refused(415, 'the content encoding must be gzip or none');
  const body = await readBounded(request, BODY_MAX_BYTES);
  if (body === undefined) throw tooLarge();
  if (coding === 'identity') return body;
  try {
    return await unzip(body, { maxOutputLength: BODY_MAX_BYTES });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge();
    throw new Refused(400, 'the body is not gzip');
  }
}

function tooLarge(): Refused {
  return new Refused(413, `a request has at most ${BODY_MAX_BYTES} bytes, also unpacked`);
}

function refuse(request: http.IncomingMessage, response: http.ServerResponse, error: unknown): void {
  // The rest of the body is thrown away, so that the answer can be read.
  request.resume();
  if (!(error instanceof Refused)) {
    // The sender went away in the middle of its request.
    response.destroy();
    return;
  }
  if (error.httpStatus === 405) response.setHeader('allow', 'POST');
  const contentType = contentTypeOf(request.headers) ?? 'application/json';
  answerStatus(response, error.httpStatus, contentType, {
    code: status.INVALID_ARGUMENT,
    details: `MALHA5070: ${error.message}`,
  });
}

function answerFailure(response: http.ServerResponse, contentType: ContentType, failure: OtlpFailure): void {
  const httpStatus = HTTP_STATUS[failure.code] ?? 500;
  if (httpStatus === 429 || httpStatus === 503) response.setHeader('retry-after', RETRY_AFTER_SECONDS);
  answerStatus(response, httpStatus, contentType, failure);
}

/** A google.rpc.Status in the encoding of the request, as OTLP/HTTP asks. */
function answerStatus(
  response: http.ServerResponse,
  httpStatus: number,
  contentType: ContentType,
  { code, details }: OtlpFailure,
): void {
  const isJson = contentType === 'application/json';
  answer(
    response,
    httpStatus,
    contentType,
    isJson ? JSON.stringify({ code, message: details }) : encodeStatus(code, details),
  );
}

function answer(
  response: http.ServerResponse,
  httpStatus: number,
  contentType: string,
  body: string | Uint8Array,
): void {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  response.writeHead(httpStatus, { 'content-type': contentType, 'content-length': bytes.length });
  response.end(bytes);
}
