import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HEAD_LIMITS, HeadParser } from './head-parser.ts';
import { ProtocolError } from './protocol-error.ts';
import { requestOf } from './request-head.ts';

const REQUEST = Buffer.from(
  'POST /a/b?c=d HTTP/1.1\r\nHost: app.shop:9080\r\nAccept: */*\r\nX-Empty:\r\nX-Pad: \t v \t\r\nx-pad: w\r\nContent-Length: 3\r\n\r\nabc',
);

function parseInPieces(bytes: Buffer, cuts: readonly number[]): { parser: HeadParser; end: number } {
  const parser = new HeadParser('request', HEAD_LIMITS);
  const borders = [...new Set(cuts.map((cut) => cut % bytes.length))].sort((a, b) => a - b);
  let start = 0;
  for (const border of [...borders, bytes.length]) {
    const length = parser.feed(bytes.subarray(start, border), 0);
    if (length !== -1) return { parser, end: start + length };
    start = border;
  }
  return { parser, end: -1 };
}

describe('HeadParser', () => {
  it('finds the same head wherever the bytes are cut', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1000), { maxLength: 8 }), (cuts) => {
        const { parser, end } = parseInPieces(REQUEST, cuts);
        expect(end).toBe(REQUEST.length - 3);
        const { head, framing } = requestOf(parser);
        expect([head.method, head.authority, head.path]).toEqual(['POST', 'app.shop:9080', '/a/b?c=d']);
        expect(framing).toEqual({ mode: 'length', contentLength: 3 });
        expect(head.headers.get('x-pad')).toBe('v, w');
        expect(head.headers.get('x-empty')).toBe('');
        expect(head.headers.toLines()).toBe(REQUEST.toString('latin1').slice(24, -5));
      }),
    );
  });

  it('starts at an offset and leaves what follows the head', () => {
    const parser = new HeadParser('request', HEAD_LIMITS);
    const bytes = Buffer.concat([Buffer.from('xyz'), REQUEST, REQUEST]);
    expect(parser.feed(bytes, 3)).toBe(REQUEST.length - 3);
    parser.reset();
    expect(parser.feed(bytes, 3 + REQUEST.length)).toBe(REQUEST.length - 3);
    expect(requestOf(parser).head.path).toBe('/a/b?c=d');
  });

  it('refuses a head that grows without end, whatever the pieces, with bounded work', () => {
    const parser = new HeadParser('request', HEAD_LIMITS);
    parser.feed(Buffer.from('GET / HTTP/1.1\r\nHost: app\r\nA: '), 0);
    const drip = Buffer.from('b');
    let fed = 0;
    const before = performance.now();
    expect(() => {
      for (; fed < 100_000; fed++) parser.feed(drip, 0);
    }).toThrow(ProtocolError);
    expect(fed).toBeLessThan(HEAD_LIMITS.headBytesMax);
    expect(performance.now() - before).toBeLessThan(5000);
  });

  it('takes a head of exactly the allowed size and one byte more not', () => {
    const frame = 'GET / HTTP/1.1\r\nHost: a\r\nB: \r\n\r\n';
    const head = (size: number) => Buffer.from(frame.replace('B: ', `B: ${'b'.repeat(size - frame.length)}`));
    expect(new HeadParser('request', HEAD_LIMITS).feed(head(HEAD_LIMITS.headBytesMax), 0)).toBe(
      HEAD_LIMITS.headBytesMax,
    );
    expect(() => new HeadParser('request', HEAD_LIMITS).feed(head(HEAD_LIMITS.headBytesMax + 1), 0)).toThrow(
      'too large',
    );
  });

  it('parses status lines with and without a reason', () => {
    const parse = (line: string) => {
      const parser = new HeadParser('response', HEAD_LIMITS);
      parser.feed(Buffer.from(`${line}\r\nA: b\r\n\r\n`), 0);
      return [parser.status, parser.versionMinor];
    };
    expect(parse('HTTP/1.1 200 OK')).toEqual([200, 1]);
    expect(parse('HTTP/1.1 200 ')).toEqual([200, 1]);
    expect(parse('HTTP/1.0 404')).toEqual([404, 0]);
    expect(parse('HTTP/1.1 599 \xe9 odd')).toEqual([599, 1]);
  });
});
