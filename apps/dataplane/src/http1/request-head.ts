// From a parsed HTTP/1.1 request head to the version-free one: target forms, Host, hop-by-hop headers.
import { normalAuthority } from '../exchange/authority.ts';
import type { HeaderBlock } from '../exchange/header-block.ts';
import { CONNECTION, EXPECT, HOP_BY_HOP, HOST, TE, UPGRADE } from '../exchange/known-headers.ts';
import { RequestHead, UNKNOWN_LENGTH } from '../exchange/request-head.ts';
import { type Framing, requestFraming } from './framing.ts';
import type { HeadParser } from './head-parser.ts';
import { removeHopByHop } from './hop-by-hop.ts';
import { ProtocolError } from './protocol-error.ts';

export interface ParsedRequest {
  readonly head: RequestHead;
  readonly framing: Framing;
  readonly versionMinor: number;
  /** Whether the client wants the connection kept. */
  readonly isPersistent: boolean;
}

const HTTP_SCHEME = /^http:\/\//i;
const HTTP_SCHEMES = /^https?:\/\//i;

const METHODS = ['GET', 'POST', 'PUT', 'HEAD', 'DELETE', 'PATCH', 'OPTIONS'];

/** `isTls`: the client asked for https. Throws a ProtocolError for whatever must not be forwarded. */
export function requestOf(parser: HeadParser, isTls = false): ParsedRequest {
  const headers = parser.takeHeaders();
  const { text, versionMinor } = parser;
  const method = methodOf(text, parser.messageStart, parser.methodEnd);
  const framing = requestFraming(headers, versionMinor, parser.repeated);
  const target = text.slice(parser.targetStart, parser.targetEnd);
  const host = hostOf(headers, versionMinor, parser.repeated);
  const { authority, path } = resolveTarget(method, target, host, isTls);
  if (authority !== host) headers.set('host', authority);
  checkExpect(headers, versionMinor);
  let isPersistent = versionMinor === 1;
  let upgrade = '';
  let takesTrailers = false;
  if ((headers.known & HOP_BY_HOP) !== 0) {
    const connection = (headers.known & CONNECTION) === 0 ? '' : (headers.get('connection') ?? '').toLowerCase();
    isPersistent = versionMinor === 1 ? !hasOption(connection, 'close') : hasOption(connection, 'keep-alive');
    if ((headers.known & UPGRADE) !== 0) upgrade = upgradeOf(headers, method, connection, framing, versionMinor);
    takesTrailers = (headers.known & TE) !== 0 && hasOption((headers.get('te') ?? '').toLowerCase(), 'trailers');
    removeHopByHop(headers, connection);
  }
  return {
    head: new RequestHead(
      method,
      authority,
      path,
      headers,
      framing.mode === 'chunked' ? UNKNOWN_LENGTH : framing.contentLength,
      upgrade,
      takesTrailers,
    ),
    framing,
    versionMinor,
    isPersistent,
  };
}

/** One string per usual method, so that comparing them is comparing pointers. */
function methodOf(text: string, start: number, end: number): string {
  for (let index = 0; index < METHODS.length; index++) {
    const method = METHODS[index] ?? '';
    if (method.length === end - start && text.startsWith(method, start)) return method;
  }
  const method = text.slice(start, end);
  if (method === 'CONNECT') throw new ProtocolError(405, 'CONNECT is not served here');
  return method;
}

/** Lower case. Exactly one Host, except in HTTP/1.0 (RFC 9112 §3.2). */
function hostOf(headers: HeaderBlock, versionMinor: number, repeated: number): string {
  if ((headers.known & HOST) === 0) {
    if (versionMinor === 0) return '';
    throw new ProtocolError(400, 'no Host');
  }
  if ((repeated & HOST) !== 0) throw new ProtocolError(400, 'Host more than once');
  return checkedAuthority(headers.get('host') ?? '');
}

function checkedAuthority(authority: string): string {
  const normal = normalAuthority(authority);
  if (normal === undefined) throw new ProtocolError(400, 'a malformed host');
  return normal;
}

interface ResolvedTarget {
  readonly authority: string;
  readonly path: string;
}

/**
 * RFC 9112 §3.2: origin-form, absolute-form (which replaces Host), asterisk-form for OPTIONS. An https target that comes in
 * plaintext asks for TLS to somebody, which nobody makes here.
 */
function resolveTarget(method: string, target: string, host: string, isTls: boolean): ResolvedTarget {
  if (target.charCodeAt(0) === 0x2f) return { authority: host, path: target };
  if (target === '*') {
    if (method !== 'OPTIONS') throw new ProtocolError(400, 'an asterisk target without OPTIONS');
    return { authority: host, path: target };
  }
  const scheme = isTls ? HTTP_SCHEMES.exec(target) : HTTP_SCHEME.exec(target);
  if (scheme === null) throw new ProtocolError(400, 'a malformed request target');
  const rest = target.slice(scheme[0].length);
  const pathStart = rest.search(/[/?]/);
  const authority = checkedAuthority(pathStart === -1 ? rest : rest.slice(0, pathStart));
  if (pathStart === -1) return { authority, path: method === 'OPTIONS' ? '*' : '/' };
  const path = rest.slice(pathStart);
  return { authority, path: path.startsWith('/') ? path : `/${path}` };
}

function checkExpect(headers: HeaderBlock, versionMinor: number): void {
  if ((headers.known & EXPECT) === 0) return;
  if (versionMinor === 0) headers.remove('expect');
  else if ((headers.get('expect') ?? '').toLowerCase() !== '100-continue')
    throw new ProtocolError(417, 'an expectation other than 100-continue');
}

/** Only WebSocket is tunnelled; any other offer to switch is dropped, as RFC 9110 §7.8 allows. */
function upgradeOf(
  headers: HeaderBlock,
  method: string,
  connection: string,
  framing: Framing,
  versionMinor: number,
): string {
  if (method !== 'GET' || versionMinor === 0 || framing.mode !== 'none') return '';
  if (!hasOption(connection, 'upgrade')) return '';
  return (headers.get('upgrade') ?? '').toLowerCase() === 'websocket' ? 'websocket' : '';
}

/** Whether a lower-case comma list holds the option. */
export function hasOption(list: string, option: string): boolean {
  if (list === option) return true;
  if (!list.includes(option)) return false;
  return list.split(',').some((item) => item.trim() === option);
}
