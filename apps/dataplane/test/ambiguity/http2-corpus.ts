// Heads of HTTP/2 that would mean something else in HTTP/1.1 (downgrade), and responses of HTTP/2 that break its rules.

/** name, value, name, value … */
export type Fields = readonly string[];

const GET = [':method', 'GET', ':scheme', 'http', ':authority', 'app', ':path', '/'];
const POST = [':method', 'POST', ...GET.slice(2)];
const withPseudo = (name: string, value: string) => GET.map((each, index) => (GET[index - 1] === name ? value : each));

/** [what, fields]: the stream is reset, the connection goes on, nothing reaches the upstream. */
export const MALFORMED_REQUESTS: readonly (readonly [what: string, fields: Fields])[] = [
  ['CRLF and a header in a value', [...GET, 'a', 'b\r\ntransfer-encoding: chunked']],
  ['CRLF and a request in a value', [...GET, 'a', 'b\r\n\r\nGET /evil HTTP/1.1\r\nhost: app']],
  ['CR in a value', [...GET, 'a', 'b\rc']],
  ['LF in a value', [...GET, 'a', 'b\nc']],
  ['NUL in a value', [...GET, 'a', 'b\0c']],
  ['DEL in a value', [...GET, 'a', 'b\x7fc']],
  ['a space before a value', [...GET, 'a', ' b']],
  ['a tab after a value', [...GET, 'a', 'b\t']],
  ['CRLF in a name', [...GET, 'a: b\r\ntransfer-encoding', 'chunked']],
  ['a colon in a name', [...GET, 'transfer-encoding:x', 'chunked']],
  ['a space in a name', [...GET, 'transfer-encoding ', 'chunked']],
  ['an empty name', [...GET, '', 'b']],
  ['an upper-case name', [...GET, 'Transfer-Encoding', 'chunked']],
  ['a name above ASCII', [...GET, 'caf\xe9', 'b']],
  ['transfer-encoding', [...POST, 'transfer-encoding', 'chunked']],
  ['transfer-encoding in disguise', [...POST, 'transfer_encoding', 'chunked']],
  ['content-length in disguise', [...POST, 'content_length', '5']],
  ['connection', [...GET, 'connection', 'close']],
  ['connection that names a header', [...GET, 'connection', 'host']],
  ['keep-alive', [...GET, 'keep-alive', 'timeout=5']],
  ['proxy-connection', [...GET, 'proxy-connection', 'close']],
  ['upgrade', [...GET, 'upgrade', 'websocket']],
  ['te other than trailers', [...GET, 'te', 'gzip']],
  ['te with chunked', [...GET, 'te', 'trailers, chunked']],
  ['two content-length', [...POST, 'content-length', '5', 'content-length', '6']],
  ['two equal content-length', [...POST, 'content-length', '5', 'content-length', '5']],
  ['a signed content-length', [...POST, 'content-length', '+5']],
  ['a list of content-length', [...POST, 'content-length', '5, 5']],
  ['a content-length without content', [...POST, 'content-length', '5']],
  ['no :method', GET.slice(2)],
  ['no :scheme', [...GET.slice(0, 2), ...GET.slice(4)]],
  ['a :scheme that is none', withPseudo(':scheme', 'http ://evil')],
  ['no :path', GET.slice(0, 6)],
  ['no :authority and no host', [...GET.slice(0, 4), ...GET.slice(6)]],
  ['an empty :path', withPseudo(':path', '')],
  ['an empty :authority', withPseudo(':authority', '')],
  ['two :path', [...GET, ':path', '/evil']],
  ['two :method', [':method', 'GET', ...GET]],
  ['two :authority', [...GET, ':authority', 'evil']],
  ['two :scheme', [...GET, ':scheme', 'https']],
  ['a pseudo-header of responses', [':status', '200', ...GET]],
  ['an unknown pseudo-header', [':evil', '1', ...GET]],
  ['a pseudo-header after a header', ['a', 'b', ...GET]],
  ['a request line in :path', withPseudo(':path', '/ HTTP/1.1\r\nhost: evil\r\n\r\n')],
  ['a space in :path', withPseudo(':path', '/ HTTP/1.1')],
  ['a fragment in :path', withPseudo(':path', '/a#b')],
  ['a byte above ASCII in :path', withPseudo(':path', '/\xe9')],
  ['an absolute :path', withPseudo(':path', 'http://evil/')],
  ['a :path without a slash', withPseudo(':path', 'evil')],
  ['an asterisk :path without OPTIONS', withPseudo(':path', '*')],
  ['a request line in :method', withPseudo(':method', 'GET /evil HTTP/1.1\r\nhost: app\r\n\r\nGET')],
  ['a space in :method', withPseudo(':method', 'GET /')],
  ['a path in :authority', withPseudo(':authority', 'app/evil')],
  ['a user in :authority', withPseudo(':authority', 'evil@app')],
  ['CRLF in :authority', withPseudo(':authority', 'app\r\nevil: 1')],
  ['a host that differs from :authority', [...GET, 'host', 'evil']],
  ['two hosts', [...GET, 'host', 'app', 'host', 'app']],
];

/** Fields after a body, where they would be taken for those of the next hop's head: the stream is reset. */
export const FORBIDDEN_TRAILERS: readonly (readonly [name: string, value: string])[] = [
  ['content-length', '4'],
  ['host', 'evil'],
  ['te', 'trailers'],
  ['expect', '100-continue'],
  ['trailer', 'x-a'],
  ['transfer-encoding', 'chunked'],
  ['connection', 'close'],
  ['proxy-authorization', 'Basic evil'],
  ['x-forwarded-client-cert', 'URI=spiffe://mesh.local/ns/shop/sa/evil'],
  [':path', '/evil'],
  ['X-Evil', '1'],
];

/** [what, content-length, bytes of DATA]: the request had begun, and its upstream must not see it end. */
export const WRONG_LENGTHS: readonly (readonly [what: string, contentLength: string, size: number])[] = [
  ['more content than its length', '3', 4],
  ['less content than its length', '5', 4],
];

/** [what, fields of the response head]: one 502. */
export const MALFORMED_RESPONSES: readonly (readonly [what: string, fields: Fields])[] = [
  ['no :status', ['content-type', 'text/plain']],
  ['two :status', [':status', '200', ':status', '404']],
  ['a :status of two digits', [':status', '20']],
  ['a :status of 600', [':status', '600']],
  ['a :status with a reason', [':status', '200 OK']],
  ['a switch of protocols', [':status', '101']],
  ['a pseudo-header of requests', [':status', '200', ':path', '/']],
  ['a :status after a header', ['a', 'b', ':status', '200']],
  ['CRLF and a header in a value', [':status', '200', 'a', 'b\r\nset-cookie: evil=1']],
  ['CRLF and a response in a value', [':status', '200', 'a', 'b\r\n\r\nHTTP/1.1 200 OK']],
  ['NUL in a value', [':status', '200', 'a', 'b\0c']],
  ['CRLF in a name', [':status', '200', 'a\r\nb', 'c']],
  ['an upper-case name', [':status', '200', 'Set-Cookie', 'a=b']],
  ['transfer-encoding', [':status', '200', 'transfer-encoding', 'chunked']],
  ['connection', [':status', '200', 'connection', 'close']],
  ['two content-length', [':status', '200', 'content-length', '1', 'content-length', '2']],
  ['a negative content-length', [':status', '200', 'content-length', '-1']],
];
