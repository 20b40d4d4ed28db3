// The answer to bytes that are not an acceptable request: complete text, connection closed, no detail for an attacker.
import { httpDate } from '../exchange/http-date.ts';
import { ALLOWED_METHODS } from '../exchange/request-head.ts';
import type { RefusalStatus } from './protocol-error.ts';
import { statusLine } from './status-line.ts';

const BODIES: Readonly<Record<RefusalStatus, string>> = {
  400: 'malformed request\n',
  405: 'method not allowed\n',
  408: 'request timeout\n',
  414: 'request target too long\n',
  417: 'expectation failed\n',
  431: 'request header too large\n',
  501: 'transfer coding not implemented\n',
  505: 'HTTP version not supported\n',
};

export function refusalText(status: RefusalStatus, nowMs: number): string {
  const body = BODIES[status];
  const allow = status === 405 ? `allow: ${ALLOWED_METHODS}\r\n` : '';
  return (
    `${statusLine(status, '')}date: ${httpDate(nowMs)}\r\ncontent-type: text/plain\r\n${allow}` +
    `content-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`
  );
}
