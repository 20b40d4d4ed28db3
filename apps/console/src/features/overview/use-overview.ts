'use client';
// The figures of the overview, live where the time window is.
import { keepPreviousData, skipToken, useQuery, useQueryClient } from '@tanstack/react-query';
import { useSubscription } from '@trpc/tanstack-react-query';
import { useScope } from '#features/scope/index.ts';
import { useTRPC } from '#trpc/client.ts';

export function useOverview() {
  const trpc = useTRPC();
  const scope = useScope();
  const queryClient = useQueryClient();
  const input = { range: scope.range, ...scope.filter };
  const query = trpc.overview.get.queryOptions(input, { placeholderData: keepPreviousData });
  useSubscription(
    trpc.overview.on.subscriptionOptions(scope.isLive ? input : skipToken, {
      onData: (data) => queryClient.setQueryData(query.queryKey, data),
    }),
  );
  return useQuery(query);
}
