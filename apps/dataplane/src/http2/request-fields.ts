// Request heads as HTTP/2 fields and back (RFC 9113 §8.3.1).
import { normalAuthority } from '../exchange/authority.ts';
import { IS_TARGET, isToken } from '../exchange/grammar.ts';
import { HOST } from '../exchange/known-headers.ts';
import { RequestHead, UNKNOWN_LENGTH } from '../exchange/request-head.ts';
import { checkFields, isPseudoHeader, malformed } from './field-list.ts';

const SLASH = 0x2f;
/** RFC 3986 §3.1; it is not passed on, so that any will do. */
const SCHEME = /^[a-z][a-z0-9+.-]*$/i;

/** Throws StreamError for whatever must not be forwarded. `isEnd`: the head is the whole message. */
export function requestFrom(streamId: number, fields: readonly string[], isEnd: boolean): RequestHead {
  let method = '';
  let scheme = '';
  let path = '';
  let protocol = '';
  let authority: string | undefined;
  let at = 0;
  for (; at < fields.length; at += 2) {
    const name = fields[at] ?? '';
    const value = fields[at + 1] ?? '';
    if (!isPseudoHeader(name)) break;
    if (name === ':method' && method === '') method = value;
    else if (name === ':path' && path === '') path = value;
    else if (name === ':scheme' && scheme === '') scheme = value;
    else if (name === ':protocol' && protocol === '') protocol = value;
    else if (name === ':authority' && authority === undefined) authority = value;
    else throw malformed(streamId, `the pseudo-header ${name}, which is unknown or repeated`);
  }
  const list = ['host', ''];
  const { headers, contentLength, host, takesTrailers } = checkFields(streamId, fields, at, list);
  if (!isToken(method)) throw malformed(streamId, 'a method');
  if (method !== 'CONNECT' || protocol !== '') {
    if (scheme !== 'http' && scheme !== 'https' && !SCHEME.test(scheme)) throw malformed(streamId, 'a :scheme');
    checkPath(streamId, method, path);
  } else if (scheme !== '' || path !== '' || authority === undefined) {
    throw malformed(streamId, 'a CONNECT that is not of RFC 9113 §8.5');
  }
  if (protocol !== '') checkTunnel(streamId, { method, protocol, authority, isEnd, contentLength });
  const named = normalAuthority(authority ?? host);
  if (named === undefined) throw malformed(streamId, 'a host');
  if (authority !== undefined && host !== '' && normalAuthority(host) !== named)
    throw malformed(streamId, ':authority and host differ');
  list[1] = named;
  headers.known |= HOST;
  if (isEnd && contentLength > 0) throw malformed(streamId, 'a content-length without content');
  // A tunnel that is asked for is the same whatever asks for it: an offer to switch, as HTTP/1.1 makes it.
  if (protocol !== '') return new RequestHead('GET', named, path, headers, 0, protocol.toLowerCase(), takesTrailers);
  const length = isEnd ? 0 : contentLength;
  return new RequestHead(method, named, path, headers, length, '', takesTrailers);
}

interface TunnelRequest {
  readonly method: string;
  readonly protocol: string;
  readonly authority: string | undefined;
  readonly isEnd: boolean;
  readonly contentLength: number;
}

/** An extended CONNECT (RFC 8441 §4). */
function checkTunnel(streamId: number, request: TunnelRequest): void {
  const { method, protocol, authority, isEnd, contentLength } = request;
  if (method !== 'CONNECT') throw malformed(streamId, ':protocol without CONNECT');
  if (!isToken(protocol) || authority === undefined) throw malformed(streamId, 'a CONNECT that is not of RFC 8441');
  if (isEnd || contentLength !== UNKNOWN_LENGTH) throw malformed(streamId, 'a tunnel with a length');
}

/** The scheme is the one that the application spoke: between proxies TLS is the mesh's own affair. */
export function pseudoHeadersOf(request: RequestHead): string[] {
  const { headers, method, path, upgrade } = request;
  const authority = headers.get('host') ?? request.authority;
  if (upgrade === '') return [':method', method, ':scheme', 'http', ':authority', authority, ':path', path];
  const target = [':scheme', 'http', ':authority', authority, ':path', path];
  return [':method', 'CONNECT', ':protocol', upgrade, ...target];
}

function checkPath(streamId: number, method: string, path: string): void {
  if (path === '*' && method === 'OPTIONS') return;
  if (path.charCodeAt(0) !== SLASH) throw malformed(streamId, 'a path');
  for (let index = 0; index < path.length; index++)
    if (IS_TARGET[path.charCodeAt(index)] !== 1) throw malformed(streamId, 'a path');
}
