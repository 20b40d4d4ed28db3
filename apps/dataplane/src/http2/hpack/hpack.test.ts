import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HpackDecoder } from './decoder.ts';
import { HpackEncoder } from './encoder.ts';
import { HpackError } from './hpack-error.ts';

const LIMITS = { tableSizeMax: 4_096, listSizeMax: 61_440 };
const hex = (text: string) => Buffer.from(text.replaceAll(/\s/g, ''), 'hex');

describe('RFC 7541, appendix C', () => {
  test('C.3: requests without Huffman coding share one table', () => {
    const decoder = new HpackDecoder(LIMITS);
    expect(decoder.decode(hex('8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d')).fields).toEqual([
      ...[':method', 'GET', ':scheme', 'http', ':path', '/', ':authority', 'www.example.com'],
    ]);
    expect(decoder.decode(hex('8286 84be 5808 6e6f 2d63 6163 6865')).fields.slice(-4)).toEqual([
      ...[':authority', 'www.example.com', 'cache-control', 'no-cache'],
    ]);
    const third = decoder.decode(hex('8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65'));
    expect(third.fields).toEqual([
      ...[':method', 'GET', ':scheme', 'https', ':path', '/index.html'],
      ...[':authority', 'www.example.com', 'custom-key', 'custom-value'],
    ]);
  });

  test('C.4: the same with Huffman coding', () => {
    const decoder = new HpackDecoder(LIMITS);
    expect(decoder.decode(hex('8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff')).fields.at(-1)).toBe('www.example.com');
    expect(decoder.decode(hex('8286 84be 5886 a8eb 1064 9cbf')).fields.at(-1)).toBe('no-cache');
    const third = decoder.decode(hex('8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf'));
    expect(third.fields.slice(-2)).toEqual(['custom-key', 'custom-value']);
  });

  test('C.6: responses evict entries of a table of 256 bytes', () => {
    const decoder = new HpackDecoder({ ...LIMITS, tableSizeMax: 256 });
    decoder.decode(
      hex(`4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718
           63c7 8f0b 97c8 e9ae 82ae 43d3`),
    );
    const second = decoder.decode(hex('4883 640e ffc1 c0bf'));
    expect(second.fields).toEqual([
      ...[':status', '307', 'cache-control', 'private', 'date', 'Mon, 21 Oct 2013 20:13:21 GMT'],
      ...['location', 'https://www.example.com'],
    ]);
  });
});

describe('malformed blocks', () => {
  test.each([
    ['index 0', '80'],
    ['an index beyond the table', 'be'],
    ['an integer without an end', 'ffffffffffffffffff'],
    ['an integer cut off', 'ff'],
    ['a string longer than the block', '4003 6162'],
    ['a missing value', '4001 61'],
    ['a table size update after a field', '8220'],
    ['a table beyond the limit', '3fe2 1f'],
    ['Huffman padding of zero bits', '4001 61 81 18'],
    ['Huffman padding of a whole byte', '4001 61 82 1f ff'],
    ['the end-of-string symbol', '4001 61 84 ffff ffff'],
  ])('%s', (_what, bytes) => {
    expect(() => new HpackDecoder(LIMITS).decode(hex(bytes))).toThrow(HpackError);
  });

  test('a block that unfolds beyond the limit is cut, and the table stays in step', () => {
    const encoder = new HpackEncoder();
    const decoder = new HpackDecoder({ ...LIMITS, listSizeMax: 2_000 });
    encoder.begin();
    for (let n = 0; n < 100; n++) encoder.field('x-bomb', 'y'.repeat(400));
    const bomb = decoder.decode(encoder.end());
    expect(bomb.isTooLarge).toBe(true);
    expect(bomb.fields.length).toBeLessThan(20);
    encoder.begin();
    encoder.field('x-bomb', 'y'.repeat(400));
    expect(decoder.decode(encoder.end())).toEqual({ fields: ['x-bomb', 'y'.repeat(400)], isTooLarge: false });
  });
});

test('what the encoder writes the decoder reads, over many blocks and table sizes', () => {
  const value = fc.string({
    unit: fc.integer({ min: 0x20, max: 0xff }).map((c) => String.fromCharCode(c)),
    maxLength: 80,
  });
  const name = fc.constantFrom(':path', ':method', 'cookie', 'x-a', 'x-b', 'content-type', 'traceparent', 'accept');
  const block = fc.array(fc.tuple(name, value), { maxLength: 12 });
  const step = fc.oneof(fc.record({ block }), fc.record({ capacity: fc.integer({ min: 0, max: 4_096 }) }));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (run) => {
      const encoder = new HpackEncoder();
      const decoder = new HpackDecoder(LIMITS);
      for (const each of run) {
        if ('capacity' in each) {
          encoder.setCapacity(each.capacity);
          continue;
        }
        encoder.begin();
        for (const [fieldName, fieldValue] of each.block) encoder.field(fieldName, fieldValue);
        expect(decoder.decode(Buffer.from(encoder.end())).fields).toEqual(each.block.flat());
      }
    }),
  );
});

test('random bytes never do anything but decode or throw HpackError', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        new HpackDecoder(LIMITS).decode(Buffer.from(bytes));
      } catch (error) {
        expect(error).toBeInstanceOf(HpackError);
      }
    }),
    { numRuns: 2_000 },
  );
});
