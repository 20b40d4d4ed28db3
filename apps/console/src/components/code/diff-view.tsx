// A difference by lines; long stretches without change are folded to three lines of context.

import { type DiffLine, diffLines } from '@malha/model/line-diff';
import { useMemo } from 'react';
import { highlightYaml } from './highlight-yaml.tsx';

const CONTEXT = 3;

interface Fold {
  readonly kind: 'fold';
  readonly count: number;
  readonly key: string;
}

export function foldContext(lines: readonly DiffLine[]): readonly (DiffLine | Fold)[] {
  const isNear = lines.map((_, index) =>
    lines.slice(Math.max(0, index - CONTEXT), index + CONTEXT + 1).some((line) => line.kind !== 'same'),
  );
  const result: (DiffLine | Fold)[] = [];
  let hidden = 0;
  lines.forEach((line, index) => {
    if (isNear[index]) {
      if (hidden > 0) result.push({ kind: 'fold', count: hidden, key: `fold-${index}` });
      hidden = 0;
      result.push(line);
    } else hidden += 1;
  });
  if (hidden > 0) result.push({ kind: 'fold', count: hidden, key: 'fold-end' });
  return result;
}

const signs = { same: '', add: '+', remove: '−' };
const tints = { same: '', add: 'bg-ok-tint', remove: 'bg-err-tint' };
const signColours = { same: '', add: 'text-ok-text', remove: 'text-err-text' };

export interface DiffViewProps {
  readonly before: string;
  readonly after: string;
  readonly label: string;
}

export function DiffView({ before, after, label }: DiffViewProps) {
  const rows = useMemo(() => foldContext(diffLines(before, after)), [before, after]);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
    <section aria-label={label} tabIndex={0} className="overflow-auto bg-code py-2 font-mono text-12 leading-[18px]">
      {rows.map((row) =>
        row.kind === 'fold' ? (
          <div key={row.key} className="px-4 py-0.5 font-sans text-11 text-t3">
            {row.count} {row.count === 1 ? 'line' : 'lines'} without change
          </div>
        ) : (
          <div
            key={`${row.kind}-${row.before}-${row.after}`}
            className={`grid grid-cols-[36px_14px_minmax(0,1fr)] ${tints[row.kind]}`}
          >
            <span aria-hidden="true" className="select-none pr-2 text-right text-t3">
              {row.after ?? row.before}
            </span>
            <span className={`select-none ${signColours[row.kind]}`}>
              <span className="sr-only">{row.kind === 'add' ? 'added' : row.kind === 'remove' ? 'removed' : ''}</span>
              <span aria-hidden="true">{signs[row.kind]}</span>
            </span>
            <code className="whitespace-pre-wrap break-all">{highlightYaml(row.text)}</code>
          </div>
        ),
      )}
    </section>
  );
}
