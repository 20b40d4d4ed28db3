import { describe, expect, it } from 'vitest';
import { PREFACE } from '../http2/protocol.ts';
import { SNIFFED_BYTES_MAX, spokenProtocol } from './spoken-protocol.ts';

const spoken = (text: string) => spokenProtocol(Buffer.from(text, 'latin1'));

describe('what a client begins to speak', () => {
  it.each([
    ['GET / HTTP/1.1\r\n', 'http1'],
    ['\r\n\r\nPOST /a?b HTTP/1.0\r\nHost: a\r\n\r\n', 'http1'],
    ['BREW-COFFEE pot HTTP/1.1\r\n', 'http1'],
    ['GET  /  HTTP/1.1 \r\n', 'http1'],
    ['get / http/1.1\n', 'http1'],
    ['GET / HTTP/2.0\r\n', 'http1'],
    [PREFACE.toString('latin1'), 'http2'],
    [`${PREFACE.toString('latin1')}\0\0\0`, 'http2'],
    ['GET key\r\n', 'bytes'],
    ['GET /\r\n', 'bytes'],
    ['HELO example.com\r\n', 'bytes'],
    ['PING\r\n', 'bytes'],
    ['*1\r\n$4\r\nPING\r\n', 'bytes'],
    [' GET / HTTP/1.1\r\n', 'bytes'],
    ['SELECT \u0001', 'bytes'],
    ['\u0016\u0003\u0001', 'bytes'],
    ['\0\0\0\b\u0004\u00d2\u0016\u002f', 'bytes'],
    [`${'A'.repeat(33)}`, 'bytes'],
  ])('%j is %s', (text, expected) => {
    expect(spoken(text)).toBe(expected);
  });

  it.each(['', 'G', 'GET', 'GET ', 'GET / HTTP/1.1', 'GET / HTTP/1.1\r', '\r\n', 'PRI * HTTP/2.0\r\n\r\nSM'])(
    '%j is not enough to tell',
    (text) => {
      expect(spoken(text)).toBeUndefined();
    },
  );

  it('is told at the last byte that decides, wherever the bytes are cut', () => {
    const whole = 'DELETE /cart/items/7 HTTP/1.1\r\n';
    for (let length = 0; length < whole.length; length++) expect(spoken(whole.slice(0, length))).toBeUndefined();
    expect(spoken(whole)).toBe('http1');
  });

  it.each([
    ['GET /', 'http1'],
    ['GET https://a/', 'http1'],
    ['put ', 'bytes'],
    ['\r\n', 'bytes'],
  ])('%j with more than is looked at is %s', (start, expected) => {
    const fill = start === '\r\n' ? '\r\n' : 'x';
    expect(spoken(start + fill.repeat(SNIFFED_BYTES_MAX))).toBe(expected);
  });
});
