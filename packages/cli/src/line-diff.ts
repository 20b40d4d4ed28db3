// The difference of two texts by lines, as `diff -u` shows it, with a few lines around each change.
const CONTEXT = 3;

type Edit = { readonly op: ' ' | '-' | '+'; readonly line: string };

/** Empty when they are equal. */
export function lineDiff(before: string, after: string): readonly string[] {
  const edits = editsOf(splitLines(before), splitLines(after));
  if (edits.every((edit) => edit.op === ' ')) return [];
  const near = new Set<number>();
  edits.forEach((edit, index) => {
    if (edit.op === ' ') return;
    for (let i = index - CONTEXT; i <= index + CONTEXT; i++) near.add(i);
  });
  const lines: string[] = [];
  edits.forEach((edit, index) => {
    if (near.has(index)) lines.push(`${edit.op} ${edit.line}`);
    else if (near.has(index - 1)) lines.push('  …');
  });
  if (lines.at(-1) === '  …') lines.pop();
  return lines;
}

function splitLines(text: string): readonly string[] {
  return text === '' ? [] : text.replace(/\n$/, '').split('\n');
}

/** By the longest common subsequence; the texts are single resources, so the table stays small. */
function editsOf(before: readonly string[], after: readonly string[]): readonly Edit[] {
  const width = after.length + 1;
  const lengths = new Uint32Array((before.length + 1) * width);
  const at = (i: number, j: number) => lengths[i * width + j] ?? 0;
  for (let i = before.length - 1; i >= 0; i--) {
    for (let j = after.length - 1; j >= 0; j--) {
      lengths[i * width + j] = before[i] === after[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const edits: Edit[] = [];
  let i = 0;
  let j = 0;
  while (i < before.length || j < after.length) {
    const [old, fresh] = [before[i], after[j]];
    if (old !== undefined && old === fresh) {
      edits.push({ op: ' ', line: old });
      i++;
      j++;
    } else if (old !== undefined && (fresh === undefined || at(i + 1, j) >= at(i, j + 1))) {
      edits.push({ op: '-', line: old });
      i++;
    } else if (fresh !== undefined) {
      edits.push({ op: '+', line: fresh });
      j++;
    }
  }
  return edits;
}
