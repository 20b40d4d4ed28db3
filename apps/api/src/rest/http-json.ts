// JSON over node:http: bounded bodies, and the one place where failures become REST answers.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { ZodError } from 'zod';
import { DomainError, domainErrorOf, type FailureKind } from '../errors.ts';
import { readBounded } from './bounded-body.ts';

/** Fits the largest input that parseResources takes. */
export const BODY_MAX_BYTES = 32 * 1024 * 1024;

const STATUS: Record<FailureKind, number> = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  'not-found': 404,
  conflict: 409,
  'rate-limited': 429,
  unavailable: 503,
};

export class BadRequest extends DomainError {
  override readonly name = 'BadRequest';
  constructor(message: string) {
    super('invalid', 'MALHA5032', message);
  }
}

export async function readBody(request: IncomingMessage, maxBytes = BODY_MAX_BYTES): Promise<string> {
  const body = await readBounded(request, maxBytes);
  if (body === undefined) throw new BadRequest(`The body is larger than ${maxBytes} bytes.`);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch (error) {
    if (error instanceof TypeError) throw new BadRequest('The body is not UTF-8.');
    throw error;
  }
}

export async function readJson(request: IncomingMessage, maxBytes?: number): Promise<unknown> {
  const text = await readBody(request, maxBytes);
  if (text === '') return {};
  try {
    return JSON.parse(text);
  } catch {
    throw new BadRequest('The body is not JSON.');
  }
}

export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  const body = Buffer.from(JSON.stringify(value));
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': body.length,
    'cache-control': 'no-store',
  });
  response.end(body);
}

/** `{code, message, …data}`. What is not a domain error is told only to `onUnexpected`. */
export function sendFailure(response: ServerResponse, error: unknown, onUnexpected: (error: unknown) => void): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const domain = domainErrorOf(error);
  if (domain) {
    sendJson(response, STATUS[domain.kind], { ...domain.data, code: domain.code, message: domain.message });
    return;
  }
  if (error instanceof ZodError) {
    const issues = error.issues.map((issue) => ({ path: issue.path.join('.'), message: issue.message }));
    sendJson(response, 400, { code: 'MALHA5032', message: 'The request is not valid.', issues });
    return;
  }
  onUnexpected(error);
  sendJson(response, 500, { code: 'MALHA5033', message: 'The control plane failed on this; see its log.' });
}
