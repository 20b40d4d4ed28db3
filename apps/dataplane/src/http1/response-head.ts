// From a parsed HTTP/1.1 response head to the version-free one, and whether its connection can serve again.
import type { ResponseHead } from '../exchange/exchange.ts';
import { CONNECTION, HOP_BY_HOP, KEEP_ALIVE, UPGRADE } from '../exchange/known-headers.ts';
import { UNKNOWN_LENGTH } from '../exchange/request-head.ts';
import { type Framing, responseFraming } from './framing.ts';
import type { HeadParser } from './head-parser.ts';
import { removeHopByHop } from './hop-by-hop.ts';
import { ProtocolError } from './protocol-error.ts';
import { hasOption } from './request-head.ts';
import { unusualReason } from './status-line.ts';

export interface ParsedResponse {
  readonly head: ResponseHead;
  readonly framing: Framing;
  readonly isPersistent: boolean;
  /** What the upstream promises to keep an idle connection for (`Keep-Alive: timeout=5`); 0 = it says nothing. */
  readonly keepAliveMs: number;
  /** Protocol switched to by a 101, lower case; empty otherwise. */
  readonly upgrade: string;
}

/** Throws a ProtocolError; its status means nothing here. */
export function responseOf(parser: HeadParser, method: string): ParsedResponse {
  const headers = parser.takeHeaders();
  const { status, text, versionMinor } = parser;
  const framing = responseFraming(headers, versionMinor, parser.repeated, status, method);
  let isPersistent = versionMinor === 1;
  let keepAliveMs = 0;
  let upgrade = '';
  if ((headers.known & HOP_BY_HOP) !== 0) {
    const connection = (headers.known & CONNECTION) === 0 ? '' : (headers.get('connection') ?? '').toLowerCase();
    isPersistent = versionMinor === 1 ? !hasOption(connection, 'close') : hasOption(connection, 'keep-alive');
    if ((headers.known & KEEP_ALIVE) !== 0) keepAliveMs = keepAliveOf(headers.get('keep-alive') ?? '');
    if (status === 101 && (headers.known & UPGRADE) !== 0) upgrade = (headers.get('upgrade') ?? '').toLowerCase();
    removeHopByHop(headers, connection);
  }
  if (status === 101 && upgrade === '') throw new ProtocolError(400, 'a 101 without Upgrade');
  return {
    head: {
      status,
      reason: unusualReason(status, text, parser.statusStart + 4, parser.startLineEnd),
      headers,
      contentLength: framing.mode === 'none' || framing.mode === 'length' ? framing.contentLength : UNKNOWN_LENGTH,
    },
    framing,
    isPersistent: isPersistent && framing.mode !== 'until-close',
    keepAliveMs,
    upgrade,
  };
}

const TIMEOUT = /(?:^|[,\s])timeout=(\d{1,6})(?:$|[,\s])/i;

function keepAliveOf(value: string): number {
  const match = TIMEOUT.exec(value);
  return match === null ? 0 : Number(match[1]) * 1000;
}
