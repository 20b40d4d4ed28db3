'use client';
// The faults that are injected now, their countdown, and the way to stop them all.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { inferRouterOutputs } from '@trpc/server';
import { useEffect, useState } from 'react';
import { notify } from '#components/ui/toast.tsx';
import { plural } from '#format/number.ts';
import { useTRPC } from '#trpc/client.ts';
import { inPlainWords } from '#trpc/errors.ts';
import type { AppRouter } from '#trpc/router.ts';

export type Fault = inferRouterOutputs<AppRouter>['faults']['list']['faults'][number];

const REFRESH_MS = 3_000;
const TICK_MS = 1_000;

/** By the control plane's clock: also one that ended since it was read. */
export function runningOf(faults: readonly Fault[] | undefined, nowMs: number): readonly Fault[] {
  return (faults ?? []).filter((fault) => fault.isRunning && fault.endsAtMs > nowMs);
}

/** The control plane's clock, carried on by this browser's. */
function useClock(serverNowMs: number | undefined, readAtMs: number): number {
  const [nowMs, setNowMs] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), TICK_MS);
    return () => clearInterval(timer);
  }, []);
  return serverNowMs === undefined ? nowMs : serverNowMs + Math.max(0, nowMs - readAtMs);
}

export function useFaults() {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const query = useQuery(trpc.faults.list.queryOptions(undefined, { refetchInterval: REFRESH_MS }));
  const nowMs = useClock(query.data?.nowMs, query.dataUpdatedAt);
  const stop = useMutation(
    trpc.faults.stopAll.mutationOptions({
      onSuccess: ({ revision, stopped }) => {
        void queryClient.invalidateQueries({ queryKey: trpc.faults.list.queryKey() });
        notify({
          tone: 'ok',
          id: 'faults-stopped',
          title: revision === null ? 'No fault was running' : `${plural(stopped.length, 'fault')} stopped`,
          detail: revision === null ? undefined : `As r${revision}; proxies drop them as it arrives.`,
        });
      },
      onError: (error) => notify({ tone: 'err', title: 'Not stopped', detail: inPlainWords(error) }),
    }),
  );
  return {
    faults: query.data?.faults,
    error: query.error,
    nowMs,
    stopAll: () => stop.mutate({}),
    isStopping: stop.isPending,
  };
}
