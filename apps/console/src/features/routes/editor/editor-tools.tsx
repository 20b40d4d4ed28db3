// What the head of every editor of text ends with: how far the draft is, undo, and which panes are shown.
import { Pencil, Redo2, Undo2 } from 'lucide-react';
import { Badge } from '#components/ui/badge.tsx';
import { IconButton } from '#components/ui/button.tsx';
import { Segment } from '#components/ui/choice.tsx';
import type { TextDraft } from '../use-text-draft.ts';

export type Panes = 'both' | 'form' | 'yaml';

/** Of the address of the page. */
export function panesOf(text: string): Panes {
  return text === 'form' || text === 'yaml' ? text : 'both';
}

export interface EditorToolsProps {
  readonly draft: TextDraft;
  readonly panes: Panes;
  readonly onPanes: (panes: Panes) => void;
}

export function EditorTools({ draft, panes, onPanes }: EditorToolsProps) {
  const { base, isChanged, canUndo, canRedo, undo, redo } = draft;
  return (
    <>
      {isChanged ? (
        <Badge tone="accent">
          <Pencil aria-hidden="true" /> {base.revision === 0 ? 'new, not applied yet' : `draft on r${base.revision}`}
        </Badge>
      ) : (
        <Badge mono>r{base.revision}</Badge>
      )}
      <span className="flex-1" />
      <IconButton label="Undo" kind="ghost" disabled={!canUndo} onClick={undo}>
        <Undo2 aria-hidden="true" strokeWidth={1.75} />
      </IconButton>
      <IconButton label="Redo" kind="ghost" disabled={!canRedo} onClick={redo}>
        <Redo2 aria-hidden="true" strokeWidth={1.75} />
      </IconButton>
      <Segment
        label="Panes"
        value={panes}
        onChange={onPanes}
        options={[
          { value: 'both', label: 'Form and YAML' },
          { value: 'form', label: 'Form' },
          { value: 'yaml', label: 'YAML' },
        ]}
      />
    </>
  );
}
