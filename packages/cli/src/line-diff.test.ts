import fc from 'fast-check';
import { expect, test } from 'vitest';
import { lineDiff } from './line-diff.ts';

test('equal texts have no difference', () => {
  expect(lineDiff('a\nb\n', 'a\nb\n')).toEqual([]);
});

test('shows what goes and what comes, with the lines around', () => {
  expect(lineDiff('a\nb\nc\n', 'a\nx\nc\n')).toEqual(['  a', '- b', '+ x', '  c']);
  expect(lineDiff('', 'a\n')).toEqual(['+ a']);
});

test('the added and removed lines lead from one text to the other', () => {
  const line = fc.constantFrom('a', 'b', 'c');
  fc.assert(
    fc.property(fc.array(line, { maxLength: 6 }), fc.array(line, { maxLength: 6 }), (before, after) => {
      const lines = lineDiff(before.join('\n'), after.join('\n'));
      if (lines.length === 0) {
        expect(before.join('\n')).toBe(after.join('\n'));
        return;
      }
      const of = (op: string) => lines.filter((each) => each.startsWith(op)).length;
      expect(before.length - of('- ')).toBe(after.length - of('+ '));
    }),
  );
});
