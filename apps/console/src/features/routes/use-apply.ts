'use client';
import type { ResourceKey } from '@malha/model';
// Applies a draft as one revision, follows it to every proxy, and hands a conflict to the page.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { notify } from '#components/ui/toast.tsx';
import { duration, inWords } from '#format/number.ts';
import { useTRPC } from '#trpc/client.ts';
import type { Conflict, Propagation } from '#trpc/contract.ts';
import { conflictsOf, findingsOf, inPlainWords } from '#trpc/errors.ts';
import { identitiesOf, revisionsAfter } from './model/documents.ts';
import { hasArrived, usePropagation } from './use-propagation.ts';
import type { TextDraft } from './use-text-draft.ts';

export interface Applied {
  readonly revision: number;
  /** When every proxy served it; what is measured counts from here. */
  readonly arrivedAtMs: number | undefined;
}

function useArrival(
  propagation: Propagation | undefined,
  applied: number | undefined,
  takeBack: () => void,
): number | undefined {
  const [arrivedAtMs, setArrivedAtMs] = useState<number>();
  const told = useRef(0);
  const latest = useRef(takeBack);
  latest.current = takeBack;
  useEffect(() => {
    setArrivedAtMs(undefined);
    void applied;
  }, [applied]);
  useEffect(() => {
    if (applied === undefined || propagation?.revision !== applied) return;
    if (!hasArrived(propagation) || told.current === applied) return;
    told.current = applied;
    setArrivedAtMs(Date.now());
    notify({
      tone: 'ok',
      id: `revision-${applied}`,
      title: `r${applied} is active on ${propagation.active} of ${propagation.total} proxies`,
      detail: propagation.p99Ms === null ? undefined : `p99 ${inWords(duration(propagation.p99Ms))}`,
      action: { label: 'Take back', run: () => latest.current() },
    });
  }, [propagation, applied]);
  return arrivedAtMs;
}

export function useApply(key: string, draft: TextDraft | undefined) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [conflict, setConflict] = useState<Conflict | null>(null);
  const [applied, setApplied] = useState<number>();

  const refresh = () => {
    void queryClient.invalidateQueries({ queryKey: trpc.resources.get.queryKey() });
    void queryClient.invalidateQueries({ queryKey: trpc.resources.list.queryKey() });
    void queryClient.invalidateQueries({ queryKey: trpc.changes.list.queryKey() });
  };
  const revert = useMutation(
    trpc.changes.revert.mutationOptions({
      onSuccess: ({ revision }) => {
        setApplied(revision);
        refresh();
      },
      onError: (error) => notify({ tone: 'err', title: 'Not taken back', detail: inPlainWords(error) }),
    }),
  );
  const apply = useMutation(
    trpc.resources.applyChanges.mutationOptions({
      onSuccess: ({ revision }, { yaml }) => {
        if (draft !== undefined) {
          const text = yaml ?? draft.text;
          const revisions = revisionsAfter(draft.base, text, revision);
          draft.rebase({ yaml: text, revision: revisions[key] ?? revision, revisions }, text);
        }
        setApplied(revision);
        refresh();
      },
      onError: (error) => {
        const [found] = conflictsOf(error);
        if (found !== undefined) return setConflict(found);
        const [finding] = findingsOf(error);
        notify({ tone: 'err', title: 'Nothing was applied', detail: finding?.message ?? inPlainWords(error) });
      },
    }),
  );
  const propagation = usePropagation(applied ?? draft?.base.revision);
  const arrivedAtMs = useArrival(propagation, applied, () => {
    if (applied !== undefined) revert.mutate({ revision: applied, message: `Takes back r${applied}` });
  });

  return {
    apply: (message: string) => {
      if (draft === undefined) return;
      // An object that is not named is one that is believed to be new.
      const baseRevisions: Record<string, number> = { ...draft.base.revisions };
      const kept = new Set(identitiesOf(draft.text).map((identity) => identity.key));
      const gone = identitiesOf(draft.base.yaml).filter((identity) => !kept.has(identity.key));
      // Only what is stored can be taken away, and the route itself is not taken away by editing it.
      const changes = gone
        .filter((identity) => identity.key in baseRevisions && identity.key !== key)
        .map((identity) => ({ op: 'delete' as const, key: identity.key as ResourceKey }));
      apply.mutate({ yaml: draft.text, message, baseRevisions, ...(changes.length > 0 && { changes }) });
    },
    isApplying: apply.isPending,
    applied,
    arrivedAtMs,
    propagation,
    conflict,
    closeConflict: () => setConflict(null),
  };
}
