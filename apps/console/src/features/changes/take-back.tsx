'use client';
// Takes a revision back as a new one; objects touched since are shown instead of being overwritten.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Undo2 } from 'lucide-react';
import { useRouter } from 'next/navigation';
import { useState } from 'react';
import { Button } from '#components/ui/button.tsx';
import { Dialog } from '#components/ui/dialog.tsx';
import { Note } from '#components/ui/states.tsx';
import { StatusShape } from '#components/ui/status-shape.tsx';
import { notify } from '#components/ui/toast.tsx';
import { useMeshStatus, useStale } from '#features/mesh-status/index.ts';
import { useScope } from '#features/scope/index.ts';
import { useSession } from '#features/session/index.ts';
import { useTRPC } from '#trpc/client.ts';
import type { ChangeDetail, Conflict } from '#trpc/contract.ts';
import { conflictsOf, inPlainWords } from '#trpc/errors.ts';
import { objectOf, takingBack } from './change-words.ts';

function Conflicts({ conflicts }: { readonly conflicts: readonly Conflict[] }) {
  return (
    <Note tone="warn">
      <b className="font-semi text-t0">Nothing was taken back.</b> What it changed was changed again since:
      <ul className="mt-1 grid gap-0.5">
        {conflicts.map((conflict) => {
          const { kind, name } = objectOf(conflict.key);
          return (
            <li key={conflict.key}>
              {kind} <span className="mono text-t0">{name}</span>, by {conflict.currentAuthor} in{' '}
              <span className="mono">r{conflict.currentRevision}</span>
            </li>
          );
        })}
      </ul>
      Take those back first, or edit the object itself.
    </Note>
  );
}

export function TakeBack({ change }: { readonly change: ChangeDetail }) {
  const trpc = useTRPC();
  const scope = useScope();
  const router = useRouter();
  const queryClient = useQueryClient();
  const { may } = useSession();
  const status = useMeshStatus();
  const { isStale } = useStale();
  const [isOpen, setOpen] = useState(false);
  const [conflicts, setConflicts] = useState<readonly Conflict[]>([]);
  const revert = useMutation(
    trpc.changes.revert.mutationOptions({
      onSuccess: ({ revision }) => {
        setOpen(false);
        void queryClient.invalidateQueries({ queryKey: trpc.changes.list.queryKey() });
        void queryClient.invalidateQueries({ queryKey: trpc.resources.get.queryKey() });
        notify({ tone: 'ok', title: `r${change.revision} is taken back`, detail: `That is r${revision}.` });
        router.push(scope.href(`/changes/${revision}`));
      },
      onError: (error) => {
        const found = conflictsOf(error);
        setConflicts(found);
        if (found.length === 0) notify({ tone: 'err', title: 'Not taken back', detail: inPlainWords(error) });
      },
    }),
  );
  const isHeld = !may('editor') || isStale || status?.canWrite === false;
  const next = status === undefined ? 'a new revision' : `r${status.revision + 1}`;
  return (
    <>
      <Button
        size="l"
        kind="primary"
        disabled={isHeld}
        title={isHeld ? 'Needs the role editor, and a control plane that can write' : undefined}
        onClick={() => {
          setConflicts([]);
          setOpen(true);
        }}
      >
        <Undo2 aria-hidden="true" strokeWidth={1.75} />
        Take back
      </Button>
      <Dialog
        open={isOpen}
        onClose={() => setOpen(false)}
        title={`Take back r${change.revision}?`}
        description={`Makes ${next} with what was there before. Later revisions of other objects stay.`}
        actions={
          <>
            <Button onClick={() => setOpen(false)}>Keep it</Button>
            <Button
              kind="primary"
              busy={revert.isPending ? 'Taking back' : undefined}
              onClick={() =>
                revert.mutate({
                  revision: change.revision,
                  message: `Takes back r${change.revision}: ${change.message}`.slice(0, 200),
                })
              }
            >
              Take back r{change.revision}
            </Button>
          </>
        }
      >
        <div className="grid gap-2 px-5 pt-3 text-12">
          {takingBack(change).map((line) => (
            <span key={line} className="flex gap-2">
              <StatusShape tone="ok" label="" className="mt-0.5" />
              {line}
            </span>
          ))}
          {conflicts.length > 0 && <Conflicts conflicts={conflicts} />}
        </div>
      </Dialog>
    </>
  );
}
