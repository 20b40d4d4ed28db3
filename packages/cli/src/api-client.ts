// Talks to the control plane: over the local admin socket, or REST with a token.
import http from 'node:http';
import https from 'node:https';
import type { ApiAddress } from './config.ts';

const TIMEOUT_MS = 30_000;
const ANSWER_SIZE_MAX_BYTES = 256 * 1024 * 1024;

export type CliErrorCode =
  | 'MALHA5901' // the control plane could not be reached
  | 'MALHA5902' // it refused
  | 'MALHA5903'; // its answer is not usable

export class ApiError extends Error {
  override readonly name = 'ApiError';
  constructor(
    readonly code: CliErrorCode,
    message: string,
    readonly answer: Readonly<Record<string, unknown>> = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: { readonly type: 'application/yaml' | 'application/json'; readonly text: string };
}

/** The decoded JSON of a 2xx answer; anything else is an ApiError with what the server said. */
export async function callApi(address: ApiAddress, call: Call): Promise<unknown> {
  const { status, text } = await exchange(address, call);
  const answer = parse(text);
  if (status >= 200 && status < 300) {
    if (answer === undefined)
      throw new ApiError('MALHA5903', `the control plane answered ${call.path} with something else than JSON`);
    return answer;
  }
  const fields = typeof answer === 'object' && answer !== null ? (answer as Readonly<Record<string, unknown>>) : {};
  const said = typeof fields.message === 'string' ? fields.message : text.slice(0, 500).trim();
  const code = typeof fields.code === 'string' ? `${fields.code}: ` : '';
  throw new ApiError('MALHA5902', `${code}${said === '' ? `HTTP status ${status}` : said}`, { ...fields, status });
}

function exchange({ target, token, author }: ApiAddress, call: Call): Promise<{ status: number; text: string }> {
  const isSocket = 'socketPath' in target;
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(call.query ?? {})) if (value !== undefined) search.set(name, value);
  const path = `${isSocket ? '' : `${target.url.pathname.replace(/\/$/, '')}/api/v1`}${call.path}${search.size > 0 ? `?${search}` : ''}`;
  const body = call.body === undefined ? undefined : Buffer.from(call.body.text);
  const options: http.RequestOptions = {
    method: call.method,
    path,
    timeout: TIMEOUT_MS,
    headers: {
      accept: 'application/json',
      'x-malha-author': author,
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': call.body?.type, 'content-length': body.length }),
    },
    ...(isSocket ? { socketPath: target.socketPath } : { host: target.url.hostname, port: target.url.port }),
  };
  const where = isSocket ? target.socketPath : target.url.origin;
  const send = !isSocket && target.url.protocol === 'https:' ? https.request : http.request;
  return new Promise((resolve, reject) => {
    const fail = (cause: Error) => reject(unreachable(where, isSocket, cause));
    const request = send(options, (response) => {
      collect(response).then((text) => resolve({ status: response.statusCode ?? 0, text }), fail);
    });
    request.on('timeout', () => request.destroy(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)));
    request.on('error', fail);
    request.end(body);
  });
}

async function collect(response: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > ANSWER_SIZE_MAX_BYTES) throw new Error('the answer is too large');
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function unreachable(where: string, isSocket: boolean, cause: Error): ApiError {
  const isAbsent = 'code' in cause && (cause.code === 'ENOENT' || cause.code === 'ECONNREFUSED');
  const hint = isSocket && isAbsent ? '; is it running here ("npm start")? Else give --api or --socket' : '';
  return new ApiError(
    'MALHA5901',
    `the control plane could not be reached at ${where}: ${cause.message}${hint}`,
    {},
    { cause },
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
