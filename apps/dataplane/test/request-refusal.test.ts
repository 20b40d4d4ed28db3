import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { simpleConfig, startProxy, type TestProxy } from './mesh-fixture.ts';
import { exchangeBytes, OK, type RawUpstream, rawUpstream } from './raw-http.ts';

const HEAD = 'POST / HTTP/1.1\r\nHost: app\r\n';
const CHUNKED = `${HEAD}Transfer-Encoding: chunked\r\n\r\n`;
const get = (lines: string) => `GET / HTTP/1.1\r\nHost: app\r\n${lines}\r\n`;

/** [what, bytes, status]: each must be answered once, close the connection, and reach no upstream. */
const REFUSED: readonly (readonly [string, string, number])[] = [
  // Framing: what request smuggling lives on (RFC 9112 §6).
  [
    'Content-Length and Transfer-Encoding',
    `${HEAD}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    400,
  ],
  [
    'Transfer-Encoding and Content-Length',
    `${HEAD}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n`,
    400,
  ],
  ['two equal Content-Length', `${HEAD}Content-Length: 2\r\nContent-Length: 2\r\n\r\nok`, 400],
  ['two different Content-Length', `${HEAD}Content-Length: 2\r\nContent-Length: 3\r\n\r\nokk`, 400],
  ['a list of Content-Length', `${HEAD}Content-Length: 2, 2\r\n\r\nok`, 400],
  ['a signed Content-Length', `${HEAD}Content-Length: +2\r\n\r\nok`, 400],
  ['a negative Content-Length', `${HEAD}Content-Length: -2\r\n\r\nok`, 400],
  ['a hexadecimal Content-Length', `${HEAD}Content-Length: 0x2\r\n\r\nok`, 400],
  ['a Content-Length with a fraction', `${HEAD}Content-Length: 2.0\r\n\r\nok`, 400],
  ['an exponential Content-Length', `${HEAD}Content-Length: 2e0\r\n\r\nok`, 400],
  ['an empty Content-Length', `${HEAD}Content-Length: \r\n\r\n`, 400],
  ['a Content-Length with a space inside', `${HEAD}Content-Length: 1 2\r\n\r\nok`, 400],
  ['a huge Content-Length', `${HEAD}Content-Length: 99999999999999999999\r\n\r\nok`, 400],
  ['a Content-Length that wraps 64 bits', `${HEAD}Content-Length: 18446744073709551618\r\n\r\nok`, 400],
  ['a Content-Length with a vertical tab', `${HEAD}Content-Length: \x0b2\r\n\r\nok`, 400],
  ['a Content-Length after a tab', `${HEAD}Content-Length:\t2\r\n\r\nok`, 400],
  ['a Content-Length before a tab', `${HEAD}Content-Length: 2\t\r\n\r\nok`, 400],
  ['a Transfer-Encoding after a tab', `${HEAD}Transfer-Encoding:\tchunked\r\n\r\n0\r\n\r\n`, 400],
  ['a Content-Length with a no-break space', `${HEAD}Content-Length: \xa02\r\n\r\nok`, 400],
  ['Transfer-Encoding: xchunked', `${HEAD}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`, 400],
  ['Transfer-Encoding: chunked twice in a list', `${HEAD}Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n`, 400],
  [
    'Transfer-Encoding on two lines',
    `${HEAD}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    400,
  ],
  [
    'Transfer-Encoding on two lines, one identity',
    `${HEAD}Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    400,
  ],
  ['chunked before another coding', `${HEAD}Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n`, 400],
  ['chunked with a parameter', `${HEAD}Transfer-Encoding: chunked;q=1\r\n\r\n0\r\n\r\n`, 400],
  ['chunked in quotes', `${HEAD}Transfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n`, 400],
  ['chunked after a vertical tab', `${HEAD}Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n`, 400],
  ['chunked with a comma before', `${HEAD}Transfer-Encoding: ,chunked\r\n\r\n0\r\n\r\n`, 400],
  ['an empty Transfer-Encoding', `${HEAD}Transfer-Encoding: \r\n\r\n`, 400],
  ['Transfer-Encoding in HTTP/1.0', 'POST / HTTP/1.0\r\nHost: app\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', 400],
  ['an unknown transfer coding', `${HEAD}Transfer-Encoding: gzip\r\n\r\n`, 501],
  ['an unknown transfer coding before chunked', `${HEAD}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`, 501],
  // Chunks (RFC 9112 §7.1).
  ['a chunk size that is no number', `${CHUNKED}zz\r\nok\r\n0\r\n\r\n`, 400],
  ['an empty chunk size', `${CHUNKED}\r\nok\r\n0\r\n\r\n`, 400],
  ['a chunk size with 0x', `${CHUNKED}0x2\r\nok\r\n0\r\n\r\n`, 400],
  ['a signed chunk size', `${CHUNKED}+2\r\nok\r\n0\r\n\r\n`, 400],
  ['a negative chunk size', `${CHUNKED}-2\r\nok\r\n0\r\n\r\n`, 400],
  ['a chunk size after a space', `${CHUNKED} 2\r\nok\r\n0\r\n\r\n`, 400],
  ['a chunk size before a space', `${CHUNKED}2 \r\nok\r\n0\r\n\r\n`, 400],
  ['a chunk size that overflows', `${CHUNKED}ffffffffffffffff2\r\nok\r\n0\r\n\r\n`, 400],
  ['a chunk size ended by LF', `${CHUNKED}2\nok\r\n0\r\n\r\n`, 400],
  ['a chunk size ended by CR', `${CHUNKED}2\rok\r\n0\r\n\r\n`, 400],
  ['chunk data longer than its size', `${CHUNKED}2\r\nokk\r\n0\r\n\r\n`, 400],
  ['chunk data ended by LF', `${CHUNKED}2\r\nok\n0\r\n\r\n`, 400],
  ['a chunk extension with a bare LF', `${CHUNKED}2;a\nb\r\nok\r\n0\r\n\r\n`, 400],
  ['a chunk extension with a bare CR', `${CHUNKED}2;a\rb\r\nok\r\n0\r\n\r\n`, 400],
  ['a chunk extension without a name', `${CHUNKED}2;\r\nok\r\n0\r\n\r\n`, 400],
  ['a chunk extension without a value', `${CHUNKED}2;a=\r\nok\r\n0\r\n\r\n`, 400],
  ['a chunk extension with NUL', `${CHUNKED}2;a="\0"\r\nok\r\n0\r\n\r\n`, 400],
  ['a chunk extension that is too long', `${CHUNKED}2;a=${'b'.repeat(300)}\r\nok\r\n0\r\n\r\n`, 400],
  ['a trailer with a space before its colon', `${CHUNKED}0\r\na : b\r\n\r\n`, 400],
  ['a folded trailer', `${CHUNKED}0\r\na: b\r\n c\r\n\r\n`, 400],
  ['a trailer that frames', `${CHUNKED}0\r\nContent-Length: 5\r\n\r\n`, 400],
  ['a trailer that says who calls', `${CHUNKED}0\r\nX-Forwarded-Client-Cert: a\r\n\r\n`, 400],
  ['a trailer ended by LF', `${CHUNKED}0\r\na: b\n\r\n`, 400],
  // Lines and names (RFC 9112 §2.2, §5).
  ['lines ended by LF', 'GET / HTTP/1.1\nHost: app\n\n', 400],
  ['a header ended by LF', get('A: b\n'), 400],
  ['a header ended by CR', get('A: b\rC: d\r\n'), 400],
  ['CR in a header value', get('A: b\rc\r\n'), 400],
  ['CR CR LF at the end of a header', get('A: b\r\r\n'), 400],
  ['the head ended by CR alone', 'GET / HTTP/1.1\r\nHost: app\r\n\rGET', 400],
  ['a folded header', get('A: b\r\n c\r\n'), 400],
  ['a header folded with a tab', get('A: b\r\n\tc\r\n'), 400],
  ['a space before the colon', get('A : b\r\n'), 400],
  ['a tab before the colon', get('A\t: b\r\n'), 400],
  ['a space before the colon of Transfer-Encoding', `${HEAD}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n`, 400],
  ['a space before the first header', 'GET / HTTP/1.1\r\n Host: app\r\n\r\n', 400],
  ['a header without a colon', get('abc\r\n'), 400],
  ['a header without a name', get(': b\r\n'), 400],
  ['a header name with a space inside', get('A B: c\r\n'), 400],
  ['a header name with a control byte', get('A\x01: c\r\n'), 400],
  ['a header name with a byte above ASCII', get('A\xe9: c\r\n'), 400],
  ['a header name with a bracket', get('A[0]: c\r\n'), 400],
  ['a header name with a slash', get('A/B: c\r\n'), 400],
  ['a Content-Length in disguise', get('Content_Length: 5\r\n'), 400],
  ['a Transfer-Encoding in disguise', get('transfer_Encoding: chunked\r\n'), 400],
  ['a client certificate in disguise', get('X-Forwarded_Client-Cert: a\r\n'), 400],
  ['NUL in a header value', get('A: b\0c\r\n'), 400],
  ['DEL in a header value', get('A: b\x7fc\r\n'), 400],
  ['an escape in a header value', get('A: b\x1bc\r\n'), 400],
  ['a vertical tab in a header value', get('A: b\x0bc\r\n'), 400],
  // Host (RFC 9112 §3.2).
  ['no Host', 'GET / HTTP/1.1\r\nA: b\r\n\r\n', 400],
  ['two Hosts', 'GET / HTTP/1.1\r\nHost: app\r\nHost: app\r\n\r\n', 400],
  ['two different Hosts', 'GET / HTTP/1.1\r\nHost: app\r\nhost: evil\r\n\r\n', 400],
  ['an empty Host', 'GET / HTTP/1.1\r\nHost: \r\n\r\n', 400],
  ['a Host with a path', 'GET / HTTP/1.1\r\nHost: app/x\r\n\r\n', 400],
  ['a Host with a user', 'GET / HTTP/1.1\r\nHost: a@app\r\n\r\n', 400],
  ['a Host with a space', 'GET / HTTP/1.1\r\nHost: app evil\r\n\r\n', 400],
  ['a list of Hosts', 'GET / HTTP/1.1\r\nHost: app, evil\r\n\r\n', 400],
  ['a Host with a malformed port', 'GET / HTTP/1.1\r\nHost: app:80a\r\n\r\n', 400],
  ['a Host with two ports', 'GET / HTTP/1.1\r\nHost: app:80:81\r\n\r\n', 400],
  ['an absolute target with a user', 'GET http://a@app/ HTTP/1.1\r\nHost: app\r\n\r\n', 400],
  ['an absolute target without a host', 'GET http:///x HTTP/1.1\r\nHost: app\r\n\r\n', 400],
  ['an absolute target of another scheme', 'GET ftp://app/ HTTP/1.1\r\nHost: app\r\n\r\n', 400],
  ['an absolute target and no Host', 'GET http://app/ HTTP/1.1\r\n\r\n', 400],
  // Request line (RFC 9112 §3).
  ['an empty method', ' / HTTP/1.1\r\nHost: app\r\n\r\n', 400],
  ['a method with a bracket', 'GE[T / HTTP/1.1\r\nHost: app\r\n\r\n', 400],
  ['a method with a control byte', 'G\x01T / HTTP/1.1\r\nHost: app\r\n\r\n', 400],
  ['a method that is too long', `${'A'.repeat(100)} / HTTP/1.1\r\nHost: app\r\n\r\n`, 400],
  ['two spaces after the method', 'GET  / HTTP/1.1\r\nHost: app\r\n\r\n', 400],
  ['two spaces after the target', 'GET /  HTTP/1.1\r\nHost: app\r\n\r\n', 400],
  ['a tab after the method', 'GET\t/ HTTP/1.1\r\nHost: app\r\n\r\n', 400],
  ['a space in the target', 'GET /a b HTTP/1.1\r\nHost: app\r\n\r\n', 400],
  ['NUL in the target', 'GET /\0 HTTP/1.1\r\nHost: app\r\n\r\n', 400],
  ['a control byte in the target', 'GET /\x01 HTTP/1.1\r\nHost: app\r\n\r\n', 400],
  ['a byte above ASCII in the target', 'GET /\xe9 HTTP/1.1\r\nHost: app\r\n\r\n', 400],
  ['a fragment in the target', 'GET /a#b HTTP/1.1\r\nHost: app\r\n\r\n', 400],
  ['a target without a slash', 'GET a HTTP/1.1\r\nHost: app\r\n\r\n', 400],
  ['an asterisk target without OPTIONS', 'GET * HTTP/1.1\r\nHost: app\r\n\r\n', 400],
  ['an authority target without CONNECT', 'GET app:80 HTTP/1.1\r\nHost: app\r\n\r\n', 400],
  ['no version (HTTP/0.9)', 'GET /\r\n\r\n', 400],
  ['a lower-case protocol name', 'GET / http/1.1\r\nHost: app\r\n\r\n', 400],
  ['another protocol name', 'GET / HTTQ/1.1\r\nHost: app\r\n\r\n', 400],
  ['a version without a minor', 'GET / HTTP/1\r\nHost: app\r\n\r\n', 400],
  ['a version with two digits', 'GET / HTTP/1.10\r\nHost: app\r\n\r\n', 400],
  ['a space after the version', 'GET / HTTP/1.1 \r\nHost: app\r\n\r\n', 400],
  ['HTTP/1.2', 'GET / HTTP/1.2\r\nHost: app\r\n\r\n', 505],
  ['HTTP/2.0', 'GET / HTTP/2.0\r\nHost: app\r\n\r\n', 505],
  ['HTTP/0.9 by number', 'GET / HTTP/0.9\r\nHost: app\r\n\r\n', 505],
  ['CONNECT', 'CONNECT app:80 HTTP/1.1\r\nHost: app:80\r\n\r\n', 405],
  ['an unknown expectation', get('Expect: tea\r\n'), 417],
  ['a TLS ClientHello', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 400],
  ['too many empty lines first', `${'\r\n'.repeat(10)}GET / HTTP/1.1\r\nHost: app\r\n\r\n`, 400],
  // Sizes.
  ['a target of 20,000 bytes', `GET /${'a'.repeat(20_000)} HTTP/1.1\r\nHost: app\r\n\r\n`, 414],
  ['a header of 70,000 bytes', get(`A: ${'b'.repeat(70_000)}\r\n`), 431],
  ['101 headers', get('A: b\r\n'.repeat(100)), 431],
  ['a head of many bytes in many headers', get(`A: ${'b'.repeat(1000)}\r\n`.repeat(70)), 431],
];

let upstream: RawUpstream;
let silent: RawUpstream;
let proxy: TestProxy;
let patient: TestProxy;

beforeAll(async () => {
  upstream = await rawUpstream((socket) => socket.write(OK));
  silent = await rawUpstream(() => undefined);
  proxy = await startProxy(simpleConfig(upstream.port));
  patient = await startProxy(simpleConfig(silent.port));
});

afterAll(() => {
  for (const { dataPlane } of [proxy, patient]) dataPlane.close();
  for (const { close } of [upstream, silent]) close();
});

describe('a request that breaks HTTP is refused, closes its connection and reaches no upstream', () => {
  it.each(REFUSED)('%s', async (_what, bytes, status) => {
    const before = upstream.received();
    const { text, closed } = await exchangeBytes(proxy.outboundPort, bytes, { quietMs: 400 });
    expect(text.slice(0, 12)).toBe(`HTTP/1.1 ${status}`);
    expect(text.match(/HTTP\/1\.1 /g)).toHaveLength(1);
    expect(text).toContain('connection: close\r\n');
    expect(closed).toBe(true);
    expect(upstream.received()).toBe(before);
  });

  it.each(REFUSED.filter(([, bytes]) => bytes.length < 2000))('in single bytes: %s', async (_what, bytes, status) => {
    // Where the head is acceptable it is forwarded before the body shows its fault; the message is never completed.
    const { text, closed } = await exchangeBytes(patient.outboundPort, [...bytes], { quietMs: 400, gapMs: 0 });
    expect(text.slice(0, 12)).toBe(`HTTP/1.1 ${status}`);
    expect(text.match(/HTTP\/1\.1 /g)).toHaveLength(1);
    expect(closed).toBe(true);
  });

  it('closes without an answer what is no HTTP at all', async () => {
    const { text, closed } = await exchangeBytes(proxy.outboundPort, 'INVALID CONNECTION PREFACE\r\n\r\n');
    expect(text).toBe('');
    expect(closed).toBe(true);
  });

  it('counts refused heads', () => {
    expect(proxy.telemetry.count('head-rejected')).toBeGreaterThanOrEqual(REFUSED.length);
  });
});
