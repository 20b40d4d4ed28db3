import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countChanges, diffLines, linesOf, mergeLines } from './line-diff.ts';

describe('diffLines', () => {
  it('shows a changed line as removed and added, with the numbers of both sides', () => {
    expect(diffLines('a\nb\nc\n', 'a\nx\nc\n')).toEqual([
      { kind: 'same', text: 'a', before: 1, after: 1 },
      { kind: 'remove', text: 'b', before: 2, after: null },
      { kind: 'add', text: 'x', before: null, after: 2 },
      { kind: 'same', text: 'c', before: 3, after: 3 },
    ]);
  });

  it('rebuilds both texts for any pair', () => {
    const text = fc
      .array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 14 })
      .map((lines) => lines.map((l) => `${l}\n`).join(''));
    fc.assert(
      fc.property(text, text, (before, after) => {
        const lines = diffLines(before, after);
        expect(lines.filter((l) => l.kind !== 'add').map((l) => l.text)).toEqual(linesOf(before));
        expect(lines.filter((l) => l.kind !== 'remove').map((l) => l.text)).toEqual(linesOf(after));
        if (before === after) expect(countChanges(lines)).toEqual({ added: 0, removed: 0 });
      }),
    );
  });
});

describe('mergeLines', () => {
  const base = 'a\nb\nc\nd\ne\n';

  it('joins edits at different places', () => {
    expect(mergeLines(base, 'A\nb\nc\nd\ne\n', 'a\nb\nc\nd\nE\nf\n')).toBe('A\nb\nc\nd\nE\nf\n');
  });

  it('takes the same edit once', () => {
    expect(mergeLines(base, 'a\nX\nc\nd\ne\n', 'a\nX\nc\nd\ne\n')).toBe('a\nX\nc\nd\ne\n');
  });

  it('refuses edits of the same or of neighbouring lines', () => {
    expect(mergeLines(base, 'a\nX\nc\nd\ne\n', 'a\nY\nc\nd\ne\n')).toBeNull();
    expect(mergeLines(base, 'a\nX\nc\nd\ne\n', 'a\nb\nY\nd\ne\n')).toBeNull();
  });

  it('gives the other side when one changed nothing', () => {
    const text = fc
      .array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 10 })
      .map((lines) => lines.map((l) => `${l}\n`).join(''));
    fc.assert(
      fc.property(text, text, (from, to) => {
        expect(mergeLines(from, from, to)).toBe(to);
        expect(mergeLines(from, to, from)).toBe(to);
      }),
    );
  });
});
