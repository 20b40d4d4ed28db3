'use client';
import { mergeLines } from '@malha/model/line-diff';
// Somebody applied another version meanwhile: both are shown, and nothing of either is lost.
import { DiffView } from '#components/code/diff-view.tsx';
import { Button } from '#components/ui/button.tsx';
import { Dialog } from '#components/ui/dialog.tsx';
import { Note } from '#components/ui/states.tsx';
import type { Conflict } from '#trpc/contract.ts';
import { identitiesOf, replaceDocument } from '../model/documents.ts';
import type { TextDraft } from '../use-text-draft.ts';

export interface ConflictDialogProps {
  readonly conflict: Conflict;
  readonly draft: TextDraft;
  readonly onClose: () => void;
}

export function ConflictDialog({ conflict, draft, onClose }: ConflictDialogProps) {
  const { key, currentAuthor, currentRevision, currentYaml } = conflict;
  const base = draft.base.yaml;
  // One object of the text: the others stand as they did.
  const theirs = replaceDocument(base, key, currentYaml);
  const isGone = currentYaml === null;
  const merged = isGone ? null : mergeLines(base, draft.text, theirs);
  const { [key]: _, ...revisions } = draft.base.revisions;
  // What is edited stands first in the text; after it, policies that are attached to it.
  const isMain = key === identitiesOf(draft.text)[0]?.key;
  const [kind = '', , name = ''] = key.split('/');
  const what = isMain ? (/Route$/.test(kind) ? 'route' : kind) : `policy ${name}`;
  const stored = {
    yaml: theirs,
    revision: isMain ? (isGone ? 0 : currentRevision) : draft.base.revision,
    revisions: isGone ? revisions : { ...revisions, [key]: currentRevision },
  };
  const choose = (text: string) => {
    draft.rebase(stored, text);
    onClose();
  };
  return (
    <Dialog
      open
      onClose={onClose}
      width={760}
      title={`${currentAuthor} ${isGone ? 'removed' : 'changed'} ${isMain ? 'this' : 'the'} ${what} while you were editing`}
      description={`That is r${currentRevision}; your draft began on r${draft.base.revisions[key] ?? draft.base.revision}. Nothing was applied, and your draft is still here: each choice below can be undone.`}
      actions={
        <>
          <Button onClick={onClose}>Keep editing</Button>
          {!isGone && <Button onClick={() => choose(theirs)}>Take theirs</Button>}
          <Button kind={merged === null ? 'primary' : 'default'} onClick={() => choose(draft.text)}>
            Keep mine instead
          </Button>
          {merged !== null && (
            <Button kind="primary" onClick={() => choose(merged)}>
              Put mine on top of theirs
            </Button>
          )}
        </>
      }
    >
      <div className="px-5 pt-3">
        <Note tone={merged === null ? 'warn' : 'ok'}>
          {isGone
            ? `Keeping yours makes the ${what} anew.`
            : merged === null
              ? 'Both of you changed the same lines, so one of the two has to give way there.'
              : 'The two changes touch different lines: both can stand.'}
        </Note>
      </div>
      {!isGone && (
        <div className="grid grid-cols-2 gap-3 px-5 pt-3">
          {[
            { title: `Theirs, r${currentRevision}`, text: theirs },
            { title: 'Yours', text: draft.text },
          ].map((side) => (
            <section key={side.title} className="min-w-0 overflow-hidden rounded-2 border border-line">
              <h3 className="border-line border-b bg-raised px-3 py-1.5 text-12 font-medium">{side.title}</h3>
              <div className="max-h-72 overflow-auto">
                <DiffView label={side.title} before={base} after={side.text} />
              </div>
            </section>
          ))}
        </div>
      )}
    </Dialog>
  );
}
