// Above a form whose text cannot be read at the moment.
import { Note } from '#components/ui/states.tsx';

export interface BrokenNoteProps {
  readonly reading: { readonly ok: true } | { readonly ok: false; readonly problem: { readonly line: number } };
}

export function BrokenNote({ reading }: BrokenNoteProps) {
  if (reading.ok) return null;
  return (
    <Note tone="err">
      The YAML cannot be read (line {reading.problem.line}), so the form shows the last version that could.
    </Note>
  );
}
