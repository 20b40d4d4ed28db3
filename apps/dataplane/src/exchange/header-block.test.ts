import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HEAD_LIMITS, HeadParser } from '../http1/head-parser.ts';
import { HeaderBlock } from './header-block.ts';

function fromBytes(lines: string): HeaderBlock {
  const parser = new HeadParser('trailers', HEAD_LIMITS);
  parser.feed(Buffer.from(`${lines}\r\n`, 'latin1'), 0);
  return parser.takeHeaders();
}

describe('HeaderBlock', () => {
  it('re-emits untouched lines byte for byte around its splices', () => {
    const block = fromBytes('Host:a\r\nX-One:  1 \r\nX-Two:2\r\nX-One:\t3\r\nx-three:4\r\n');
    block.remove('x-two');
    block.set('x-one', 'new');
    block.add('x-four', '5');
    expect(block.toLines()).toBe('Host:a\r\nx-three:4\r\nx-one: new\r\nx-four: 5\r\n');
  });

  it('finds names in any case, joins repeated ones, knows absence', () => {
    const block = fromBytes('hOsT: a\r\nX-A: 1\r\nx-a:\r\nX-A: 2\r\n');
    expect([block.get('host'), block.get('x-a'), block.count('x-a')]).toEqual(['a', '1, , 2', 3]);
    expect([block.get('x-b'), block.has('content-length'), block.has('x-a')]).toEqual([undefined, false, true]);
  });

  it('cannot be made to emit another line', () => {
    const block = HeaderBlock.fromList([]);
    for (const value of ['a\r\nb: c', 'a\nb', 'a\0', 'a\x7f', 'caf\u00e9\u0101'])
      expect(() => block.set('x', value)).toThrow(TypeError);
    expect(block.toLines()).toBe('');
  });

  it('from a list is the same as from bytes, under the same changes', () => {
    const name = fc.constantFrom('a', 'b', 'host', 'content-length', 'x-long-name');
    const value = fc.stringMatching(/^[!-~]{0,8}$/);
    const change = fc.oneof(
      fc.record({ op: fc.constant('set' as const), name, value }),
      fc.record({ op: fc.constant('add' as const), name, value }),
      fc.record({ op: fc.constant('remove' as const), name, value }),
    );
    fc.assert(
      fc.property(
        fc.array(fc.tuple(name, value), { maxLength: 8 }),
        fc.array(change, { maxLength: 8 }),
        (fields, changes) => {
          const list = HeaderBlock.fromList(fields.flat());
          const bytes = fromBytes(fields.map(([field, text]) => `${field}: ${text}\r\n`).join(''));
          for (const block of [list, bytes])
            for (const { op, name: changed, value: text } of changes) {
              if (op === 'remove') block.remove(changed);
              else block[op](changed, text);
            }
          expect([...list.entries()]).toEqual([...bytes.entries()]);
          expect(list.toLines()).toBe(bytes.toLines());
          for (const field of ['a', 'b', 'host', 'content-length', 'x-long-name']) {
            expect(list.get(field)).toBe(bytes.get(field));
            expect(list.has(field)).toBe(list.get(field) !== undefined);
          }
        },
      ),
    );
  });
});
