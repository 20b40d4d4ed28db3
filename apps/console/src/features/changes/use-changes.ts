'use client';
// Revisions, newest first, renewed when a new one is made.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useSubscription } from '@trpc/tanstack-react-query';
import { useMemo } from 'react';
import type { TimeMark } from '#components/charts/signal-chart.tsx';
import { useTRPC } from '#trpc/client.ts';

const MARKS_MAX = 100;

export function useRecentChanges(limit: number) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  useSubscription(
    trpc.changes.onRevision.subscriptionOptions(undefined, {
      onData: () => void queryClient.invalidateQueries({ queryKey: trpc.changes.list.queryKey() }),
    }),
  );
  return useQuery(trpc.changes.list.queryOptions({ limit }));
}

/** The revisions as marks for time axes; the suspected ones stand out. */
export function useChangeMarks(suspected: readonly number[] = []): readonly TimeMark[] {
  const { data } = useRecentChanges(MARKS_MAX);
  const hot = suspected.join();
  return useMemo(() => {
    const hotRevisions = new Set(hot.split(','));
    return (data?.items ?? []).map((change) => ({
      atMs: change.createdAtMs,
      label: `r${change.revision}`,
      isHot: hotRevisions.has(String(change.revision)),
    }));
  }, [data, hot]);
}
