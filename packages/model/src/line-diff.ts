// Differences between two texts of resources by lines (longest common subsequence), and a three-way merge on top of it.

export interface DiffLine {
  readonly kind: 'same' | 'add' | 'remove';
  readonly text: string;
  /** 1-based line in the old and in the new text; null where it has none. */
  readonly before: number | null;
  readonly after: number | null;
}

export function linesOf(text: string): readonly string[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

/** Index pairs of a longest common subsequence. Equal heads and tails are cut off first, so that edits stay cheap. */
function commonPairs(a: readonly string[], b: readonly string[]): readonly (readonly [number, number])[] {
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head += 1;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail])
    tail += 1;
  const rows = a.length - head - tail;
  const columns = b.length - head - tail;
  const width = columns + 1;
  const length = new Uint32Array((rows + 1) * width);
  const at = (i: number, j: number) => length[i * width + j] ?? 0;
  for (let i = rows - 1; i >= 0; i -= 1) {
    for (let j = columns - 1; j >= 0; j -= 1) {
      const isSame = a[head + i] === b[head + j];
      length[i * width + j] = isSame ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const pairs: [number, number][] = Array.from({ length: head }, (_, index) => [index, index]);
  let i = 0;
  let j = 0;
  while (i < rows && j < columns) {
    if (a[head + i] === b[head + j]) {
      pairs.push([head + i, head + j]);
      i += 1;
      j += 1;
    } else if (at(i + 1, j) >= at(i, j + 1)) i += 1;
    else j += 1;
  }
  for (let index = tail; index > 0; index -= 1) pairs.push([a.length - index, b.length - index]);
  return pairs;
}

export function diffLines(before: string, after: string): readonly DiffLine[] {
  const a = linesOf(before);
  const b = linesOf(after);
  const result: DiffLine[] = [];
  let i = 0;
  let j = 0;
  const upTo = (endA: number, endB: number) => {
    for (; i < endA; i += 1) result.push({ kind: 'remove', text: a[i] ?? '', before: i + 1, after: null });
    for (; j < endB; j += 1) result.push({ kind: 'add', text: b[j] ?? '', before: null, after: j + 1 });
  };
  for (const [x, y] of commonPairs(a, b)) {
    upTo(x, y);
    result.push({ kind: 'same', text: a[x] ?? '', before: x + 1, after: y + 1 });
    i = x + 1;
    j = y + 1;
  }
  upTo(a.length, b.length);
  return result;
}

export function countChanges(lines: readonly DiffLine[]): { readonly added: number; readonly removed: number } {
  return {
    added: lines.filter((line) => line.kind === 'add').length,
    removed: lines.filter((line) => line.kind === 'remove').length,
  };
}

interface Hunk {
  readonly start: number;
  readonly end: number;
  readonly lines: readonly string[];
}

/** What was done to `base`: each hunk replaces base lines start..end by others. */
function hunksOf(base: readonly string[], other: readonly string[]): readonly Hunk[] {
  const hunks: Hunk[] = [];
  let i = 0;
  let j = 0;
  for (const [x, y] of [...commonPairs(base, other), [base.length, other.length] as const]) {
    if (x > i || y > j) hunks.push({ start: i, end: x, lines: other.slice(j, y) });
    i = x + 1;
    j = y + 1;
  }
  return hunks;
}

const isSame = (a: Hunk, b: Hunk) =>
  a.start === b.start && a.end === b.end && a.lines.join('\n') === b.lines.join('\n');
/** Touching hunks count as overlapping: YAML lines side by side often belong together. */
const overlaps = (a: Hunk, b: Hunk) => a.start <= b.end && b.start <= a.end;

/** Both sets of edits on one base; null where they touch the same lines in different ways. */
export function mergeLines(base: string, mine: string, theirs: string): string | null {
  const lines = linesOf(base);
  const ours = hunksOf(lines, linesOf(mine));
  const others = hunksOf(lines, linesOf(theirs)).filter((hunk) => !ours.some((own) => isSame(own, hunk)));
  if (others.some((hunk) => ours.some((own) => overlaps(own, hunk)))) return null;
  const result: string[] = [];
  let at = 0;
  for (const hunk of [...ours, ...others].sort((a, b) => a.start - b.start)) {
    result.push(...lines.slice(at, hunk.start), ...hunk.lines);
    at = hunk.end;
  }
  result.push(...lines.slice(at));
  return `${result.join('\n')}\n`;
}
