// Request heads as HTTP/2 fields and back (RFC 9113 §8.3.1).
import { normalAuthority } from '../exchange/authority.ts';
import { IS_TARGET, isToken } from '../exchange/grammar.ts';
import { HOST } from '../exchange/known-headers.ts';
import { RequestHead } from '../exchange/request-head.ts';
import { checkFields, isPseudoHeader, malformed } from './field-list.ts';

const SLASH = 0x2f;
const NO_UPGRADE = '';

/** Throws StreamError for whatever must not be forwarded. `isEnd`: the head is the whole message. */
export function requestFrom(streamId: number, fields: readonly string[], isEnd: boolean): RequestHead {
  let method = '';
  let scheme = '';
  let path = '';
  let authority: string | undefined;
  let at = 0;
  for (; at < fields.length; at += 2) {
    const name = fields[at] ?? '';
    const value = fields[at + 1] ?? '';
    if (!isPseudoHeader(name)) break;
    if (name === ':method' && method === '') method = value;
    else if (name === ':path' && path === '') path = value;
    else if (name === ':scheme' && scheme === '') scheme = value;
    else if (name === ':authority' && authority === undefined) authority = value;
    else throw malformed(streamId, `the pseudo-header ${name}, which is unknown or repeated`);
  }
  const list = ['host', ''];
  const { headers, contentLength, host, takesTrailers } = checkFields(streamId, fields, at, list);
  if (!isToken(method)) throw malformed(streamId, 'a method');
  if (method !== 'CONNECT') {
    if (scheme === '') throw malformed(streamId, 'no :scheme');
    checkPath(streamId, method, path);
  } else if (scheme !== '' || path !== '' || authority === undefined) {
    throw malformed(streamId, 'a CONNECT that is not of RFC 9113 §8.5');
  }
  const named = normalAuthority(authority ?? host);
  if (named === undefined) throw malformed(streamId, 'a host');
  if (authority !== undefined && host !== '' && normalAuthority(host) !== named)
    throw malformed(streamId, ':authority and host differ');
  list[1] = named;
  headers.known |= HOST;
  if (isEnd && contentLength > 0) throw malformed(streamId, 'a content-length without content');
  const length = isEnd ? 0 : contentLength;
  return new RequestHead(method, named, path, headers, length, NO_UPGRADE, takesTrailers);
}

/** The scheme is the one that the application spoke: between proxies TLS is the mesh's own affair. */
export function pseudoHeadersOf(request: RequestHead): string[] {
  const authority = request.headers.get('host') ?? request.authority;
  return [':method', request.method, ':scheme', 'http', ':authority', authority, ':path', request.path];
}

function checkPath(streamId: number, method: string, path: string): void {
  if (path === '*' && method === 'OPTIONS') return;
  if (path.charCodeAt(0) !== SLASH) throw malformed(streamId, 'a path');
  for (let index = 0; index < path.length; index++)
    if (IS_TARGET[path.charCodeAt(index)] !== 1) throw malformed(streamId, 'a path');
}
