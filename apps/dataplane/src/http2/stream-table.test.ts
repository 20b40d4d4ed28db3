import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { StreamTable } from './stream-table.ts';

/** Opens the next stream (even a client's and a server's identifiers in turn), or ends one of those that are open. */
const step = fc.oneof(
  fc.record({ type: fc.constant('open' as const), isPushed: fc.boolean() }),
  fc.record({ type: fc.constant('end' as const), which: fc.nat() }),
);

describe('the table of open streams', () => {
  test('is a map by identifier, whatever comes and goes', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
        const table = new StreamTable<{ id: number }>();
        const expected = new Map<number, { id: number }>();
        let next = 1;
        for (const each of steps) {
          if (each.type === 'open') {
            const stream = { id: each.isPushed ? next + 1 : next };
            next += 2;
            table.add(stream);
            expected.set(stream.id, stream);
          } else if (expected.size > 0) {
            const id = [...expected.keys()][each.which % expected.size] ?? 0;
            expect(table.delete(id)).toBe(true);
            expected.delete(id);
            expect(table.delete(id)).toBe(false);
          }
          expect(table.size).toBe(expected.size);
        }
        for (let id = 0; id <= next; id++) expect(table.get(id)).toBe(expected.get(id));
        expect(table.list()).toEqual([...expected.values()]);
      }),
    );
  });

  test('finds streams that lasted while a thousand others came and went', () => {
    const table = new StreamTable<{ id: number }>();
    const lasting = [1, 17, 33].map((id) => ({ id }));
    for (const stream of lasting) table.add(stream);
    for (let id = 35; id < 2_035; id += 2) {
      table.add({ id });
      expect(table.delete(id)).toBe(true);
    }
    expect(table.list()).toEqual(lasting);
  });

  test('is empty after it was cleared', () => {
    const table = new StreamTable<{ id: number }>();
    for (let id = 1; id < 100; id += 2) table.add({ id });
    table.clear();
    expect(table.size).toBe(0);
    expect(table.get(1)).toBeUndefined();
  });
});
