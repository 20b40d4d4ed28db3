'use client';
// Who talks to whom, live where the time window is.
import { keepPreviousData, skipToken, useQuery, useQueryClient } from '@tanstack/react-query';
import { useSubscription } from '@trpc/tanstack-react-query';
import { useScope } from '#features/scope/index.ts';
import { useTRPC } from '#trpc/client.ts';
import type { TopologyView } from '#trpc/contract.ts';

export function useTopology(view: TopologyView) {
  const trpc = useTRPC();
  const scope = useScope();
  const queryClient = useQueryClient();
  const input = { range: scope.range, view, ...scope.filter };
  const query = trpc.topology.get.queryOptions(input, { placeholderData: keepPreviousData });
  useSubscription(
    trpc.topology.on.subscriptionOptions(scope.isLive ? input : skipToken, {
      onData: (data) => queryClient.setQueryData(query.queryKey, data),
    }),
  );
  return useQuery(query);
}
