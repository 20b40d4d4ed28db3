// Requests that are odd but clear: what exactly reaches the upstream, so that nothing odd goes on.

export interface AcceptedRequest {
  readonly what: string;
  readonly bytes: string;
  /** Method, target, Host and body as the upstream must see them. */
  readonly forwarded: { readonly line: string; readonly host: string; readonly body: string };
  /** Headers that must not reach it, lower case. */
  readonly dropped?: readonly string[];
  /** Headers that must reach it, `name: value`. */
  readonly kept?: readonly string[];
}

const post = (headers: string, body: string) => `POST / HTTP/1.1\r\nHost: app\r\n${headers}\r\n${body}`;
const to = (line: string, host = 'app', body = '') => ({ line, host, body });
const POST = 'POST / HTTP/1.1';

export const ACCEPTED_REQUESTS: readonly AcceptedRequest[] = [
  {
    what: 'an absolute target replaces Host',
    bytes: 'GET http://app.shop/x?y HTTP/1.1\r\nHost: evil\r\n\r\n',
    forwarded: to('GET /x?y HTTP/1.1', 'app.shop'),
  },
  {
    what: 'an absolute target without a path is /',
    bytes: 'GET http://app HTTP/1.1\r\nHost: app\r\n\r\n',
    forwarded: to('GET / HTTP/1.1'),
  },
  {
    what: 'Connection cannot take Content-Length away',
    bytes: post('Connection: close, content-length\r\nContent-Length: 2\r\n', 'ok'),
    forwarded: to(POST, 'app', 'ok'),
    kept: ['content-length: 2'],
    dropped: ['connection'],
  },
  {
    what: 'Connection cannot take Host away',
    bytes: 'GET / HTTP/1.1\r\nHost: app\r\nConnection: host, close\r\n\r\n',
    forwarded: to('GET / HTTP/1.1'),
  },
  {
    what: 'Connection cannot take Transfer-Encoding away',
    bytes: post('Connection: close, transfer-encoding\r\nTransfer-Encoding: chunked\r\n', '2\r\nok\r\n0\r\n\r\n'),
    forwarded: to(POST, 'app', '2\r\nok\r\n0\r\n\r\n'),
    kept: ['transfer-encoding: chunked'],
  },
  {
    what: 'chunk sizes are written anew, extensions dropped',
    bytes: post('Transfer-Encoding: Chunked\r\n', '0002;a="b;\\"c"\r\nok\r\n000\r\n\r\n'),
    forwarded: to(POST, 'app', '2\r\nok\r\n0\r\n\r\n'),
    kept: ['transfer-encoding: chunked'],
  },
  {
    what: 'spaces around a length are no part of it',
    bytes: post('Content-Length:   2  \r\n', 'ok'),
    forwarded: to(POST, 'app', 'ok'),
  },
  {
    what: 'leading zeros of a length',
    bytes: post('Content-Length: 0002\r\n', 'ok'),
    forwarded: to(POST, 'app', 'ok'),
  },
  {
    what: 'an Upgrade to h2c is dropped',
    bytes:
      'GET / HTTP/1.1\r\nHost: app\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAA\r\n\r\n',
    forwarded: to('GET / HTTP/1.1'),
    dropped: ['upgrade', 'http2-settings', 'connection'],
  },
  {
    what: 'Upgrade with a body opens no tunnel',
    bytes: post('Connection: upgrade\r\nUpgrade: websocket\r\nContent-Length: 2\r\n', 'ok'),
    forwarded: to(POST, 'app', 'ok'),
    dropped: ['upgrade', 'connection'],
  },
  {
    what: 'Upgrade that Connection does not name opens no tunnel',
    bytes: 'GET / HTTP/1.1\r\nHost: app\r\nUpgrade: websocket\r\n\r\n',
    forwarded: to('GET / HTTP/1.1'),
    dropped: ['upgrade', 'connection'],
  },
  {
    what: 'Connection that names an Upgrade which is not there',
    bytes: 'GET / HTTP/1.1\r\nHost: app\r\nConnection: upgrade\r\n\r\n',
    forwarded: to('GET / HTTP/1.1'),
    dropped: ['upgrade', 'connection'],
  },
  {
    what: 'an Upgrade of HTTP/1.0 opens no tunnel',
    bytes: 'GET / HTTP/1.0\r\nHost: app\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n',
    forwarded: to('GET / HTTP/1.1'),
    dropped: ['upgrade', 'connection'],
  },
  {
    what: 'an expectation of HTTP/1.0 is ignored',
    bytes: 'POST / HTTP/1.0\r\nHost: app\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nok',
    forwarded: to(POST, 'app', 'ok'),
    dropped: ['expect'],
  },
  {
    what: 'OPTIONS of a whole host in absolute form is *',
    bytes: 'OPTIONS http://app HTTP/1.1\r\nHost: app\r\n\r\n',
    forwarded: to('OPTIONS * HTTP/1.1'),
  },
  {
    what: 'a scheme and a host in capitals',
    bytes: 'GET HTTP://APP/x HTTP/1.1\r\nHost: app\r\n\r\n',
    forwarded: to('GET /x HTTP/1.1'),
  },
  {
    what: 'an absolute target with a query only',
    bytes: 'GET http://app?q HTTP/1.1\r\nHost: app\r\n\r\n',
    forwarded: to('GET /?q HTTP/1.1'),
  },
  {
    what: 'Connection on two lines',
    bytes:
      'GET / HTTP/1.1\r\nHost: app\r\nConnection: x-one\r\nX-One: 1\r\nConnection: X-Two\r\nX-Two: 2\r\nX-Three: 3\r\n\r\n',
    forwarded: to('GET / HTTP/1.1'),
    dropped: ['x-one', 'x-two', 'connection'],
    kept: ['x-three: 3'],
  },
  {
    what: 'TE belongs to one connection',
    bytes: 'GET / HTTP/1.1\r\nHost: app\r\nConnection: TE\r\nTE: trailers, deflate;q=0.5\r\n\r\n',
    forwarded: to('GET / HTTP/1.1'),
    dropped: ['te', 'connection'],
  },
  {
    what: 'Proxy-Connection and Keep-Alive stay here',
    bytes: 'GET / HTTP/1.1\r\nHost: app\r\nProxy-Connection: keep-alive\r\nKeep-Alive: timeout=5\r\n\r\n',
    forwarded: to('GET / HTTP/1.1'),
    dropped: ['proxy-connection', 'keep-alive'],
  },
  {
    what: 'a body of a GET stays its body',
    bytes: 'GET / HTTP/1.1\r\nHost: app\r\nContent-Length: 34\r\n\r\nGET /evil HTTP/1.1\r\nHost: app\r\n\r\n ',
    forwarded: to('GET / HTTP/1.1', 'app', 'GET /evil HTTP/1.1\r\nHost: app\r\n\r\n '),
  },
];
