'use client';
// Who talks to whom, live where the time window is.
import { keepPreviousData, skipToken, useQuery, useQueryClient } from '@tanstack/react-query';
import { useSubscription } from '@trpc/tanstack-react-query';
import { useScope } from '#features/scope/index.ts';
import { useTRPC } from '#trpc/client.ts';
import type { TopologyView } from '#trpc/contract.ts';

/** `slice` is a moment of the past that is replayed. */
export function useTopology(view: TopologyView, slice?: { readonly fromMs: number; readonly toMs: number }) {
  const trpc = useTRPC();
  const scope = useScope();
  const queryClient = useQueryClient();
  const input = { range: slice ?? scope.range, view, ...scope.filter };
  const query = trpc.topology.get.queryOptions(input, { placeholderData: keepPreviousData });
  useSubscription(
    trpc.topology.on.subscriptionOptions(scope.isLive && slice === undefined ? input : skipToken, {
      onData: (data) => queryClient.setQueryData(query.queryKey, data),
    }),
  );
  return useQuery(query);
}
