// The difference of two texts by lines, as `diff -u` shows it, with a few lines around each change.
import { diffLines } from '@malha/model/line-diff';

const CONTEXT = 3;
const SIGNS = { same: ' ', add: '+', remove: '-' } as const;

/** Empty when they are equal. */
export function lineDiff(before: string, after: string): readonly string[] {
  const edits = diffLines(before, after);
  if (edits.every((edit) => edit.kind === 'same')) return [];
  const near = new Set<number>();
  edits.forEach((edit, index) => {
    if (edit.kind === 'same') return;
    for (let i = index - CONTEXT; i <= index + CONTEXT; i++) near.add(i);
  });
  const lines: string[] = [];
  edits.forEach((edit, index) => {
    if (near.has(index)) lines.push(`${SIGNS[edit.kind]} ${edit.text}`);
    else if (near.has(index - 1)) lines.push('  …');
  });
  if (lines.at(-1) === '  …') lines.pop();
  return lines;
}
