'use client';
// Takes a policy away as one revision, which the toast takes back.
import type { ResourceKey } from '@malha/model';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { notify } from '#components/ui/toast.tsx';
import { useTRPC } from '#trpc/client.ts';
import { inPlainWords } from '#trpc/errors.ts';

export function useDeletePolicy(key: string, revision: number, onDeleted: () => void) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const refresh = () => {
    for (const queryKey of [
      trpc.resources.get.queryKey(),
      trpc.resources.list.queryKey(),
      trpc.changes.list.queryKey(),
    ])
      void queryClient.invalidateQueries({ queryKey });
  };
  const revert = useMutation(
    trpc.changes.revert.mutationOptions({
      onSuccess: refresh,
      onError: (error) => notify({ tone: 'err', title: 'Not taken back', detail: inPlainWords(error) }),
    }),
  );
  const remove = useMutation(
    trpc.resources.applyChanges.mutationOptions({
      onSuccess: (applied) => {
        refresh();
        notify({
          tone: 'ok',
          id: `deleted-${key}`,
          title: `${key.split('/')[2]} is deleted`,
          detail: `As r${applied.revision}; proxies drop it as it arrives.`,
          action: {
            label: 'Take back',
            run: () => revert.mutate({ revision: applied.revision, message: `Takes back r${applied.revision}` }),
          },
        });
        onDeleted();
      },
      onError: (error) => notify({ tone: 'err', title: 'Not deleted', detail: inPlainWords(error) }),
    }),
  );
  const [kind, , name] = key.split('/');
  return {
    run: () =>
      remove.mutate({
        changes: [{ op: 'delete', key: key as ResourceKey }],
        message: `Delete ${kind} ${name}`,
        baseRevisions: { [key]: revision },
      }),
    isPending: remove.isPending,
  };
}
